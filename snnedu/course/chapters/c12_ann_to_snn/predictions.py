"""The predictions of 12 · From a trained network to spikes."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "12.p1": Prediction(
        question="The network with leaky neurons looks at each digit for 64 steps in place of 4. Its accuracy …",
        options=(
            Option("rises", "Accuracy would rise if spikes were a noisy copy of the ANN."),
            Option(
                "stays about the same",
                "More time changes the sums, not only their noise: accuracy falls.",
            ),
            Option(
                "falls", "These neurons do not compute a ReLU, and more steps show it.", right=True
            ),
        ),
    ),
    "12.p2": Prediction(
        question=(
            "A neuron without a leak starts at 0 and gets the current 0.7 θ for 100 steps. With "
            "the reset “subtract” it fires about 70 times. How often with the reset “zero”?"
        ),
        unit="times",
        between=(0, 100),
        close=3,
        low="0.7 θ does not reach θ, but twice 0.7 θ does.",
        high="At each spike it forgets the 0.4 θ above the threshold.",
        reply="A neuron that forgets needs two steps for each spike, for every current from above θ/2 up to θ.",
    ),
    "12.p6": Prediction(
        question="T = 8. Over all currents: how many different activations can the neuron send?",
        options=(
            Option("8", "Silence is an activation, too."),
            Option("9", "From 0 to 8 spikes.", right=True),
            Option(
                "as many as there are currents",
                "A spike is all or nothing: between 3 and 4 spikes there is no activation.",
            ),
        ),
    ),
    "12.p3": Prediction(
        question=(
            "T = 2. All thresholds fall from the largest activation to the 99th percentile: 1 % of "
            "the activations are clipped now. The right answers …"
        ),
        options=(
            Option("Fall", "The 1 % are clipped, but the other 99 % get finer stairs."),
            Option("Stay as they are", "At two steps a stair is half of θ: its height matters."),
            Option("Rise", "Finer stairs for 99 % are worth more than 1 % clipped.", right=True),
        ),
    ),
    "12.p7": Prediction(
        question=(
            "4 spikes of weight +1 come first, 3 of weight -1 later. Together they are worth one "
            "spike. What does the neuron do?"
        ),
        options=(
            Option(
                "fire once, as the sum says", "The neuron does not know yet that the -1 will come."
            ),
            Option(
                "fire four times, and take three spikes back",
                "A spike that was sent cannot be taken back.",
            ),
            Option("fire four times", "When the -1 come, the spikes have been sent.", right=True),
        ),
    ),
    "12.p4": Prediction(
        question=(
            "T = 8, all layers at once. Of the neurons in the third hidden layer that are not "
            "silent, how many percent have a different count from the ANN?"
        ),
        unit="%",
        between=(0, 100),
        close=3,
        low="Each layer adds its own wrong timing to that of the layer before.",
        high="Most sums come close to what they should be, and rounding hides the rest.",
        reply="The first layer has none, its input is constant.",
    ),
    "12.p5": Prediction(
        question="At T = 2, which way to a spiking network has the most right answers?",
        options=(
            Option(
                "convert",
                "Two steps leave three activations, and the weights were trained without them.",
            ),
            Option(
                "QCFS",
                "Weights that were trained with three activations do not know when spikes come.",
            ),
            Option("convert, then train", "The start was good, but 6 epochs for spikes are few."),
            Option("train", "These weights were trained for two steps from the start."),
        ),
    ),
}

"""The predictions of 15 · STDP meets backprop."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "15.p1": Prediction(
        question=(
            "The weight is so small that the neuron never fires. A learning signal asks for more "
            "spikes. Which rule changes the weight?"
        ),
        options=(
            Option("STDP alone", "STDP needs a spike on both sides, and the output is silent."),
            Option(
                "The gradient alone",
                "Its second factor is the slope h. It is above 0 without a spike.",
                right=True,
            ),
            Option("Both of them", "STDP's second factor is the output spike. There is none."),
            Option("None of them", "True for STDP. The slope h of the gradient is above 0."),
        ),
    ),
    "15.p2": Prediction(
        question=(
            "Input A triggers 40 % of the output spikes, B 35 %, C 25 %. 400 neurons learn with rate "
            "0.3, until one input is left. In how many of 100 neurons is it A?"
        ),
        unit="of 100 neurons",
        between=(0, 100),
        close=8,
        low="A still has the best chances of all three.",
        high="With this rate a few lucky spikes of B or C decide.",
    ),
    "15.p3": Prediction(
        question=(
            "With 100 labels, STDP's features lead the shuffled ones by about 10 points. What is "
            "their lead with 1,000 labels?"
        ),
        unit="points",
        between=(-100, 100),
        close=2,
        low="They are not worse than weights in random places.",
        high="With many labels, the readout finds what it needs in random features, too.",
    ),
    "15.p4": Prediction(
        question=(
            "A network starts from STDP's weights, another one from torch's usual random ones. How "
            "many points is the first one ahead after one epoch of backprop?"
        ),
        unit="points",
        between=(-100, 100),
        close=2,
        low="STDP's start does no harm here.",
        high="Backprop needs few steps to find such features itself.",
    ),
    "15.p5": Prediction(
        question="The picture slips sideways on the sensor. What keeps most answers right?",
        options=(
            Option("To change nothing", "The frozen features do not find the digits any more."),
            Option(
                "To renormalize each pixel",
                "Renormalizing knows how bright a pixel was, but not where a stroke has gone.",
            ),
            Option(
                "To let STDP go on learning",
                "The features follow the strokes, and the readout still knows each neuron.",
                right=True,
            ),
        ),
    ),
    "15.p6": Prediction(
        question=(
            "STDP is applied twice: once to a free run, and once with the error fed back as a "
            "current. What is the largest cosine between the difference and the gradient?"
        ),
        between=(-1, 1),
        close=0.1,
        low="Feedback makes just those neurons fire more that would lower the loss.",
        high="Spikes are all or nothing, so a part of the error is lost.",
    ),
}

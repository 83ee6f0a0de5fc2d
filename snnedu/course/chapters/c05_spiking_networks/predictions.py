"""The predictions of 05 · Spiking networks."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "05.p1": Prediction(
        question=(
            "Each input spikes in 10 % of the steps, and each weight is 0.05. A neuron gets 10 such "
            "inputs, then 100, then 1,000. In what share of the steps does it spike with 1,000?"
        ),
        unit="% of the steps",
        between=(0, 100),
        close=10,
        low="On average 100 of the 1,000 inputs spike in a step: a current of 5, five times θ.",
        reply="With 1,000 inputs it fires at every step: its spikes tell nothing about the inputs.",
    ),
    "05.p2": Prediction(
        question="A mean current of 0.05 does not lift U to θ. What will a growing fluctuation do?",
        options=(
            Option(
                "nothing, since the mean stays the same",
                "Raise σ and look at the membrane: U is above θ now and then.",
            ),
            Option(
                "spikes at equal intervals, like a clock",
                "A clock needs a mean that reaches θ by itself.",
            ),
            Option(
                "spikes at irregular intervals",
                "U crosses θ whenever the current happens to be large.",
                right=True,
            ),
        ),
    ),
    "05.p3": Prediction(
        question=(
            "The weights are drawn around zero, with both signs. What makes the neurons of this "
            "layer fire?"
        ),
        options=(
            Option(
                "the mean of each current over time",
                "The mean is zero over all neurons, but not for each of them: that is one half.",
            ),
            Option(
                "the fluctuation of each current",
                "The fluctuation alone makes about half of the spikes. Each neuron has a mean, too.",
            ),
            Option(
                "both, about half of it each",
                "Either alone makes about half of the spikes.",
                right=True,
            ),
        ),
    ),
    "05.p4": Prediction(
        question="Inhibition at 0: what happens when the weights grow?",
        options=(
            Option(
                "spikes grow slowly with the weights",
                "Spikes grow slowly only at first. Then each one causes many.",
            ),
            Option(
                "at some weight, nearly all neurons fire",
                "Each spike causes more than one new spike.",
                right=True,
            ),
            Option(
                "nothing, the input decides alone",
                "The input starts it, but spikes cause spikes here.",
            ),
        ),
    ),
    "05.p5": Prediction(
        question=(
            "400 neurons get a constant current, and nothing else from outside. Alone, each would "
            "tick like a clock. Wired to each other, with strong inhibition, they …"
        ),
        options=(
            Option(
                "tick like clocks, all at once",
                "The clocks do not agree: each neuron gets spikes from others.",
            ),
            Option(
                "tick like clocks, one by one",
                "The spikes of the others arrive at odd times, and disturb each clock.",
            ),
            Option(
                "fire at irregular intervals",
                "After the start nothing is random, and yet the spikes look as if they were.",
                right=True,
            ),
        ),
    ),
    "05.p6": Prediction(
        question=(
            "A digit enters six layers of 64 neurons, with PyTorch's weights. Which layer, from 1 "
            "to 6, is the first that spikes in fewer than 1 % of the steps?"
        ),
        between=(1, 6),
        low="The first layers are quiet, but each still fires more often than that.",
        high="It happens earlier: layers 2 and 3 each keep less than a third of the spikes.",
    ),
    "05.p7": Prediction(
        question=(
            "We try several fixed widths c, and weights scaled with data. Which of the two trains "
            "to the better accuracy: the best fixed width, or the data?"
        ),
        options=(
            Option(
                "the best of the fixed widths",
                "The best width ends a little ahead at most, and we had to search for it.",
            ),
            Option(
                "the weights scaled with data",
                "These weights come close to the best width, and nobody had to search for them.",
            ),
            Option(
                "neither: they end close together",
                "Eight seeds do not settle which of them is a little better.",
                right=True,
            ),
        ),
    ),
}

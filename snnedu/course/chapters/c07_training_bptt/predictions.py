"""The predictions of 07 · Training through time."""

from math import inf

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "07.p1": Prediction(
        question="The result is the membrane at the last step. Whose credit is largest?",
        options=(
            Option(
                "The first input's",
                "The first input leaks at every later step: little of it is left.",
            ),
            Option("The last input's", "Nothing of it has leaked yet.", right=True),
            Option("All have the same", "Only without a leak: set β to 1."),
        ),
    ),
    "07.p2": Prediction(
        question="The neuron fires one spike too few. Which sign will dL/dw have?",
        options=(
            Option("Positive", "With a positive sign, a larger weight would make the loss larger."),
            Option("Zero", "The true derivative is zero, the surrogate is not."),
            Option("Negative", "A larger weight brings more spikes, and less loss.", right=True),
        ),
    ),
    "07.p3": Prediction(
        question="A network runs for 40 steps, not 20. How many times as much does PyTorch keep?",
        unit="times as much",
        between=(0, inf),
        close=0.15,
        low="Each step keeps its own membranes.",
        high="A step keeps what it needs for itself, not for all steps before it.",
        reply="Twice the steps, twice the memory. With `truncate=10` it does not grow.",
    ),
    "07.p4": Prediction(
        question="Trained on stretches of 15 steps, how often will the network answer rightly?",
        options=(
            Option("Nearly always", "The state is handed on, but the gradient is not."),
            Option("In three of four cases", "Most seeds stay near one half."),
            Option("Hardly more than half", "No gradient connects answer and cue.", right=True),
        ),
    ),
    "07.p5": Prediction(
        question="How often can the readout name the cue from the membranes at step 25?",
        options=(
            Option("Half of the time", "The cut stops gradients, not membranes."),
            Option(
                "In three of four cases",
                "A membrane keeps 0.95 of itself at each step: that is enough.",
            ),
            Option("Nearly always", "The state carries the cue across the cut.", right=True),
        ),
    ),
    "07.p6": Prediction(
        question=(
            "The weights stay as they are, and 25 steps take the place of 10. How many times as "
            "many spikes will the hidden layer of the `ce_rate_loss` network fire?"
        ),
        unit="times as many",
        between=(0, inf),
        close=0.25,
        low="A finer clock misses fewer spikes: a few more fit in.",
        high="A neuron may fire once a step, but its membrane climbs as slowly as before.",
        reply="The neurons work in units of time, not in steps.",
    ),
}

"""The predictions of 02 · The leaky neuron."""

from math import inf

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "02.p1": Prediction(
        question="You double the capacitance C and leave R and I as they are. U rises …",
        options=(
            Option(
                "twice as high, at the same pace",
                "The height is R I, where the whole current leaks. C is not in it.",
            ),
            Option(
                "to the same height, more slowly",
                "A larger bucket takes longer to fill to the same level.",
                right=True,
            ),
            Option(
                "half as high, at the same pace",
                "At first U is half as high. But it goes on rising, up to R I.",
            ),
        ),
    ),
    "02.p2": Prediction(
        question="τ is 20 ms. What does Euler's method do with steps of 30 ms?",
        options=(
            Option(
                "U lags behind the true curve", "The first slope is the steepest: U runs ahead."
            ),
            Option(
                "U jumps too high, then swings back",
                "The slope was true at the start of the step only.",
                right=True,
            ),
            Option(
                "U swings more and more",
                "Swings that grow would need steps of more than 2 τ, here 40 ms.",
            ),
        ),
    ),
    "02.p3": Prediction(
        question="β = 1 - Δt/τ or β = exp(-Δt/τ): by how many percent does the leak 1 - β differ "
        "at Δt/τ = 0.1?",
        unit="%",
        between=(0, inf),
        close=3,
        low="The two β differ by half a percent, but 1 - β is nine times smaller than β.",
        high="At 0.1 a straight line is still a good guess of the exponential.",
    ),
    "02.p4": Prediction(
        question="A neuron fires, and nothing happens to U. The current stays on. What comes next?",
        options=(
            Option(
                "no second spike", "U is still above θ, and that is all that the rule asks for."
            ),
            Option("spikes now and then", "Nothing takes U below θ, so there is no pause."),
            Option("a spike at every step", "U stays above θ, and the rule fires.", right=True),
        ),
    ),
    "02.p5": Prediction(
        question="You double the current from 2 to 4 nA. The firing rate becomes …",
        options=(
            Option(
                "less than twice as high",
                "Less than twice would be true at strong currents, if the neuron must pause after each spike.",
            ),
            Option(
                "exactly twice as high",
                "Your answer would need a curve that starts at 0 nA. This one starts at 1.5 nA.",
            ),
            Option(
                "more than twice as high",
                "The first 1.5 nA only make up for the leak.",
                right=True,
            ),
        ),
    ),
    "02.p6": Prediction(
        question="The formula knows no steps. Compared with it, a simulation in steps of 1 ms "
        "counts too few spikes, above all at …",
        options=(
            Option(
                "weak currents", "At weak currents the intervals are long, and one step is little."
            ),
            Option(
                "all currents alike",
                "Each interval gets up to one step longer. That is much of a short interval, and little of a long one.",
            ),
            Option(
                "strong currents",
                "There the intervals are short, and one step too many is much.",
                right=True,
            ),
        ),
    ),
    "02.p7": Prediction(
        question="A network was trained with neurons that pay θ. Now it runs without any reset. Its "
        "accuracy …",
        options=(
            Option(
                "falls to that of guessing",
                "Without a reset, the hidden neurons still tell the digits apart.",
            ),
            Option(
                "falls by a few points",
                "It fires more than it was trained to, and still reads most digits.",
                right=True,
            ),
            Option(
                "stays as it was, or rises", "Here the accuracy fell in each of the eight seeds."
            ),
        ),
    ),
}

"""The quiz of 15 · STDP meets backprop."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "15": (
        Question(
            "Which factors of the surrogate gradient can a synapse know by itself?",
            (
                Option("None: a gradient is global", "Trace and slope are there at the synapse."),
                Option(
                    "The trace and the neuron's slope",
                    "Both are local. The learning signal comes from elsewhere.",
                    right=True,
                ),
                Option("All three of the factors", "The learning signal depends on the loss."),
            ),
        ),
        Question(
            "A neuron stays just below its threshold. What does pair STDP do with its weights?",
            (
                Option("It raises them a little", "That is what a surrogate gradient can do."),
                Option("It lowers them a little", "For a fall, an output spike must come first."),
                Option("It leaves them as they are", "No pair of spikes, no change.", right=True),
            ),
        ),
        Question(
            "On the simplex, why does STDP come to rest, although it is noisy?",
            (
                Option(
                    "Its noise is multiplied by the share",
                    "A share near 0 hardly moves any more.",
                    right=True,
                ),
                Option(
                    "Its learning rate becomes smaller",
                    "The rate α stays the same all the time.",
                ),
                Option(
                    "Its noise is averaged over inputs",
                    "Each input has its own noise, at each spike.",
                ),
            ),
        ),
        Question(
            "Why are shuffled weights a better control than Gaussian random weights?",
            (
                Option(
                    "They make the network fire far less",
                    "All arms are scaled to the same rate.",
                ),
                Option(
                    "They share the values, not the places",
                    "So a difference must come from where the weights are.",
                    right=True,
                ),
                Option(
                    "They are easier to learn for a readout",
                    "A control should not be easier, but equal in all else.",
                ),
            ),
        ),
        Question(
            "Each pixel of a sensor loses another part of its sensitivity. What do you try first?",
            (
                Option(
                    "Let STDP go on in the hidden layer",
                    "At the rate used here it recovered almost nothing.",
                ),
                Option(
                    "Train the readout again with labels",
                    "A chip in the field has no labels. A simpler fix needs none.",
                ),
                Option(
                    "Give each pixel its old mean again",
                    "The simplest fix restored nearly all answers.",
                    right=True,
                ),
            ),
        ),
        Question(
            "Seeds 0 to 7 were used for both sides. What belongs in the effect size?",
            (
                Option(
                    "The spread of the paired differences",
                    "A seed's luck is shared by both sides, and drops out.",
                    right=True,
                ),
                Option(
                    "The mean of the spreads of both sides",
                    "That hides a lead that each single seed shows.",
                ),
                Option(
                    "The spread divided by the root of eight",
                    "That is the error of the mean. It shrinks with more seeds.",
                ),
            ),
        ),
    ),
}

"""The quiz of 06 · Surrogate gradients."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "06": (
        Question(
            "You use a network that was trained with a surrogate gradient. What do its layers send to each other?",
            (
                Option(
                    "Spikes, 0 or 1, as in training",
                    "The surrogate exists only in the backward pass.",
                    right=True,
                ),
                Option(
                    "Smooth values between 0 and 1",
                    "That would be a smoothed network. The forward pass is untouched.",
                ),
                Option(
                    "Spikes in training, then rates",
                    "The forward pass is the same in training and in use.",
                ),
            ),
        ),
        Question(
            "With the true derivative no weight moved. What would have helped?",
            (
                Option("A learning rate of 10", "Zero times a large number is zero."),
                Option("Ten times the neurons", "Each of them has the derivative zero, too."),
                Option(
                    "A slope of another kind", "The zero must be replaced by something.", right=True
                ),
            ),
        ),
        Question(
            "You make k of `sigmoid` very large, to come closer to the true derivative. What happens?",
            (
                Option(
                    "Few neurons get a gradient, a huge one",
                    "The hill is k/4 high and about 1/k wide: closer to the truth, and worse to train.",
                    right=True,
                ),
                Option(
                    "All neurons get a more exact gradient",
                    "The true derivative is zero almost everywhere: training cannot follow it.",
                ),
                Option(
                    "All neurons get about the same gradient",
                    "That is what a small k does: its hill is wide and flat.",
                ),
            ),
        ),
        Question(
            "Layer 4 of 6 is silent. The surrogate is `triangular` with a narrow hill. Which weights get a gradient?",
            (
                Option(
                    "Those of layers 1 to 4",
                    "They would with long tails. A narrow hill is 0 at neurons far below the threshold.",
                ),
                Option(
                    "Those of layers 5 and 6",
                    "No spike comes in there, and the gradient of a weight has that spike as a factor.",
                ),
                Option(
                    "None of them gets any",
                    "Layers 5 and 6 get no spikes, and nothing passes layer 4 in the backward pass.",
                    right=True,
                ),
            ),
        ),
        Question(
            "Zenke and Vogels let the gradient flow through the reset. When did that do harm?",
            (
                Option(
                    "With a hill of height 1",
                    "There they saw hardly a difference, and neither did we.",
                ),
                Option(
                    "With a much higher hill",
                    "A high hill makes the path through the reset outweigh the rest.",
                    right=True,
                ),
                Option(
                    "With hills of any height",
                    "Where the height was 1 it made hardly a difference.",
                ),
            ),
        ),
        Question(
            "A paper says “the height of the surrogate does not matter”. What do you ask first?",
            (
                Option(
                    "How many layers the network has",
                    "That matters, too: but with Adam a common factor cancels in every layer.",
                ),
                Option(
                    "Which optimizer was used",
                    "Adam divides by the usual size of a gradient. Gradient descent does not: at the same learning rate it feels the height.",
                    right=True,
                ),
                Option(
                    "How many test digits there were",
                    "That tells how sure the result is, not what it depends on.",
                ),
            ),
        ),
    ),
}

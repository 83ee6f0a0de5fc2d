"""The quiz of 06 · Surrogate gradients."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "06": (
        Question(
            "A network is trained with a surrogate gradient. What does it send from layer to layer when you use it?",
            (
                Option(
                    "Spikes, 0 or 1", "The surrogate exists only in the backward pass.", right=True
                ),
                Option(
                    "Smooth values between 0 and 1",
                    "That would be a smoothed network. The forward pass is untouched.",
                ),
                Option(
                    "Spikes in training, numbers afterwards",
                    "The forward pass is the same in both.",
                ),
            ),
        ),
        Question(
            "With the true derivative, training did not move. What would have helped?",
            (
                Option(
                    "Another derivative in the backward pass",
                    "Zero must be replaced by something.",
                    right=True,
                ),
                Option("A larger learning rate", "Zero times a large number is zero."),
                Option("More neurons", "Each of them has the derivative zero, too."),
            ),
        ),
        Question(
            "You make the slope k of `sigmoid` very large, to be closer to the truth. What do you expect?",
            (
                Option(
                    "Few neurons get a gradient, and those a huge one",
                    "Its height is k/4 and its width about 1/k: closer to the truth, and worse to train.",
                    right=True,
                ),
                Option(
                    "Training gets more exact",
                    "The true derivative is zero almost everywhere: training cannot follow it.",
                ),
                Option(
                    "Nothing, the shape is the same",
                    "In the measured grid the slope mattered far more than the shape.",
                ),
            ),
        ),
    ),
}

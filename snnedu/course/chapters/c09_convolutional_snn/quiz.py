"""The quiz of 09 · Convolutional SNNs."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "09": (
        Question(
            "Why can a chip for spikes not run an average pooling as it stands?",
            (
                Option("Its output takes too long", "It is one sum and one division."),
                Option(
                    "Its output is a fraction", "A plain wire carries a spike or none.", right=True
                ),
                Option("Its output is negative", "The average of zeros and ones is not."),
            ),
        ),
        Question(
            "You fold an average pooling into the next convolution. What does it cost?",
            (
                Option(
                    "Accuracy, as weights are rounded",
                    "A quarter of a weight is exact: the currents stay the same.",
                ),
                Option(
                    "Nothing, as no layer is added",
                    "No layer is added, but nothing merges the spikes of a window either.",
                ),
                Option(
                    "Additions: every spike travels",
                    "OR sends one spike for up to four. You counted about half the additions.",
                    right=True,
                ),
            ),
        ),
        Question(
            "Which statistics does a batch norm over time use while a network is trained?",
            (
                Option(
                    "Of all steps, pictures and pixels",
                    "One mean and one variance for each channel.",
                    right=True,
                ),
                Option(
                    "Of each neuron, over all the steps",
                    "Neurons of a channel share their weights, so they share the norm, too.",
                ),
                Option(
                    "Of each picture, over its channels",
                    "That would be a layer norm. It cannot be folded into fixed weights.",
                ),
            ),
        ),
        Question(
            "After folding, far more spikes differ than rounding explains. What do you check first?",
            (
                Option(
                    "Whether θ was folded, too",
                    "The currents stay the same, so θ stays as it is.",
                ),
                Option(
                    "Whether the network was in `eval` mode",
                    "In training a batch norm uses the batch, and not what it remembers.",
                    right=True,
                ),
                Option(
                    "Whether the digits were moved about",
                    "Both networks see the same input, whatever it is.",
                ),
            ),
        ),
        Question(
            "You double all weights, biases and θ of a layer. What do its spikes do?",
            (
                Option(
                    "They become twice as many",
                    "The membranes are twice as high, but so is what they must reach.",
                ),
                Option(
                    "They become half as many",
                    "θ is doubled, but the currents are doubled as well.",
                ),
                Option(
                    "They stay exactly as they are",
                    "Only the ratio of U and θ counts. So a learned θ is no new ability.",
                    right=True,
                ),
            ),
        ),
        Question(
            "A penalty keeps the mean rate of a whole layer at 5 %. What may still be wrong?",
            (
                Option(
                    "A silent channel beside a busy one",
                    "The mean hides them. That is why you took a rate for each channel.",
                    right=True,
                ),
                Option(
                    "The loss can no longer be computed",
                    "The penalty is added to the loss; it does not replace it.",
                ),
                Option(
                    "The neurons do not leak any more",
                    "A penalty acts on the weights. β stays as it is.",
                ),
            ),
        ),
    ),
}

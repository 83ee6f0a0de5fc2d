"""The quiz of 18 · Where the energy goes."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "18": (
        Question(
            "A chip skips zeros, and we count memory as well. What does a spike save over an activation?",
            (
                Option(
                    "The multiplication",
                    "The weight and the sum are fetched all the same.",
                    right=True,
                ),
                Option(
                    "The read of the weight",
                    "A spike needs the weight as well: it is what is added.",
                ),
                Option(
                    "Nearly all of the energy",
                    "An operation is a small part. Most goes into memory.",
                ),
            ),
        ),
        Question(
            "The same layer gets four times as many weights. One access to a weight …",
            (
                Option("costs the same as before", "Only if they still fit the same memory."),
                Option(
                    "costs four times as much",
                    "The price follows the memory that holds them all, in jumps.",
                ),
                Option(
                    "may cost more, by a jump",
                    "If they no longer fit, they move to a larger memory.",
                    right=True,
                ),
            ),
        ),
        Question(
            "A paper multiplies all zeros of the dense network, and skips those of the spiking one. This is …",
            (
                Option(
                    "fair: spikes are made for it",
                    "Many chips skip zeros of dense networks as well.",
                ),
                Option(
                    "unfair: the zeros are treated unequally",
                    "The dense network could leave out just that share.",
                    right=True,
                ),
                Option(
                    "unfair: the steps are counted unequally",
                    "The steps are another matter: both sums may be complete.",
                ),
            ),
        ),
        Question(
            "Operations and memory count. About how many spikes may an input send in all T steps?",
            (
                Option(
                    "As many as it has activations",
                    "One for each input that is not 0 in the dense layer.",
                    right=True,
                ),
                Option(
                    "T times its activations", "Each step with a spike pays for memory once more."
                ),
                Option(
                    "Five times its activations",
                    "This is the limit for operations alone: 4.6 over 0.9.",
                ),
            ),
        ),
        Question(
            "You put a price on spikes in the loss, and halve the energy. To compare fairly, you …",
            (
                Option(
                    "report the accuracy as well",
                    "That is needed, and not enough: the other side must be able to do the same.",
                ),
                Option(
                    "train the dense one in this way",
                    "What one side may do, the other may, too.",
                    right=True,
                ),
                Option(
                    "use the same number of epochs",
                    "That is needed, and not enough: the price is the point.",
                ),
            ),
        ),
        Question(
            "Two spiking networks of the same layers, on one chip. What orders their energy well?",
            (
                Option(
                    "The number of operations",
                    "Both pay the same for each: more operations, more traffic.",
                    right=True,
                ),
                Option("The number of weights", "The layers are the same, and so are the weights."),
                Option(
                    "The accuracy on test data",
                    "A network may be right with few spikes, or with many.",
                ),
            ),
        ),
    ),
}

"""The quiz of 16 · Online learning."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "16": (
        Question(
            "What does online learning keep of the past?",
            (
                Option(
                    "Nothing at all of it",
                    "Even SLTT, which has no traces, keeps the state of its neurons.",
                ),
                Option(
                    "A summary of a fixed size",
                    "State and traces, as large after 1,000 steps as after 10.",
                    right=True,
                ),
                Option("The last stretch of steps", "That is truncated BPTT (tutorial 07)."),
            ),
        ),
        Question(
            "RTRL is exact and needs no past steps. Why is it rarely used?",
            (
                Option(
                    "Its traces grow with the cube of the neurons",
                    "Every neuron keeps a number for every weight.",
                    right=True,
                ),
                Option(
                    "Its traces grow with the length of the sequence",
                    "They have a fixed size. The memory of BPTT grows with time.",
                ),
                Option(
                    "Its gradient is only that of the last few steps",
                    "It reaches back to the first step, as that of BPTT does.",
                ),
            ),
        ),
        Question(
            "When does e-prop have exactly the gradient of BPTT?",
            (
                Option(
                    "When the learning rate is small enough",
                    "The gradient itself differs, at any learning rate.",
                ),
                Option(
                    "When its feedback weights are symmetric",
                    "Symmetric feedback removes another error, not this one.",
                ),
                Option(
                    "When no spike comes back to the layer",
                    "Then the dropped term is zero.",
                    right=True,
                ),
            ),
        ),
        Question(
            "A leaky neuron has 100 synapses. How many trace numbers must it keep for e-prop?",
            (
                Option(
                    "100, shared with all neurons of its layer",
                    "u is the filtered input, the same for every neuron with this β.",
                    right=True,
                ),
                Option(
                    "100, and another 100 for each other neuron",
                    "That is RTRL, where a weight moves all the neurons.",
                ),
                Option(
                    "100 for each step, as the slopes change with time",
                    "The slope is multiplied in at the step, and then forgotten.",
                ),
            ),
        ),
        Question(
            "What does random feedback replace?",
            (
                Option(
                    "The slope of the surrogate in each trace",
                    "The trace is the same. Feedback is about the learning signal.",
                ),
                Option(
                    "The readout's weights in the learning signal",
                    "The error reaches each neuron through fixed random weights.",
                    right=True,
                ),
                Option(
                    "The noise that explores other ways to act",
                    "Nothing is explored: the error itself is sent back.",
                ),
            ),
        ),
        Question(
            "A network heard the speakers one after the other and gives nearly all of them one name. What was the cause?",
            (
                Option(
                    "Its traces had leaked away in the meantime",
                    "The same traces learned most speakers when they came mixed.",
                ),
                Option(
                    "It kept no past steps, as BPTT would have",
                    "BPTT sees the past within an utterance, not earlier utterances.",
                ),
                Option(
                    "Later updates overwrote what earlier ones did",
                    "The same data in mixed order are learned much better.",
                    right=True,
                ),
            ),
        ),
    ),
}

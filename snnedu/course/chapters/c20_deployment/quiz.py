"""The quiz of 20 · Deployment."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "20": (
        Question(
            "A NIR file holds τ = 20 ms and r = 1. What else do you need for its spikes?",
            (
                Option("The batch size", "Samples do not meet. Their number changes no spike."),
                Option(
                    "The time step dt",
                    "β = 1 - dt/τ, and the input is multiplied by r dt/τ.",
                    right=True,
                ),
                Option("The surrogate", "It shapes gradients only. Spikes stay as they are."),
            ),
        ),
        Question(
            "A network trained with “subtract” is read by NIR's rules. What can you not rely on?",
            (
                Option("The same weights", "Weights are stored, and come back as they were."),
                Option("The same time constants", "τ is stored, and any reset leaves it alone."),
                Option(
                    "The same spikes",
                    "After a spike the membrane starts from 0, not from U - θ. Spikes may change.",
                    right=True,
                ),
            ),
        ),
        Question(
            "You export to a reader that ignores r, but knows dt. What do you do?",
            (
                Option(
                    "Multiply the weights by τ/dt, r = 1",
                    "Then the file says the same, and nothing is left to ignore.",
                    right=True,
                ),
                Option(
                    "Multiply the weights by dt/τ, r = 1",
                    "That makes the input smaller still: 100 times for τ/dt = 10.",
                ),
                Option(
                    "Leave r = τ/dt, it is only a unit",
                    "The reader multiplies by dt/τ and not by r: its neurons are too quiet.",
                ),
            ),
        ),
        Question(
            "Why does `from_snntorch` refuse a `graded_spikes_factor` of 2?",
            (
                Option(
                    "Its weights cannot be read",
                    "They can. But its spikes have height 2, and ours have height 1.",
                ),
                Option(
                    "Spikes of height 2 do not exist here",
                    "To drop the 2 would halve what the next layer gets, without a word.",
                    right=True,
                ),
                Option(
                    "The state dict is of a later version",
                    "The factor is in every state dict of snnTorch, and usually 1.",
                ),
            ),
        ),
        Question(
            "p99 of the step is 0.9 ms, the period 1 ms. Can answers still come too late?",
            (
                Option(
                    "No, for 99 % of steps are in time",
                    "The other 1 % may be much longer, and then samples queue.",
                ),
                Option(
                    "Yes, about one in a hundred of them",
                    "One slow step delays those after it as well: it may be many more.",
                ),
                Option(
                    "Yes, perhaps many after a slow step",
                    "The queue shrinks only by what is left of each period.",
                    right=True,
                ),
            ),
        ),
        Question(
            "Why does an exported step take its state as an input and return it?",
            (
                Option(
                    "So that any runtime can run it",
                    "A runtime calls functions. What a function hides, it cannot keep or reset.",
                    right=True,
                ),
                Option(
                    "So that the file becomes smaller",
                    "The weights make up the file; the state is not stored in it at all.",
                ),
                Option(
                    "So that gradients can flow back",
                    "The file only runs the trained network; nothing is trained with it.",
                ),
            ),
        ),
    ),
}

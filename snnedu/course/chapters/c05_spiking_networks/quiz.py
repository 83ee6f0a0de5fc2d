"""The quiz of 05 · Spiking networks."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "05": (
        Question(
            "You give each neuron ten times as many inputs, with the same positive weights. What happens?",
            (
                Option(
                    "Its mean current grows tenfold",
                    "So weights of one sign must shrink as 1 / n.",
                    right=True,
                ),
                Option(
                    "Its inputs average themselves out",
                    "They add up. An average needs weights of 1 / n.",
                ),
                Option(
                    "Its threshold grows with the inputs",
                    "θ stays where it is. Only the current changes.",
                ),
            ),
        ),
        Question(
            "A neuron's mean current is too small to lift U to θ. When does it fire all the same?",
            (
                Option(
                    "When its membrane decays very fast",
                    "A faster decay keeps less: U stays even lower.",
                ),
                Option(
                    "When its current fluctuates enough",
                    "Then U crosses θ now and then, at irregular times.",
                    right=True,
                ),
                Option(
                    "When it gets more steps to add it up",
                    "U settles at μ / (1 - β). More steps do not lift it.",
                ),
            ),
        ),
        Question(
            "n independent inputs have random weights of both signs and of width w. How does the fluctuation of their sum grow with n?",
            (
                Option("In proportion to n", "That is the mean, for weights of one sign."),
                Option("Not at all: the signs cancel", "They cancel on average, not at each step."),
                Option(
                    "In proportion to √n",
                    "So a width of 1 / √n keeps the fluctuation where it is.",
                    right=True,
                ),
            ),
        ),
        Question(
            "Why do the neurons of a balanced network fire irregularly, although its input is constant?",
            (
                Option(
                    "Random spikes arrive from outside",
                    "The current from outside is constant: nothing random comes in.",
                ),
                Option(
                    "Large inputs arrive and nearly cancel",
                    "What is left fluctuates, and U crosses θ at odd times.",
                    right=True,
                ),
                Option(
                    "Inhibition arrives at random times",
                    "It comes from neurons of the same network: no dice are thrown.",
                ),
            ),
        ),
        Question(
            "A coincidence detector should accept spikes that are up to five steps apart. What do you change first?",
            (
                Option(
                    "The decay β: make it larger",
                    "Then more of the first spike is left when the second comes.",
                    right=True,
                ),
                Option(
                    "The decay β: make it smaller",
                    "Then even less is left of the first spike after five steps.",
                ),
                Option(
                    "The threshold: make it larger",
                    "Then even two spikes in the same step may be too little.",
                ),
            ),
        ),
        Question(
            "You wake a deep network layer by layer. Why do you begin with the first layer?",
            (
                Option(
                    "Its weights are smaller than the others",
                    "All layers were drawn by the same rule.",
                ),
                Option(
                    "It changes the input of all later layers",
                    "A layer is tuned for the spikes that it gets. They must not change afterwards.",
                    right=True,
                ),
                Option(
                    "It is the only one with enough neurons",
                    "The five layers after it have 64 neurons, too.",
                ),
            ),
        ),
    ),
}

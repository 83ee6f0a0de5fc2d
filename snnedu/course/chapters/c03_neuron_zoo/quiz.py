"""The quiz of 03 · The neuron zoo."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "03": (
        Question(
            "One input spike reaches a `Synaptic` neuron (α = 0.8, β = 0.9). When is its membrane highest?",
            (
                Option("In the step of the input", "That is `Leaky`: it jumps."),
                Option(
                    "Some steps after the input",
                    "The synaptic current keeps flowing, and the membrane keeps rising.",
                    right=True,
                ),
                Option(
                    "At the very end of the run",
                    "Both the current and the membrane leak, so the bump ends.",
                ),
            ),
        ),
        Question(
            "An adaptive neuron has fired a lot. What is different about it now?",
            (
                Option(
                    "Its threshold is higher for a while",
                    "So it needs more input to fire again.",
                    right=True,
                ),
                Option("Its membrane leaks faster for a while", "β has not changed."),
                Option(
                    "Its input becomes weaker for a while",
                    "Nothing changed upstream of the neuron.",
                ),
            ),
        ),
        Question(
            "`AdaptiveLeaky` has θ = 1. Its threshold stands at Θ = 3 when it fires. How much does it pay?",
            (
                Option("1, the threshold at rest", "`Leaky` pays θ. This neuron does not."),
                Option("2, what was added to θ", "The whole threshold is paid, θ included."),
                Option("3, the threshold in force", "It pays what it had to exceed.", right=True),
            ),
        ),
        Question(
            "A regular-spiking neuron of Izhikevich's kind should fire in pairs, again and again. What do you change?",
            (
                Option("A smaller a: u is slower", "Then it fires more slowly, one by one."),
                Option("A higher c: V restarts higher", "The next spike is near.", right=True),
                Option("A larger d: u is kicked more", "The pauses grow, and no pair comes."),
            ),
        ),
        Question(
            "Where is the threshold in the equations of Hodgkin and Huxley?",
            (
                Option(
                    "It is a number, -55 mV",
                    "With a slower current it lies elsewhere. The equations contain no such number.",
                ),
                Option(
                    "It is nowhere in them",
                    "It follows from sodium gates that open each other faster than potassium can bring V down.",
                    right=True,
                ),
                Option("It is in the reset of V", "There is none: potassium brings V back down."),
            ),
        ),
        Question(
            "A neuron is silent at some current. At a slightly stronger one it fires 50 spikes a second, without end. Which class is it?",
            (
                Option("Class 1, as the leaky one", "Class 1 starts with a few spikes a second."),
                Option("Class 2, as the squid's axon", "Its rate jumps from zero.", right=True),
                Option("Both classes can do that", "Class 1 fires at low rates first."),
            ),
        ),
    ),
}

"""The quiz of 03 · The neuron zoo."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "03": (
        Question(
            "One input spike reaches a `Synaptic` neuron (α = 0.8, β = 0.9). When is its membrane highest?",
            (
                Option("In the step in which the spike arrives", "That is `Leaky`: it jumps."),
                Option(
                    "Some steps later",
                    "The synaptic current keeps flowing, and the membrane keeps rising.",
                    right=True,
                ),
                Option(
                    "After 1/(1 - α) + 1/(1 - β) steps", "No such simple formula holds: try it."
                ),
            ),
        ),
        Question(
            "An adaptive neuron has fired a lot. What is different about it now?",
            (
                Option("Its membrane leaks faster", "β has not changed."),
                Option("Its input has become weaker", "Nothing changed upstream of the neuron."),
                Option(
                    "Its threshold is higher for a while",
                    "So it needs more input to fire again.",
                    right=True,
                ),
            ),
        ),
        Question(
            "In Izhikevich's model, which number makes a burst out of one spike?",
            (
                Option(
                    "c, the potential after a spike",
                    "Where V restarts high, the next spike is near.",
                    right=True,
                ),
                Option("a, the pace of the recovery", "It sets how fast the neuron recovers."),
                Option("the peak of 30 mV", "It only says where a spike is cut off."),
            ),
        ),
        Question(
            "Where is the threshold in the equations of Hodgkin and Huxley?",
            (
                Option(
                    "At -55 mV",
                    "With a slower current it lies elsewhere. The equations contain no such number.",
                ),
                Option(
                    "Nowhere",
                    "It follows from sodium gates that open each other faster than potassium can bring V down.",
                    right=True,
                ),
                Option("In the reset", "There is none: potassium brings V back down."),
            ),
        ),
    ),
}

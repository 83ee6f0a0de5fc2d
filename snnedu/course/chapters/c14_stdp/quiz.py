"""The quiz of 14 · STDP."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "14": (
        Question(
            "What does the covariance rule add to Hebb's rule?",
            (
                Option(
                    "It lets a weight fall, too",
                    "Less activity than usual counts as negative.",
                    right=True,
                ),
                Option(
                    "It knows which spike was first",
                    "It looks at one moment only, not at an order.",
                ),
                Option(
                    "It keeps all weights bounded",
                    "It has no bounds: correlated weights grow on.",
                ),
            ),
        ),
        Question(
            "What does a synapse have to remember for pair STDP?",
            (
                Option(
                    "The times of all earlier spikes",
                    "Their sum with fading weights is enough.",
                ),
                Option(
                    "The time of the last pair of spikes",
                    "Then it could not add up several pairs.",
                ),
                Option(
                    "One fading number for each neuron",
                    "These are the two traces.",
                    right=True,
                ),
            ),
        ),
        Question(
            "Two neurons fire at random and independently. The window has more area below zero. The weight …",
            (
                Option("falls", "On average both orders come equally often.", right=True),
                Option("rises", "That would need more area above zero."),
                Option("stays", "Only if both areas were equal."),
            ),
        ),
        Question(
            "Why do additive weights end in two groups?",
            (
                Option(
                    "Large weights are changed more than small ones",
                    "In the additive rule each weight is changed alike.",
                ),
                Option(
                    "A strong input makes the neuron fire after it",
                    "So it gets stronger still, and others fall.",
                    right=True,
                ),
                Option(
                    "The inputs belong to two groups from the start",
                    "All had equal rates: the start and chance decided.",
                ),
            ),
        ),
        Question(
            "A network gets 90 % if its neurons are named on the test digits. What is this number?",
            (
                Option(
                    "Too low, as test digits are fewer",
                    "Fewer digits make the names fit even better.",
                ),
                Option(
                    "Fair, as no weight has changed",
                    "The names are parameters, too: one for each neuron.",
                ),
                Option(
                    "Too high, as it saw the answers",
                    "Names must come from training data.",
                    right=True,
                ),
            ),
        ),
        Question(
            "A window was measured with rare pairs. What may it predict wrongly for the same slices?",
            (
                Option(
                    "What happens at high frequencies",
                    "There pairs overlap, and triplets count.",
                    right=True,
                ),
                Option(
                    "What happens to rare pairs",
                    "This is what it was measured with.",
                ),
                Option(
                    "What happens if nothing spikes",
                    "Without spikes nothing changes.",
                ),
            ),
        ),
    ),
}

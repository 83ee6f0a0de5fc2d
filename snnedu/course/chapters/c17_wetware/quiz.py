"""The quiz of 17 · Wetware."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "17": (
        Question(
            "Many intervals on one electrode are shorter than 1 ms. What do you do first?",
            (
                Option(
                    "Report a very high rate",
                    "The rate is wrong: spikes were counted more than once.",
                ),
                Option(
                    "Look at the raw voltage",
                    "There you see whether one spike was detected twice.",
                    right=True,
                ),
                Option(
                    "Take it for bursts of a cell",
                    "A cell needs about 2 ms between two spikes, also in a burst.",
                ),
            ),
        ),
        Question(
            "A culture has a Fano factor of 25 in windows of 200 ms. What does this say?",
            (
                Option(
                    "Its spikes come in clusters",
                    "The counts vary far more than those of a Poisson process, which has 1.",
                    right=True,
                ),
                Option(
                    "It fires 25 times as much",
                    "The Fano factor is a variance over a mean. The rate can be low.",
                ),
                Option(
                    "Its neurons fire like clocks",
                    "A clock has counts that hardly vary: its Fano factor is near 0.",
                ),
            ),
        ),
        Question(
            "b often spikes 2 ms after a. You know no other neuron. Which experiment tells most?",
            (
                Option(
                    "Record both for much longer",
                    "The peak gets smoother. A common input makes the same peak.",
                ),
                Option(
                    "Correlate in finer windows",
                    "Then the delay is known better, but not its cause.",
                ),
                Option(
                    "Make neuron a fire, see if b does",
                    "You caused these spikes yourself, so no common input did.",
                    right=True,
                ),
            ),
        ),
        Question(
            "On held-out sound, a model reaches Γ = 0.6. What would tell how good that is?",
            (
                Option(
                    "The cell's own Γ on a repeat",
                    "No model can predict what the cell itself does not repeat.",
                    right=True,
                ),
                Option(
                    "Its Γ on the training sound",
                    "This tells whether it overfits, not how much is possible.",
                ),
                Option(
                    "How many spikes it fires",
                    "Γ already takes off what so many spikes would meet by chance.",
                ),
            ),
        ),
        Question(
            "Suppose adaptive lessons help and random ones do not. What does blocked plasticity add?",
            (
                Option(
                    "It shows that more cells fire",
                    "It counts no cells. It asks whether synapses had to change.",
                ),
                Option(
                    "It is a second random arm",
                    "The lessons are adaptive there, too. Only the synapses stay as they are.",
                ),
                Option(
                    "It tests where the change is",
                    "If the gain stays without plasticity, the synapses did not learn.",
                    right=True,
                ),
            ),
        ),
        Question(
            "Our simulated culture keeps a pole up longer. What may you conclude?",
            (
                Option(
                    "Living cultures do the same",
                    "The rules were written by us. Only tissue can tell about tissue.",
                ),
                Option(
                    "These rules suffice for it",
                    "A simulation shows what its own assumptions are able to do.",
                    right=True,
                ),
                Option(
                    "The culture wants to learn",
                    "Nothing here was measured that this word could mean.",
                ),
            ),
        ),
    )
}

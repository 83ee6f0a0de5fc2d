"""The quiz of 23 · Open questions."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "23": (
        Question(
            "A paper reports a gain of one point, from three seeds, and no spread. What do you know?",
            (
                Option(
                    "That the method gains about a point",
                    "Without a spread you cannot tell a gain from luck.",
                ),
                Option(
                    "Too little to say whether it gains",
                    "Ask for every seed. Then compute an interval.",
                    right=True,
                ),
                Option(
                    "That the method gains less than that",
                    "It may gain less, or more, or nothing at all.",
                ),
            ),
        ),
        Question(
            "Only studies that find an effect are published. What is the mean of their effects?",
            (
                Option(
                    "Larger than the real effect",
                    "The studies with bad luck are missing from the mean.",
                    right=True,
                ),
                Option(
                    "Close to the real effect",
                    "Luck does not cancel: unlucky studies were not published.",
                ),
                Option(
                    "Smaller than the real effect",
                    "The filter keeps the lucky studies, not the unlucky ones.",
                ),
            ),
        ),
        Question(
            "Both methods were trained from the same eight seeds. Why subtract seed by seed?",
            (
                Option(
                    "It makes the mean gain larger",
                    "The mean gain stays as it is. The interval may change.",
                ),
                Option(
                    "It replaces the missing seeds",
                    "Eight seeds stay eight seeds.",
                ),
                Option(
                    "It removes what seeds share",
                    "A seed that is good for both then no longer counts as spread.",
                    right=True,
                ),
            ),
        ),
        Question(
            "The neuron of Fang et al. was less sensitive to its start. What did our control show?",
            (
                Option(
                    "That the claim is not true",
                    "The claim was confirmed: the gap shrank by more than half.",
                ),
                Option(
                    "That another cause is enough",
                    "A learned gain did the same, with a leak that stayed as it was.",
                    right=True,
                ),
                Option(
                    "That the leak has no effect",
                    "On a still picture it had little. Tasks with memory were not tested.",
                ),
            ),
        ),
        Question(
            "Why should the axes of an Explorer stay fixed?",
            (
                Option(
                    "So that a change can be seen",
                    "If the axis follows the curve, the curve seems to stand still.",
                    right=True,
                ),
                Option(
                    "So that the browser is faster",
                    "Drawing takes about the same time either way.",
                ),
                Option(
                    "So that no value can be wrong",
                    "Fixed axes check nothing. They only make changes visible.",
                ),
            ),
        ),
        Question(
            "The same weights run in another library and fire less. What do you look at first?",
            (
                Option(
                    "The learning rate of its optimizer",
                    "Nothing was trained there: only the neuron may differ.",
                ),
                Option(
                    "The random seed that it starts from",
                    "The weights were moved. Nothing is drawn.",
                ),
                Option(
                    "The reset, and the gain of its input",
                    "These two differ from library to library, and few of them say so.",
                    right=True,
                ),
            ),
        ),
    ),
}

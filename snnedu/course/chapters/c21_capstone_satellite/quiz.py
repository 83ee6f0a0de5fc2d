"""The quiz of 21 · Capstone."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "21": (
        Question(
            "A detector reports each volume with a chance of 30 %, whatever it sees. Its informedness is about",
            (
                Option("0.30", "That is its sensitivity; its specificity is 0.70."),
                Option("0.00", "0.30 + 0.70 - 1: guessing gets nothing.", right=True),
                Option("0.70", "That is its specificity; its sensitivity is 0.30."),
            ),
        ),
        Question(
            "Why do we not report the accuracy, the share of right volumes?",
            (
                Option(
                    "Nearly all volumes are empty: to report nothing would score high",
                    "Informedness weighs both kinds alike, however rare one is.",
                    right=True,
                ),
                Option(
                    "It cannot be computed when the satellite is dark for a while",
                    "It can: all that it needs is the four counts.",
                ),
                Option(
                    "It depends on the size of the volumes, and informedness does not",
                    "Both depend on it. Scores compare only with the same volumes.",
                ),
            ),
        ),
        Question(
            "A track was seen for two seconds. Now the satellite is dark for a second. What does the tracker do?",
            (
                Option("It ends the track at once", "Then each dark phase would cost a new start."),
                Option("It waits where it was", "The satellite is elsewhere when it lights up."),
                Option("It moves on evenly", "The prediction stands, for a while.", right=True),
            ),
        ),
        Question(
            "We trained on squares of 24 x 24 pixels and used the network on 64 x 64. Why does this work?",
            (
                Option(
                    "The sky is the same all over", "So it is, but a dense layer could not do it."
                ),
                Option(
                    "A convolution has no fixed size",
                    "The same weights serve each place.",
                    right=True,
                ),
                Option("Adam rescales all the weights", "It makes the steps of training, no more."),
            ),
        ),
        Question(
            "A colleague reports an informedness of 0.8 on real recordings. Ours is 0.7 on simulated ones. What follows?",
            (
                Option(
                    "Nothing: data, volumes and rules are different",
                    "Only scores on the same recordings, counted alike, compare.",
                    right=True,
                ),
                Option(
                    "The colleague's method is better than ours is",
                    "Its recordings may be easier, or its volumes larger.",
                ),
                Option(
                    "Ours is better, as simulated skies are harder",
                    "We do not know which one is harder.",
                ),
            ),
        ),
        Question(
            "On the strange sensor the filter loses much, until its window is chosen anew. What does this show?",
            (
                Option(
                    "A number chosen on one sensor may not fit another",
                    "So compare methods after each had the same chance to adapt.",
                    right=True,
                ),
                Option(
                    "A filter cannot work on a sensor with much noise",
                    "With another window it is as good there as the networks.",
                ),
                Option(
                    "A filter needs no number that depends on the noise",
                    "It does: with more noise, a long window keeps too much of it.",
                ),
            ),
        ),
    ),
}

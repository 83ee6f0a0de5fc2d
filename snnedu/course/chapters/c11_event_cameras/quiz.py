"""The quiz of 11 · Event cameras."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "11": (
        Question(
            "A pixel with θ = 0.2 sees its light fall to half within a frame. What does it send?",
            (
                Option("One OFF event", "ln 2 is about 0.69: more than three thresholds."),
                Option(
                    "Three OFF events", "ln 2 is about 0.69: three whole thresholds.", right=True
                ),
                Option("Half an event less", "Events are whole, and they report ratios."),
            ),
        ),
        Question(
            "Camera and scene stand still. What does an ideal event camera send?",
            (
                Option("Nothing at all", "Only changes make events.", right=True),
                Option("All edges in view", "An edge at rest changes no pixel's light."),
                Option("One picture a second", "It has no frames."),
            ),
        ),
        Question(
            "You sum all events of a recording into one frame. What is lost?",
            (
                Option(
                    "Where something moved", "The frame still says at which pixels events came."
                ),
                Option("How often pixels fired", "That is what the frame holds."),
                Option(
                    "In which direction it moved", "The order of the events is gone.", right=True
                ),
            ),
        ),
        Question(
            "Why does the filter of this chapter remove random events?",
            (
                Option(
                    "They are rarely supported by a neighbor",
                    "An edge makes neighbors fire in turn.",
                    right=True,
                ),
                Option("They have the wrong polarity", "They have both, as real ones do."),
                Option(
                    "They come too fast in a pixel",
                    "The noise of one pixel is slow: a few events a second.",
                ),
            ),
        ),
        Question(
            "On recordings of the shaken camera, shuffled times cost hardly any accuracy. What follows?",
            (
                Option("Spikes cannot use time", "On the line camera they used it."),
                Option(
                    "Those data do not need time", "Which pixels fire is enough there.", right=True
                ),
                Option("The network is too small", "It reads nine of ten digits."),
            ),
        ),
        Question(
            "You want to show that your network uses spike times. Which control comes first?",
            (
                Option("Make the network larger", "That says nothing about times."),
                Option("Report the best of 8 seeds", "That is selection, no control."),
                Option(
                    "Train it on shuffled times",
                    "If it is as good then, the counts explain its accuracy.",
                    right=True,
                ),
            ),
        ),
    ),
}

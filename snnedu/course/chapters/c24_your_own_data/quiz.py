"""The quiz of 24 · Your own data."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "24": (
        Question(
            "A recording is cut into three windows. Which sets may they go to?",
            (
                Option(
                    "Two to training, one to test",
                    "The test would show a person, place and room of the training.",
                ),
                Option(
                    "All to one and the same set", "They share person, place and room.", right=True
                ),
                Option(
                    "Any, if classes are balanced",
                    "Balance says nothing about who is in both sets.",
                ),
            ),
        ),
        Question(
            "60 % of the windows are waves, of three classes. A network always answers “wave”. Its balanced accuracy?",
            (
                Option("60 %", "That is the plain accuracy, which counts windows."),
                Option("20 %", "One of three classes is right in all of its windows."),
                Option("33 %", "The mean over the classes of 100, 0 and 0 %.", right=True),
            ),
        ),
        Question(
            "All counts of the last layer are 0 before training. What do you look at first?",
            (
                Option(
                    "Rates, from the first layer on",
                    "The first layer that is silent starves all later ones.",
                    right=True,
                ),
                Option(
                    "Learning rate and optimizer",
                    "They act on gradients. Look at what flows forward first.",
                ),
                Option(
                    "The labels and their balance", "An untrained network does not know them yet."
                ),
            ),
        ),
        Question(
            "A network cannot learn 16 windows by heart. What does that tell?",
            (
                Option(
                    "There are too few windows",
                    "Few windows are easier to learn by heart, not harder.",
                ),
                Option(
                    "Code, loss or rates are broken",
                    "Find the fault now, while a try takes a second.",
                    right=True,
                ),
                Option(
                    "The network needs more time",
                    "16 windows take seconds. Waiting longer hides the fault.",
                ),
            ),
        ),
        Question(
            "A stream runs through the network for an hour. What does our loop do after an answer?",
            (
                Option(
                    "It sets counts and state back",
                    "The network was trained on windows from rest.",
                    right=True,
                ),
                Option("It sets only the counts back", "Membranes then hold the gesture before."),
                Option("It trains for one more step", "Nothing is trained on the device here."),
            ),
        ),
        Question(
            "Frames of 25 ms come in; a step takes 0.5 ms. When is an answer there, after a gesture begins?",
            (
                Option(
                    "After about half a millisecond",
                    "That is one step. The answer needs all frames of a window.",
                ),
                Option(
                    "After about 25 milliseconds",
                    "That is one frame. The answer counts the spikes of 16.",
                ),
                Option(
                    "After about 400 milliseconds",
                    "The window decides, not the speed of a step.",
                    right=True,
                ),
            ),
        ),
    ),
}

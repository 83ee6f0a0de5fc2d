"""The quiz of 01 · Hello, spikes."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "01": (
        Question(
            "Why can a spike save energy, where a number cannot?",
            (
                Option(
                    "Adding a weight is cheaper than multiplying by it, and silence costs nothing",
                    "Both halves matter: without silence, the many steps cost what the additions save.",
                    right=True,
                ),
                Option(
                    "Spikes are shorter than numbers", "What counts is the work that they cause."
                ),
                Option("The network needs fewer weights", "It has just as many weights."),
            ),
        ),
        Question(
            "The same network runs for 100 steps instead of 25. How does the number of its operations change?",
            (
                Option("About four times as many", "Each step adds its own spikes.", right=True),
                Option("The same: it is the same image", "The image is shown at every step again."),
                Option(
                    "Fewer: it may decide earlier", "Only if you stop it; it runs all its steps."
                ),
            ),
        ),
    ),
}

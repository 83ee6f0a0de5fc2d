"""The quiz of 00 · Start here."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "00": (
        Question(
            "A recording of spikes has the shape [25, 10]. What does that say?",
            (
                Option("25 steps of time, 10 neurons", "Time always comes first here.", right=True),
                Option("25 neurons, 10 steps", "It is the other way round: time comes first."),
                Option(
                    "25 spikes of 10 neurons",
                    "The shape does not tell how many spikes there are; the sum does.",
                ),
            ),
        ),
    ),
    "00.path": (
        Question(
            "What brings you here?",
            (
                Option(
                    "I am curious, or I study this",
                    "Take the chapters in order, at your own pace. Begin with 01.",
                ),
                Option(
                    "I train networks with PyTorch and need spikes for my work",
                    "Take the five steps of the onboarding table above: sections of 01, 05, 06, 07 and 24, in about two hours.",
                ),
                Option(
                    "I teach",
                    "Run 01 as your class would, then read 'Teaching with it' in CONTRIBUTING.md.",
                ),
            ),
            poll=True,
        ),
    ),
}

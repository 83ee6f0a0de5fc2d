"""The quiz of 04 · Spike encoding."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "04": (
        Question(
            "A rate code gives 0.5 with an error of 0.1 after 25 steps. How large is the error after 100 steps?",
            (
                Option("0.05", "Four times the steps, half the error.", right=True),
                Option("0.025", "That would be 1/T. Independent coins give 1/root of T."),
                Option("0.1", "The error falls with more coins, although slowly."),
            ),
        ),
        Question(
            "In a latency code the spike of one pixel is lost. What does the reader conclude?",
            (
                Option("The pixel is white", "Silence is a message here: no ink.", right=True),
                Option("The pixel is a little brighter", "That is a rate code that lost a spike."),
                Option("The pixel is black", "Black is the earliest spike, not a missing one."),
            ),
        ),
        Question(
            "You send a sound by delta modulation, and the rebuilt sound cannot follow its fast parts. What helps?",
            (
                Option(
                    "A larger θ, or shorter steps",
                    "One spike moves it by θ; a signal that moves more in a step runs away.",
                    right=True,
                ),
                Option("A smaller θ", "Then each spike moves it even less."),
                Option(
                    "No feedback",
                    "Then sender and receiver drift apart, and neither of them notices.",
                ),
            ),
        ),
        Question(
            "A network reads latency codes, and its accuracy hardly changes when all spikes are jittered. What should you test next?",
            (
                Option(
                    "Whether it reads the times at all",
                    "Shuffle the times completely. The accuracy that is left comes from which neurons fired.",
                    right=True,
                ),
                Option("Nothing: the code is robust", "The reader may ignore what you disturbed."),
                Option("A larger network", "First find out what this one reads."),
            ),
        ),
    ),
}

"""The quiz of 04 · Spike encoding."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "04": (
        Question(
            "A rate code of coins gives 0.5 with an error of 0.1 after 25 steps. How large is the error after 100 steps?",
            (
                Option("0.025", "That would be 1/T. Independent coins give 1/root of T."),
                Option("0.050", "Four times the steps, half the error.", right=True),
                Option("0.100", "The error falls with more coins, although slowly."),
            ),
        ),
        Question(
            "In a latency code the spike of one pixel is lost. What does the reader conclude?",
            (
                Option("The pixel is a bit lighter", "That is a rate code that lost a spike."),
                Option("The pixel is fully black", "Black is the earliest spike, not a missing one."),
                Option("The pixel is fully white", "Silence is a message here: no ink.", right=True),
            ),
        ),
        Question(
            "A logarithmic latency code has 17 steps and θ = 0.01; x = 1.01 θ meets the last step. Nearly all numbers spike at step 0. What helps?",
            (
                Option(
                    "A higher threshold θ",
                    "Then the membrane needs longer, and the times spread out.",
                    right=True,
                ),
                Option("A lower threshold θ", "Then even more numbers cross it within one step."),
                Option("A second try at reading", "Numbers that share a step cannot be told apart."),
            ),
        ),
        Question(
            "You send a sound by delta modulation. What is rebuilt cannot follow its fast parts. What helps?",
            (
                Option("A smaller θ, the same steps", "Then each spike moves it even less."),
                Option(
                    "No feedback, the same steps",
                    "Then sender and reader drift apart, and neither of them notices.",
                ),
                Option(
                    "The same θ, shorter steps",
                    "The signal moves less in a shorter step, so one spike can keep up.",
                    right=True,
                ),
            ),
        ),
        Question(
            "You make the bells of a population narrower and narrower. At first the error falls. Why does it grow in the end?",
            (
                Option("Steep bells are noisier", "Coins are as noisy as before. Steep bells turn their noise into a smaller error."),
                Option("Gaps open between bells", "A number in a gap often makes no neuron fire, and then nothing is known.", right=True),
                Option("The neurons fire too much", "They fire less: each one only near its favorite."),
            ),
        ),
        Question(
            "A network reads latency codes. To move each spike by a few steps hardly changes its accuracy. What should you test next?",
            (
                Option(
                    "Shuffled times, same net",
                    "The accuracy that is left comes from which neurons fired.",
                    right=True,
                ),
                Option("Nothing: it is robust", "The network may ignore what you disturbed."),
                Option("A network twice as large", "First find out what this one reads."),
            ),
        ),
    ),
}  # fmt: skip

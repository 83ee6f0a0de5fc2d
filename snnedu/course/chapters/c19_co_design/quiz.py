"""The quiz of 19 · Co-design."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "19": (
        Question(
            "The weights of each neuron have a scale of their own. How many multiplications does the chip pay for it?",
            (
                Option(
                    "One for each spike",
                    "A spike adds an integer to a sum. The scale does not enter there.",
                ),
                Option(
                    "None: each threshold absorbs it",
                    "Sums are in units of s, and θ / s is a number that is stored anyway.",
                    right=True,
                ),
                Option(
                    "One for each step",
                    "The membrane stays in units of s: nothing has to be scaled back.",
                ),
            ),
        ),
        Question(
            "Why does training with rounded weights use a gradient that is not the true one?",
            (
                Option(
                    "The true one takes too much time",
                    "It takes no time at all: it is 0 almost everywhere.",
                ),
                Option(
                    "The true one explodes over the steps",
                    "Rounding is no step in time. Its slope is 0, or does not exist.",
                ),
                Option(
                    "The true one is 0 nearly everywhere",
                    "A small change of a weight does not change what it is rounded to.",
                    right=True,
                ),
            ),
        ),
        Question(
            "A time constant of 20 ms, a step of 1 ms. Which shift comes nearest?",
            (
                Option(
                    "k = 4: 16 steps",
                    "20 is 1.25 times 16, and 32 is 1.6 times 20.",
                    right=True,
                ),
                Option("k = 5: 32 steps", "32 is 1.6 times 20. 16 is nearer."),
                Option("k = 20: 20 steps", "A shift by k lasts for 2ᵏ steps: that is a million."),
            ),
        ),
        Question(
            "A membrane of 8 bits gets more headroom: 8 θ in place of 2 θ. What is the price?",
            (
                Option(
                    "It saturates at smaller sums",
                    "It saturates later: that is what headroom is.",
                ),
                Option(
                    "Fewer values are left below θ",
                    "θ is about 15 then, in place of about 63: currents are rounded more coarsely.",
                    right=True,
                ),
                Option(
                    "Its weights must have fewer bits",
                    "Weights keep their bits. Their sums are moved to fit the membrane.",
                ),
            ),
        ),
        Question(
            "A colleague trained with mismatch of 20 %, and reports 95 % on chips. What do you ask first?",
            (
                Option(
                    "What ordinary training reaches there",
                    "Without that number, nobody knows what the robust training was good for.",
                    right=True,
                ),
                Option(
                    "What the network reaches on a perfect chip",
                    "That says what mismatch costs, but not whether the training helped.",
                ),
                Option(
                    "Why the mismatch was not larger than 20 %",
                    "A fair question, once it is clear that robust training helped at all.",
                ),
            ),
        ),
        Question(
            "80 % of the weights are pruned, to zeros at random places. When is energy saved?",
            (
                Option(
                    "Always, as zeros need no energy",
                    "A chip that reads a zero and adds it pays as for any number.",
                ),
                Option(
                    "Never, as places are irregular",
                    "Chips that store only what is left do exist. They also store its place.",
                ),
                Option(
                    "If the chip skips what is zero",
                    "And the address of each weight that stays must be cheaper than the zeros.",
                    right=True,
                ),
            ),
        ),
    ),
}

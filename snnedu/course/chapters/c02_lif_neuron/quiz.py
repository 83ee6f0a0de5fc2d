"""The quiz of 02 · The leaky neuron."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "02": (
        Question(
            "β is 0.9. What is left of a membrane potential of 1 after two steps without input?",
            (
                Option("0.80", "The leak is not the same amount each time; it is the same share."),
                Option("0.81", "Each step leaves the share β: 0.9 × 0.9.", right=True),
                Option("0.10", "That would be the share that leaks in one step."),
            ),
        ),
        Question(
            "A current is switched on, and U rises. You double the resistance R and leave C as it is. "
            "Now U rises …",
            (
                Option(
                    "twice as high, same pace",
                    "τ = R C doubles as well: U takes longer to arrive.",
                ),
                Option("same height, half the pace", "The height is R I, and it doubles."),
                Option(
                    "twice as high, half the pace",
                    "R is in the height R I and in the time constant τ = R C.",
                    right=True,
                ),
            ),
        ),
        Question(
            "You double τ and leave everything else. What happens to β?",
            (
                Option("It comes closer to 1", "A slower membrane keeps more.", right=True),
                Option("It becomes twice as large", "β is a share: it stays below 1."),
                Option("It stays as it was before", "β follows from τ and Δt: β = exp(-Δt/τ)."),
            ),
        ),
        Question(
            "A constant current below the rheobase flows for an hour. How many spikes are fired?",
            (
                Option(
                    "one, when U has arrived", "U comes ever closer to R I, and that is below θ."
                ),
                Option("none, however long it lasts", "U stays below θ.", right=True),
                Option("few, with long intervals", "Without noise there is none at all."),
            ),
        ),
        Question(
            "The steps become ever shorter, at a constant current. The difference between the "
            "resets “subtract” and “zero” …",
            (
                Option(
                    "grows, since there are more steps",
                    "There is one surplus for each spike, not for each step.",
                ),
                Option(
                    "stays, since both lower U by θ",
                    "They do so only if U is exactly θ. The surplus above θ comes from one step.",
                ),
                Option(
                    "vanishes, since no surplus is left",
                    "A smooth current lifts U to θ and hardly beyond it.",
                    right=True,
                ),
            ),
        ),
        Question(
            "Two libraries run the same weights and disagree by a few spikes. What do you compare "
            "first?",
            (
                Option(
                    "the formula of β, and the reset",
                    "Both differ between libraries, and both change when a neuron fires.",
                    right=True,
                ),
                Option(
                    "the seeds of the random numbers",
                    "Running trained weights draws no random numbers, unless the input does.",
                ),
                Option(
                    "the learning rate and the loss",
                    "They matter for training. Here the weights are the same.",
                ),
            ),
        ),
    ),
}

"""The quiz of 02 · The leaky neuron."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "02": (
        Question(
            "β is 0.9. What is left of a membrane potential of 1 after two steps without input?",
            (
                Option("0.81", "Each step leaves the share β: 0.9 × 0.9.", right=True),
                Option("0.8", "The leak is not the same amount each time; it is the same share."),
                Option("0.1", "That would be the share that leaks in one step."),
            ),
        ),
        Question(
            "You double τ and leave everything else. What happens to β?",
            (
                Option(
                    "It comes closer to 1", "A slower membrane keeps more in each step.", right=True
                ),
                Option("It doubles", "β is a share, below 1. It follows from τ by exp(-dt / τ)."),
                Option("Nothing", "β follows from τ and the step: β = exp(-dt / τ)."),
            ),
        ),
        Question(
            "A constant current below the rheobase flows for an hour. How many spikes does the neuron fire?",
            (
                Option("None", "The membrane comes to rest below the threshold.", right=True),
                Option(
                    "One, at the end",
                    "It comes closer and closer to its rest, and that lies below θ.",
                ),
                Option("Few, but some", "Without noise there is none at all."),
            ),
        ),
        Question(
            "You make the steps ever shorter at the same constant current. What happens to the "
            "difference between the resets “subtract” and “zero”?",
            (
                Option(
                    "It vanishes",
                    "A smooth current lifts U to θ and hardly beyond: nothing is left to keep or "
                    "to lose.",
                    right=True,
                ),
                Option("It stays", "The surplus above θ comes from one step's input. It shrinks."),
                Option(
                    "It grows",
                    "There are more steps, but each overshoots less, and there is one surplus per spike.",
                ),
            ),
        ),
    ),
}

"""The quiz of 10 · Memory."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "10": (
        Question(
            "A membrane should keep half of an input for 100 steps. Which β does that?",
            (
                Option("β = 0.5, as half is kept", "With 0.5 half is gone after a single step."),
                Option("β = 0.5 to the power 0.01", "To the power 100 it is 0.5.", right=True),
                Option("β = 0.5 to the power 100", "That is nearly 0: nothing survives a step."),
            ),
        ),
        Question(
            "Slow membranes recalled the cue badly after 100 rounds, and well after 400. What does this show?",
            (
                Option(
                    "They hold the cue, but learn slowly",
                    "More training could use the memory, so it was there.",
                    right=True,
                ),
                Option(
                    "The reset had erased the cue",
                    "Then more training could not have brought it back.",
                ),
                Option(
                    "Their time constants were too short",
                    "They started with the same ones as the synapses, from 2 to 40 steps.",
                ),
            ),
        ),
        Question(
            "An adaptive neuron heard the cue and fired. How does it show this when asked?",
            (
                Option(
                    "It fires more than without a cue",
                    "Its threshold is higher for a while: the same input does less.",
                ),
                Option(
                    "It fires less than without a cue",
                    "Its threshold is still raised. The network must read silence.",
                    right=True,
                ),
                Option(
                    "It goes on firing until it is asked",
                    "That is what a recurrent network may do. Adaptation makes firing rarer.",
                ),
            ),
        ),
        Question(
            "What is the state of a delay of 30 steps on 64 channels?",
            (
                Option(
                    "64 numbers, one per channel", "What came in 29 steps ago must be kept, too."
                ),
                Option("30 numbers, one for each step", "Each channel has inputs of its own."),
                Option("1,920 numbers, 30 per channel", "Each input waits 30 steps.", right=True),
            ),
        ),
        Question(
            "Why is the bell around a learned delay wide at first?",
            (
                Option(
                    "A wide bell lets more spikes through",
                    "Each bell sums to 1: it lets through as much, spread over more steps.",
                ),
                Option(
                    "Its gradient sees steps that are far away",
                    "A narrow one sees its neighbors only, and stays where it is.",
                    right=True,
                ),
                Option(
                    "Chips can only build delays that are wide",
                    "Chips have delays of whole steps. At the end σ is 0.",
                ),
            ),
        ),
        Question(
            "A spiking network names 95 % of the speakers. What shows that it uses memory?",
            (
                Option(
                    "Its accuracy is above that of guessing",
                    "A network that judges each frame alone was above guessing, too.",
                ),
                Option(
                    "Speech is spread in time, so it must",
                    "The speaker can be heard in single frames.",
                ),
                Option(
                    "A network without memory does worse",
                    "Here it did not: on these data memory was not needed.",
                    right=True,
                ),
            ),
        ),
    ),
}

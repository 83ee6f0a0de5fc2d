"""The quiz of 12 · From a trained network to spikes."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "12": (
        Question(
            "Which neuron does the work of a ReLU, as well as T steps allow?",
            (
                Option(
                    "No leak, subtracts θ at a spike",
                    "It adds up all its input, and what is above θ counts for the next spike.",
                    right=True,
                ),
                Option(
                    "No leak, goes to 0 at a spike",
                    "What is above θ gets lost: at 0.7 θ it fires 50 times, not 70.",
                ),
                Option(
                    "A slow leak, subtracts θ as well",
                    "Weak currents leak away before they reach θ, so small activations vanish.",
                ),
            ),
        ),
        Question(
            "T goes from 8 to 16. The largest error without clipping, at a constant input …",
            (
                Option("falls to a quarter", "One stair is θ/T high: it is half as high now."),
                Option("halves", "One stair is θ/T high, and the error half of it.", right=True),
                Option("stays the same", "More steps give more stairs between 0 and θ."),
            ),
        ),
        Question(
            "You have 2 steps. What speaks for a threshold below the largest activation?",
            (
                Option(
                    "It makes the neurons fire less",
                    "A lower threshold makes them fire more.",
                ),
                Option(
                    "It removes the clipping error",
                    "It adds clipping: what exceeds θ is lost.",
                ),
                Option(
                    "It makes the stairs lower",
                    "One stair is θ/2 then, for all activations that are not clipped.",
                    right=True,
                ),
            ),
        ),
        Question(
            "A neuron has the threshold 3. What happens to the layer that receives its spikes?",
            (
                Option(
                    "Weights times 3, biases as they are",
                    "A spike stands for 3. A bias is a current, and no spike.",
                    right=True,
                ),
                Option(
                    "Weights and biases times 3, both",
                    "A bias flows at every step by itself: it needs no factor.",
                ),
                Option(
                    "Weights divided by 3, biases as they are",
                    "Dividing makes the spikes weaker, but each stands for more than 1.",
                ),
            ),
        ),
        Question(
            "All layers run at once, and a count in layer 3 is off by one. Why?",
            (
                Option(
                    "Its bias was left out",
                    "Then many counts would be off, and by more than one.",
                ),
                Option(
                    "Its input came unevenly",
                    "It fired before the inhibition came, or too late. A spike cannot be taken back.",
                    right=True,
                ),
                Option(
                    "Its threshold is too low",
                    "The ANN has the same threshold: both clip and round alike.",
                ),
            ),
        ),
        Question(
            "With a window of 8, a network of three hidden layers needs 32 steps. What do you get for it?",
            (
                Option(
                    "More right answers than the ANN",
                    "It has exactly the quantized ANN's answers, the wrong ones, too.",
                ),
                Option(
                    "A quarter as many spikes in all",
                    "Both ways fire about as many spikes: the counts are close to those of the ANN.",
                ),
                Option(
                    "The counts of the quantized ANN",
                    "To the integer, since all input has arrived before a layer fires.",
                    right=True,
                ),
            ),
        ),
    ),
}

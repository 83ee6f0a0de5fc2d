"""The quiz of 05 · Spiking networks."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "05": (
        Question(
            "You give each neuron ten times as many inputs of the same weight. What happens?",
            (
                Option(
                    "Its input grows tenfold: it may saturate",
                    "So weights must shrink as the fan-in grows.",
                    right=True,
                ),
                Option(
                    "Nothing, the inputs average out",
                    "They add up. Averaging needs weights of 1/n.",
                ),
                Option(
                    "It becomes silent",
                    "More input of the same sign brings it closer to the threshold.",
                ),
            ),
        ),
        Question(
            "A network has six layers with PyTorch's default weights. Why are the last layers silent?",
            (
                Option(
                    "Each layer passes on less than it received",
                    "A rate that shrinks from layer to layer is soon zero.",
                    right=True,
                ),
                Option(
                    "Their weights are smaller",
                    "The weights of all layers were drawn in the same way.",
                ),
                Option(
                    "Spikes take time to travel",
                    "Here they pass through all layers within one step.",
                ),
            ),
        ),
        Question(
            "What makes a network of excitatory and inhibitory neurons fire irregularly?",
            (
                Option(
                    "Both inputs are large and nearly cancel; what is left fluctuates",
                    "The membrane hovers below the threshold and crosses it by chance.",
                    right=True,
                ),
                Option(
                    "Noise is added to each neuron",
                    "Here the input from outside is random, but none is needed: theory finds the same with a constant input.",
                ),
                Option(
                    "Inhibition switches neurons off at random",
                    "Its wiring was drawn at random, once. When a neuron fires depends on which neurons spiked before.",
                ),
            ),
        ),
    ),
}

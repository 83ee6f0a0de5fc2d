"""The quiz of 13 · Spike times."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "13": (
        Question(
            "The count of spikes has no useful slope. Why does the time of a spike have one?",
            (
                Option(
                    "V crosses θ at a time that moves smoothly",
                    "A small change of V moves the crossing a little.",
                    right=True,
                ),
                Option(
                    "A surrogate smooths the threshold in time",
                    "There is no surrogate here. The slope is the true one.",
                ),
                Option(
                    "Time steps are made small enough for that",
                    "There are no steps: the time is a root of an equation.",
                ),
            ),
        ),
        Question(
            "V climbs through θ very steeply. What does that mean for dt*/dw?",
            (
                Option("It is large", "A steep V reaches θ at about the same time anyway."),
                Option("It is zero", "It is small, but not zero: the rise is finite."),
                Option("It is small", "It is divided by the rise dV/dt.", right=True),
            ),
        ),
        Question(
            "What does the exact gradient say about a neuron that is silent for all samples?",
            (
                Option(
                    "That a larger weight would wake it up",
                    "This is true, but the gradient does not know it.",
                ),
                Option(
                    "Nothing: the gradient is exactly zero",
                    "A spike that is not there has no time to move.",
                    right=True,
                ),
                Option(
                    "That its weights should become smaller",
                    "No spike of it enters the loss, so no weight is pushed.",
                ),
            ),
        ),
        Question(
            "What does EventProp keep of the forward pass for its backward pass?",
            (
                Option(
                    "The times of all spikes, and the currents there",
                    "From these it walks backward, from event to event.",
                    right=True,
                ),
                Option(
                    "The membranes of all neurons, at every time step",
                    "That is what backpropagation through time keeps.",
                ),
                Option(
                    "The slopes of all spike times by all of the weights",
                    "That table would be huge. Credit p and q replace it.",
                ),
            ),
        ),
        Question(
            "Between two events, walking backward, what happens to q, the credit of the current?",
            (
                Option(
                    "It jumps wherever the neuron itself fires",
                    "It is p that jumps there: V is reset, I is not.",
                ),
                Option(
                    "It stays the same until an input arrives",
                    "The current decays, and so does its credit.",
                ),
                Option(
                    "It decays, and takes up some of the credit p",
                    "The current flows into V, so V's credit flows into q.",
                    right=True,
                ),
            ),
        ),
        Question(
            "A network that learns from spike times has gone silent. What helps?",
            (
                Option(
                    "A smaller learning rate, and more patience",
                    "Zero times any learning rate is zero.",
                ),
                Option(
                    "A push on the weights of silent neurons",
                    "It acts on the weights directly, without a spike.",
                    right=True,
                ),
                Option(
                    "More training data of the same difficulty",
                    "None of it makes the neurons fire.",
                ),
            ),
        ),
    ),
}

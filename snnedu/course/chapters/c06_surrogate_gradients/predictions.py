"""The predictions of 06 · Surrogate gradients."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "06.p1": Prediction(
        question="We turn w slowly from 0 to 1 and plot the loss. What does the curve look like?",
        options=(
            Option("A smooth valley", "The count of spikes is a whole number: it cannot glide."),
            Option("A straight line", "The loss falls and rises again: 10 spikes are in between."),
            Option("A staircase", "The count of spikes changes by whole numbers.", right=True),
        ),
        reply="Almost everywhere the curve is flat.",
    ),
    "06.p2": Prediction(
        question="We go through 1,438 digits three times. Which layers' weights move?",
        options=(
            Option("All three", "Each layer gets its gradient through spikes, whose slope is 0."),
            Option(
                "Only the last",
                "Even at the last layer a spike stands between the weights and the loss.",
            ),
            Option("None of them", "Every gradient is multiplied by a slope of 0.", right=True),
        ),
    ),
    "06.p3": Prediction(
        question="The slope k of atan grows from 2 to 8. What happens at a distance of 1 from θ?",
        options=(
            Option("The neuron learns more", "The hill grows higher near 0 only. At 1 it shrinks."),
            Option(
                "The neuron learns less",
                "The hill gets narrower: at 1 little of it is left.",
                right=True,
            ),
            Option("Nothing changes there", "Set the distance to 1, then move k."),
        ),
    ),
    "06.p4": Prediction(
        question="How many of the 359 test digits will the network get right now?",
        unit="digits",
        between=(0, 359),
        close=30,
        low="The slope is wrong, but it points well enough.",
        high="Three rounds are few. With more it gets better.",
        reply="Before, with the true derivative, it guessed.",
    ),
    "06.p5": Prediction(
        question="Which surrogate keeps the gradient of layer 1 about as large as that of layer 6?",
        options=(
            Option(
                "fast_sigmoid with k = 25",
                "The hill of this fast sigmoid is narrow and only 1 high: most of the gradient is lost.",
            ),
            Option(
                "sigmoid with k = 25", "The hill of this sigmoid is 25/4 high: the gradient grows."
            ),
            Option("atan with k = 1", "Its hill is low and wide: the two balance.", right=True),
        ),
    ),
    "06.p6": Prediction(
        question="We train with Adam, and the hill becomes ten times as high. Where does accuracy suffer?",
        options=(
            Option(
                "With the reset detached",
                "With the reset detached a factor cancels: Adam does not see it.",
            ),
            Option(
                "With the reset in the gradient",
                "Adam cancels a common factor, but not one that only some paths have.",
                right=True,
            ),
            Option("In both trainings", "With the reset detached Adam does not see the height."),
            Option(
                "In neither of them", "Only some paths have the factor: those through the reset."
            ),
        ),
    ),
    "06.p7": Prediction(
        question="We train with SGD at a learning rate of 0.1, which fits the hill as it was. Which hill hardly learns now?",
        options=(
            Option(
                "Only the one ten times lower", "Ten times higher, and its steps are too large."
            ),
            Option(
                "Only the one ten times higher", "Ten times lower, and its steps are too small."
            ),
            Option(
                "Both the lower and the higher",
                "SGD takes the size of a gradient as it comes.",
                right=True,
            ),
            Option("None, as with Adam", "SGD does not divide a gradient by its usual size."),
        ),
        reply="A smaller learning rate makes up for a higher hill.",
    ),
}

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
            Option("Only the last", "Even there a spike stands between the weights and the loss."),
            Option("None of them", "Every gradient is multiplied by a slope of 0.", right=True),
        ),
    ),
    "06.p3": Prediction(
        question="How many of the 359 test digits will the network get right now?",
        unit="digits",
        between=(0, 359),
        close=30,
        low="The slope is wrong, but it points well enough.",
        high="Three rounds are few. With more it gets better.",
        reply="Before, with the true derivative, it guessed.",
    ),
    "06.p4": Prediction(
        question="Which surrogate keeps the gradient of layer 1 about as large as that of layer 6?",
        options=(
            Option(
                "fast_sigmoid with k = 25",
                "Its hill is narrow and only 1 high: most of it is lost.",
            ),
            Option("sigmoid with k = 25", "Its hill is 25/4 high: the gradient grows."),
            Option("atan with k = 1", "Its hill is low and wide: the two balance.", right=True),
        ),
    ),
    "06.p5": Prediction(
        question="The hill becomes ten times as high. In which training does accuracy suffer?",
        options=(
            Option("In all of them", "Adam with the reset detached does not even notice."),
            Option("Only with SGD", "Look at Adam with the reset in the gradient, too."),
            Option(
                "With SGD, and with the reset in the gradient",
                "Adam cancels a common factor, but not one that only some paths have.",
                right=True,
            ),
            Option("In none of them", "A factor does not change the direction, but the size."),
        ),
    ),
}

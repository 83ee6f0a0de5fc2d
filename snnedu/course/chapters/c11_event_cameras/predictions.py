"""The predictions of 11 · Event cameras."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "11.p1": Prediction(
        question="The light on one pixel rises from 1 to 2, on another from 50 to 100. Which sends more events?",
        options=(
            Option("The first", "The first light is weaker, but it doubles, too."),
            Option("The second", "The second light rises by more, but a pixel looks at the ratio."),
            Option("Both the same number", "The light doubles on both.", right=True),
        ),
    ),
    "11.p2": Prediction(
        question="The digit covers the same distance in half the time. How many events does an ideal camera send, which misses no change?",
        options=(
            Option("Half as many", "Each pixel still sees every change of its light."),
            Option("The same number", "All of them come in half the time.", right=True),
            Option("Twice as many", "Twice as many come per millisecond, for half as long."),
        ),
    ),
    "11.p3": Prediction(
        question="A bar crosses the sensor to the right, then another to the left. You count the events of each pixel. What differs?",
        options=(
            Option(
                "ON and OFF are swapped", "A bright bar brings ON first, wherever it comes from."
            ),
            Option("Nothing differs", "All that differs is the order.", right=True),
            Option("The counts at the edges", "The bar enters and leaves at both edges."),
        ),
    ),
    "11.p4": Prediction(
        question="A pixel has 8 neighbors, each with 5 random events a second. Nothing else happens. What percentage of the random events passes a filter with a window of 5 ms?",
        unit="%",
        between=(0, 100),
        close=5,
        low="There are 8 chances of 5 · 0.005 each.",
        high="A neighbor fires by chance in 2.5 % of all windows, and there are 8 of them.",
        reply="One of 8 neighbors fires in the window with probability 1 - exp(-8 · 5 · 0.005) ≈ 18 %. At the border there are fewer.",
    ),
    "11.p5": Prediction(
        question="On the line camera we keep each channel's counts, but draw their times at random, in training and test. What percentage of the test digits does a network then read?",
        unit="%",
        between=(0, 100),
        close=10,
        low="The counts still say how often each line changes: that tells some digits apart.",
        high="A line of pixels sees one column at a time: the shape lies in the order.",
        reply="Ten percent would be guessing.",
    ),
    "11.p6": Prediction(
        question="Test recordings run backwards. Which network loses more of its accuracy: the one without delays, or the one with them?",
        options=(
            Option("Without delays", "Both lose; delays tie a network to the order even more."),
            Option(
                "With delays", "Such a network has learned which event follows which.", right=True
            ),
            Option("Both lose about as much", "Delays look for an order; backwards it is wrong."),
        ),
    ),
}

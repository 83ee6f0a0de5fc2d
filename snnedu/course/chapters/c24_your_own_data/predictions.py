"""The predictions of 24 · Your own data."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "24.p1": Prediction(
        question="Frames of 5 ms in place of 25 ms: five times as many frames, of the same events. By what factor does the number of entries that are not 0 increase, over the whole window of a wave?",
        options=(
            Option(
                "about 1.3",
                "Most entries at 25 ms hold a single event. That event also fills a single entry at 5 ms.",
                right=True,
            ),
            Option(
                "about 2.5",
                "For that, most entries at 25 ms would hold several events. Most hold one.",
            ),
            Option(
                "about 5",
                "The frames are five times as many, the events are not: each still fills one entry.",
            ),
        ),
    ),
    "24.p2": Prediction(
        question="The network is new, and has PyTorch's weights. In what percentage of the steps do the neurons of its last layer fire?",
        unit="%",
        between=(0, 100),
        close=1,
        high="Few pixels see an event in a step, and each layer passes on less than it got.",
    ),
    "24.p3": Prediction(
        question="Nearly every test window was right. Twelve other persons now record the same gestures. What balanced accuracy do you expect?",
        unit="%",
        between=(0, 100),
        close=4,
        low="Of our three classes, guessing would get 33 %.",
        high="The test windows were cut from the files of the training windows: same person, same place, same room.",
    ),
    "24.p4": Prediction(
        question="Weights of 4 bits: 15 values for each channel. How does the balanced accuracy on the newcomers change?",
        options=(
            Option(
                "Less than 5 points",
                "Sums of many rounded weights, and counts of many steps, even the rounding out.",
                right=True,
            ),
            Option("Falls by about 10 points", "Two bits do that, or worse. Four keep enough."),
            Option("Falls to mere guessing", "15 values are enough for this network."),
        ),
    ),
    "24.p5": Prediction(
        question="The report with 8 bits in place of 32: what percentage of the energy is left?",
        unit="%",
        between=(0, 200),
        close=5,
        low="Memory costs most of it, and a byte costs about a quarter of four bytes.",
        high="A number has a quarter of the bits, and an access costs about a quarter.",
    ),
    "24.p6": Prediction(
        question="The same twelve persons come again and make new recordings. By how many points is the estimate by windows too high for them, on average over the eight splits?",
        unit="points",
        between=(-100, 100),
        close=3,
        low="Even known persons stand elsewhere in the picture the next time, in another room.",
        high="The network does know these persons, and reads most of their new recordings.",
    ),
}

"""The predictions of 09 · Convolutional SNNs."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "09.p1": Prediction(
        question="Four neighbors spike or are silent. What comes out of an average pooling of the four?",
        options=(
            Option("A spike, if most spike", "A vote needs a threshold of its own."),
            Option(
                "A fraction, such as 1/4",
                "Look at the gray pixels. A wire for spikes cannot send them.",
                right=True,
            ),
            Option(
                "Up to four spikes", "An average is one number in one step: a sum, divided by 4."
            ),
        ),
    ),
    "09.p2": Prediction(
        question="Four neurons each spike in 10 % of the steps, each at random. In how many steps does their OR spike?",
        unit="% of the steps",
        between=(1, 100),  # 0.34 is refused: the unit is percent
        close=5,
        low="The four hardly ever spike together, so the OR spikes more often than any one of them.",
        high="Together they spike 40 times in 100 steps. Sometimes two of these fall into one step.",
        reply="1 - 0.9⁴: the OR of spikes is not the maximum of rates.",
    ),
    "09.p3": Prediction(
        question="The first layer of our network spikes at a digit. How many of its spikes leave the pooling by OR?",
        unit="% of the spikes",
        between=(1, 100),
        close=12,
        low="At most three of four spikes can be lost, and only where four neighbors spike together.",
        high="Neighbors see nearly the same ink: often they spike in the same step.",
        reply="Coincident spikes become one.",
    ),
    "09.p4": Prediction(
        question="Batch norm gives the current of each channel mean 0 and spread 1, and θ is 1. In how many steps does a neuron of a fresh network spike?",
        unit="% of the steps",
        between=(0, 100),
        close=4,
        low="Some 16 % of a bell curve lie above 1, and a membrane also collects smaller currents.",
        high="Half of the currents are negative, and only a sixth of all exceed θ at once.",
        reply="It holds in every layer, since each one is normalized again.",
    ),
    "09.p5": Prediction(
        question="The trained network looks at a digit for 2 steps, not 5. By how much does the share of right answers fall?",
        unit="percentage points",
        between=(-10, 90),
        close=1.5,
        low="It does lose a little: two steps are few spikes.",
        high="A picture that stands still says in the second step what it says in the fifth.",
        reply="With two steps the network fires about a third of the spikes, or fewer.",
    ),
    "09.p6": Prediction(
        question="How far is one norm for each step ahead of one norm for all steps, in right answers? A minus means that it is behind. Mean over six seeds:",
        unit="percentage points",
        between=(-100, 100),
        close=2,
        low="It costs less than that.",
        high="It helps less than that here.",
        reply="Seeds differ by more than the two norms do.",
    ),
}

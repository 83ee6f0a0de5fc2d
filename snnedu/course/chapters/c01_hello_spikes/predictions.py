"""The predictions of 01 · Hello, spikes."""

from math import inf

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "01.p1": Prediction(
        question="Eight pixels of ink 0.5 toss 25 coins each. Their spike counts will be …",
        options=(
            Option("all equal, 12 or 13", "Each pixel tosses its own coins, so the counts differ."),
            Option(
                "unequal, most from 10 to 15",
                "The mean is 12.5, and most counts lie within 2.5 of it.",
                right=True,
            ),
            Option(
                "anywhere from 0 to 25",
                "All heads, or none, would need a luck that you will never see with 25 coins.",
            ),
        ),
    ),
    "01.p2": Prediction(
        question="You want half the error. How many times as many steps do you need?",
        unit="times",
        between=(0, inf),
        close=0.5,
        low="Chance averages out slowly: twice the steps leave 0.71 of the error.",
        high="Chance averages out faster than that.",
        reply="The error falls with the square root of the steps.",
    ),
    "01.p3": Prediction(
        question="Nothing is trained yet. What share of the test scans will be read rightly?",
        unit="%",
        between=(0, 100),
        close=8,
        low="Even a guess hits one of ten classes.",
        high="Random weights know nothing about digits.",
        reply="One in ten would be pure guessing.",
    ),
    "01.p4": Prediction(
        question="The picture is blank: no ink at all. Over all 359 scans, the network answers …",
        options=(
            Option(
                "nothing at all",
                "`argmax` always names a class, even if no neuron has fired.",
            ),
            Option(
                "one and the same digit",
                "All blank pictures are alike, so their answers are alike.",
                right=True,
            ),
            Option(
                "different digits by chance",
                "There are no coins to toss: without ink no pixel spikes, so nothing is random.",
            ),
        ),
    ),
    "01.p5": Prediction(
        question="The dense network needs 7,400 MACs a scan. How many additions for each of these "
        "does the spiking network need, in 25 steps?",
        unit="additions",
        between=(0, 25),  # a weight is added once a step at most
        factor=1.5,
        low="Each weight is used again at every spike, and there are 25 steps.",
        high="Not every neuron fires at every step.",
    ),
    "01.p6": Prediction(
        question="The rate code sends this film in 414 spikes. How many events does an event camera "
        "need, one for each change of 0.1?",
        unit="events",
        between=(0, inf),
        factor=1.3,
        low="A dark pixel that appears has changed by 0.1 several times, and sends several events.",
        high="The film stands still most of the time, and then nothing is sent.",
    ),
    "01.p7": Prediction(
        question="Among the networks as accurate as the dense one (within one point), the cheapest "
        "spiking one needs …",
        options=(
            Option(
                "less than half its energy",
                "The cheap spiking networks are there, but they make more errors.",
            ),
            Option(
                "about the same energy",
                "With equal rules the two end up side by side.",
                right=True,
            ),
            Option(
                "more than twice its energy",
                "25 steps of coins do cost so much. Fewer steps, or no coins, are much cheaper.",
            ),
        ),
    ),
}

"""The prediction of 00 · Start here."""

from snnedu.course.exercise import Prediction

PREDICTIONS = {
    "00.p1": Prediction(
        question=(
            "A current of 0.3 flows into this neuron at each of 25 steps. β is 0.9 and θ is 1. "
            "How many spikes does it fire?"
        ),
        unit="spikes",
        between=(0, 25),
        close=1,
        low="The input of several steps adds up: after four steps U exceeds θ for the first time.",
        high="Even without the leak it would be seven: 25 steps of 0.3 are 7.5, and a spike costs 1.",
        reply="The leak takes a tenth of U at each step.",
    ),
}

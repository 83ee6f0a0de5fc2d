"""The predictions of 00 · Start here."""

from snnedu.course.exercise import Option, Prediction

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
    "00.p2": Prediction(
        question="And if β is 0? Then the neuron forgets everything at each step. It fires …",
        options=(
            Option("as often", "Nothing adds up any more: U is 0.3 at every step."),
            Option("less often", "Less often is true at β = 0.8. At 0, U is 0.3 at every step."),
            Option("never", "Set β to 0: U is 0.3 at every step, and θ is 1.", right=True),
        ),
    ),
}

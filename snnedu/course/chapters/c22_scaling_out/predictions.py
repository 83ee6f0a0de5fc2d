"""The predictions of 22 · Scaling out."""

from math import inf

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "22.p1": Prediction(
        question="A training step of a network with 128 neurons takes some time for one sample. How many times as long does it take for a batch of 64?",
        unit="times as long",
        factor=1.6,
        between=(0.5, inf),
        low="Some of the work does grow with the batch.",
        high="Most of the time for a single sample is not arithmetic. It is spent on starting each of many small operations.",
        reply="A batch shares what does not depend on its size.",
    ),
    "22.p2": Prediction(
        question="The same training in float32, in one process and in two. A number in float32 has about 7 digits. The largest difference between their weights will be about 10 to the power of …",
        close=1,
        between=(-20, 1),
        low="Rounding does not stay small here: it can turn a spike on or off.",
        high="The difference is large, but the two runs stay close for a while: few spikes have turned.",
        reply="Rounding alone stays below -5. If it is above, rounding has turned a spike: a membrane that is nearly at its threshold decides by its last digit.",
    ),
    "22.p3": Prediction(
        question="One tenth of a step's time does not split. There is no communication. 64 processes share the batch. How much faster are they?",
        options=(
            Option(
                "About 58 times",
                "The nine tenths do split. The other tenth takes as long as before.",
            ),
            Option(
                "About 15 times",
                "The tenth that does not split stays, so the speed-up cannot be more than 10.",
            ),
            Option(
                "About 9 times",
                "The fixed part alone takes a tenth of the old time, so 10 is the limit.",
                right=True,
            ),
        ),
    ),
    "22.p4": Prediction(
        question="This small network, trained by two processes instead of one on this machine: how many times as fast will an epoch be?",
        unit="times as fast",
        factor=1.3,
        between=(0, 4),
        low="Splitting the batch does save some time.",
        high="Fixed work does not split, and the two must wait for each other in every batch.",
        reply="Below 1, two processes are slower than one. Two are rarely twice as fast.",
    ),
    "22.p5": Prediction(
        question="We run a network for 100 steps with weights, β and inputs in bfloat16 instead of float32. For every 100 spikes, how many neurons and steps will have a spike in one run and none in the other?",
        unit="for every 100 spikes",
        factor=1.6,
        between=(0, 200),
        low="A wrong β leaks too much in every step, and a spike is all or nothing.",
        high="Most membranes are far from the threshold at most steps.",
        reply="The number of spikes hardly changes. But many come at another step, or from another neuron.",
    ),
    "22.p6": Prediction(
        question="1,024 steps of 2,048 neurons without reset, on one core. The matrix product does all steps at once. How many times as long does our compiled loop over the steps take?",
        unit="times as long",
        factor=3,
        between=(0, inf),
        low="You expected the loop to win by even more.",
        high="The product multiplies every step with every other step. The loop visits each step once.",
        reply="Below 1 the loop wins: one core has nothing to gain from steps that could run at the same time.",
    ),
}

"""The predictions of 13 · Spike times."""

from math import inf

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "13.p1": Prediction(
        question=(
            "The weight of the only input grows by 1 %, from 6 to 6.06. By how many percent does "
            "the time from the input to the output spike shrink?"
        ),
        unit="%",
        between=(0, 100),
        close=0.3,
        low="The bump is 1 % higher, but flat near θ: 1 % of height is more than 1 % of time.",
        high="V still climbs fast enough through θ at this weight.",
        reply="The count stays the same, but the time moves.",
    ),
    "13.p2": Prediction(
        question="Input A comes at 0. You drag input B from there to later times. What does the output spike do?",
        options=(
            Option("It comes later and later, without end", "For a while it does. Drag B to 3."),
            Option(
                "It comes later, faster and faster, and is gone",
                "Before it dies, its slope grows without bound.",
                right=True,
            ),
            Option(
                "It stays where it is for a while, and then jumps",
                "The spike moves with every step of the slider.",
            ),
        ),
    ),
    "13.p3": Prediction(
        question=(
            "At w = 5 the slope dt*/dw is -0.25. How large is it, without its sign, at w = 4.0001?"
        ),
        unit="τ_s / θ",
        between=(0, inf),
        factor=2,
        low="V only just touches θ there, so that dV/dt is nearly 0. The slope is divided by it.",
        high="Only at 4 itself is the slope infinite.",
        reply="Closer to 4, it grows without bound.",
    ),
    "13.p4": Prediction(
        question=(
            "A neuron with weight 3.9 is silent, and should fire. How far has gradient descent moved "
            "its weight after 100 steps?"
        ),
        unit="θ",
        between=(0, inf),
        close=0.01,
        high="A weight of 4 is near, but the gradient does not know.",
        reply="No spike, no time, no slope: the gradient is exactly zero.",
    ),
    "13.p5": Prediction(
        question="How many of 100 fresh points will the network answer correctly after 15 epochs?",
        unit="points",
        between=(0, 100),
        close=1,
        low="Exact gradients learn this task well.",
        high="The points at the borders are hard.",
    ),
    "13.p6": Prediction(
        question=(
            "Two networks of 200 hidden neurons learn from the same 50 points. For the backward pass "
            "one keeps its spike times, the other 50 time steps. How many times as much memory does "
            "the second one take?"
        ),
        unit="times as much",
        between=(0, inf),
        factor=1.4,
        low="In most steps most neurons do not spike, but each step is kept.",
        high="Exact times are not free: each possible spike is kept with its current, both in 64 bits.",
    ),
    "13.p7": Prediction(
        question=(
            "Both networks start with weights that leave most neurons silent, without `lift`. The "
            "surrogate has slope 5. Which one answers at least half of the points in most runs?"
        ),
        options=(
            Option("The exact one", "Silent neurons get no exact gradient at all."),
            Option("The surrogate one", "The surrogate wakes neurons, but not the right outputs."),
            Option("Both of them", "The exact one does not move at all."),
            Option(
                "Neither of them",
                "Waking up is not yet learning. Look at the wide surrogate, too.",
                right=True,
            ),
        ),
    ),
}

"""The predictions of 13 · Spike times."""

from math import inf

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "13.p1": Prediction(
        question="You make the weight of the only input a tiny bit larger. What does the output spike do?",
        options=(
            Option("Nothing: the count stays", "The count stays, but the time does not."),
            Option("It comes a tiny bit earlier", "The time moves smoothly.", right=True),
            Option("It jumps to the next step", "There are no steps here: time is continuous."),
        ),
    ),
    "13.p2": Prediction(
        question=(
            "The weight comes closer to 4, where the spike dies. What happens to the slope dt*/dw?"
        ),
        options=(
            Option(
                "It goes to zero", "The slope is zero below 4, but it does not get there smoothly."
            ),
            Option("It stays about the same", "V climbs through θ ever more slowly."),
            Option("It grows without bound", "V only just touches θ: dV/dt → 0.", right=True),
        ),
    ),
    "13.p3": Prediction(
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
    "13.p4": Prediction(
        question="How many of 100 fresh points will the network answer rightly after 20 epochs?",
        unit="points",
        between=(0, 100),
        close=1,
        low="Exact gradients learn this task well.",
        high="The borders of the dots are hard.",
    ),
    "13.p5": Prediction(
        question=(
            "Two networks of 200 hidden neurons learn from the same 50 points. One keeps its spike "
            "times, the other 50 time steps. How many times as much memory does the second one take?"
        ),
        unit="times as much",
        between=(0, inf),
        factor=1.4,
        low="In most steps most neurons do not spike, but each step is kept.",
        high="Exact times are not free: each spike is kept in 64 bits, with its current.",
    ),
    "13.p6": Prediction(
        question=(
            "Both networks start with weights that leave most neurons silent. Nothing else is "
            "changed. Which one answers at least half of the points rightly after training?"
        ),
        options=(
            Option("The exact one", "Silent neurons get no exact gradient at all."),
            Option("The surrogate one", "The surrogate wakes neurons, but not the right outputs."),
            Option("Both of them", "The exact one does not move at all."),
            Option("Neither of them", "Waking up is not yet learning.", right=True),
        ),
    ),
}

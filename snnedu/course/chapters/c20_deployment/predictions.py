"""The predictions of 20 · Deployment."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "20.p1": Prediction(
        question="Another program reads the file by the rules of NIR alone. What changes for the test digits?",
        options=(
            Option(
                "Hardly anything changes", "The reset was replaced: many hidden spikes come or go."
            ),
            Option(
                "Hidden spikes change, answers hardly",
                "The answer is a count over 25 steps, and forgives spikes that come and go.",
                right=True,
            ),
            Option("Hidden spikes and most answers change", "The counts stay close enough."),
        ),
    ),
    "20.p2": Prediction(
        question="The next program takes every step for 0.1 ms, in place of 1 ms. How many percent of the test digits are right now?",
        unit="%",
        between=(0, 100),
        close=8,
        low="Here and there a neuron still fires.",
        high="Each input moves the membrane a tenth as far. Nearly all digits get no output spike, and silence counts as a 0: one digit in ten.",
    ),
    "20.p3": Prediction(
        question="τ is 10 ms. The original subtracts θ at a spike; the reader sets the membrane to 0. Under the first, strong current, the neuron that was read fires …",
        options=(
            Option(
                "more often", "What is above θ is thrown away at each spike, so it takes longer."
            ),
            Option("as often", "What is above θ no longer counts for the next spike."),
            Option(
                "less often",
                "It loses what is above θ at each spike, and must collect it once more.",
                right=True,
            ),
        ),
    ),
    "20.p4": Prediction(
        question="Four frameworks read a file with nothing unusual: leaky neurons, reset to zero, dt = 1 ms, r = τ/dt. How many of them give the original's spikes?",
        unit="of 4",
        between=(0, 4),
        close=0.5,
        low="One of them reads all three numbers.",
        high="One takes 0.1 ms, one ignores r, one ignores dt.",
    ),
    "20.p5": Prediction(
        question="A sample comes every millisecond. A step takes 0.4 ms, but one in a hundred takes 5 ms. How many percent of the answers come later than 1 ms?",
        unit="%",
        between=(0, 100),
        close=1,
        low="After the slow step a queue has formed, and each step shortens it by 0.6 ms only.",
        high="The queue is gone after seven answers.",
    ),
    "20.p6": Prediction(
        question="In the task of spike times, which of the four ways gets the most right answers?",
        options=(
            Option(
                "as trained",
                "At home it runs on the neurons that it was trained for. A reset to zero suits this task better.",
            ),
            Option("exported", "Nobody trained it for these neurons."),
            Option(
                "exported, then trained on",
                "The last epochs repair much, but they start from weights that were trained for other neurons.",
            ),
            Option("for the target from the start", "All epochs went into the right neurons."),
        ),
    ),
}

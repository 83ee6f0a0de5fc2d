"""The predictions of 17 · Wetware."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "17.p1": Prediction(
        question=(
            "A culture of day 34 is recorded for two minutes. On each electrode, take the time from "
            "one report of the detector to the next. How many percent of these intervals are "
            "shorter than 2 ms?"
        ),
        unit="%",
        between=(0, 100),
        close=8,
        low="Such intervals are far more frequent than any neuron could make them.",
        high="About one report in two is new.",
        reply="No neuron fires twice within 2 ms: these are reports of one and the same spike.",
    ),
    "17.p2": Prediction(
        question=(
            "Counts of spikes in 200 ms: on which day do they vary most, compared with their mean?"
        ),
        options=(
            Option("On day 21, when it has just begun", "The cells fire one by one then."),
            Option("On day 34, when most cells are heard", "Many cells fire, but not together."),
            Option(
                "On day 59, in the middle of its life",
                "All cells fire together within a burst, and hardly any in between.",
                right=True,
            ),
            Option("On day 94, when few cells are left", "The bursts are small and short by then."),
        ),
    ),
    "17.p3": Prediction(
        question=(
            "On day 59, the counts of some electrodes are strongly correlated. Take the 20 pairs "
            "(first, second) with the strongest correlation. In how many does a cell at the first "
            "electrode have an excitatory synapse onto a cell at the second one?"
        ),
        unit="of 20 pairs",
        between=(0, 20),
        close=2,
        high="In a burst everybody fires. So pairs are correlated that are not connected.",
        low="Cells that are near each other are connected more often, and correlated, too.",
    ),
    "17.p4": Prediction(
        question="Which model predicts the spikes on held-out sound best, to 2 ms?",
        options=(
            Option(
                "A chance that depends on the sound alone",
                "The sound tells when spikes are likely, but not that the cell has just fired.",
            ),
            Option(
                "A chance that also knows its own spikes",
                "A memory helps a lot, but such a model still throws dice.",
            ),
            Option(
                "A leaky neuron, fitted by its gradient",
                "Threshold and reset fix the times; no dice are needed.",
                right=True,
            ),
        ),
    ),
    "17.p5": Prediction(
        question=(
            "Lessons come from your adaptive coach, at random, from a coach that knows (told), as "
            "told without plasticity (blocked), or not at all (none). In which arm does the pole "
            "stay up longest, in the last 20 of 40 trials?"
        ),
        options=(
            Option(
                "Adaptive, the others are alike",
                "So it was in the organoids. Our coach does not find the good lessons.",
            ),
            Option(
                "Told, the others are alike",
                "The synapses can hold it; the coach cannot find it in 40 trials.",
                right=True,
            ),
            Option(
                "Adaptive and told, both alike",
                "The adaptive coach would need more trials than these.",
            ),
            Option(
                "All arms are about alike here",
                "Most are, but the lessons that help make a difference.",
            ),
        ),
        reply="Four cultures an arm are few, and they differ much: look at every dot.",
    ),
    "17.p6": Prediction(
        question=(
            "A random search for one number, k, balances the same pole. How many trials does it "
            "need until one reaches the limit of 20 s? Give the median of eight searches."
        ),
        unit="trials",
        between=(1, 40),
        close=2,
        low="The first tries are close to k = 0, where hardly any force acts.",
        high="Half of all k have the right sign, and most of these suffice.",
    ),
}

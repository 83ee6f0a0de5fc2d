"""The predictions of 17 · Wetware."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "17.p1": Prediction(
        question=(
            "A culture of day 34 is recorded for two minutes. On each electrode, take the time from "
            "one report of the detector to the next. What percentage of these intervals "
            "is shorter than 2 ms?"
        ),
        unit="%",
        between=(0, 100),
        close=8,
        low="Such intervals are far more frequent than any neuron could make them.",
        high="About one report in two is new.",
        reply="Hardly any neuron fires twice within 2 ms: most of these are reports of one spike.",
    ),
    "17.p2": Prediction(
        question=(
            "Counts of spikes in 200 ms: on which day do they vary most, compared with their mean?"
        ),
        options=(
            Option(
                "On day 21, when it has just begun",
                "The cells fire one by one then. It is day 59, in the middle of bursts.",
            ),
            Option(
                "On day 34, when most cells are heard",
                "Many cells fire, but not together. It is day 59: then they burst.",
            ),
            Option(
                "On day 59, in the middle of its life",
                "All cells fire together within a burst, and hardly any in between.",
                right=True,
            ),
            Option(
                "On day 94, when few cells are left",
                "The bursts are small and short by then. On day 59, many more spikes come together.",
            ),
        ),
    ),
    "17.p3": Prediction(
        question=(
            "On day 59, the counts of some electrodes are strongly correlated. Take the 10 pairs "
            "with the strongest correlation. In how many does a synapse lead from a cell at the one "
            "electrode to a cell at the other? Give the mean of eight cultures."
        ),
        unit="of 10 pairs",
        between=(0, 10),
        close=1,
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
                "A memory helps a lot, but such a model still draws its spikes at random.",
            ),
            Option(
                "The filtered sound, above a threshold",
                "The threshold comes second: nothing is random. A leak and a fitted filter add to it.",
            ),
            Option(
                "A leaky neuron, fitted by its gradient",
                "Nothing in it is random, and leak and filter are fitted to the times.",
                right=True,
            ),
        ),
    ),
    "17.p5": Prediction(
        question=(
            "Lessons come from an adaptive coach, at random, from an adaptive coach while no synapse "
            "can change (blocked), or not at all (none). Which arms are ahead in the last 10 of 30 "
            "trials, with 20 cultures in each?"
        ),
        options=(
            Option(
                "Adaptive, ahead of all others",
                "In the organoids it was far ahead of random. Compare the intervals here.",
            ),
            Option(
                "Adaptive, but not clearly ahead of random",
                "Some cultures learn a lot, about half of them little, also from random lessons.",
            ),
            Option(
                "Adaptive, but blocked is as good",
                "If blocked were as good, the pulses alone would help. The blocked arm tests this.",
            ),
            Option(
                "No arm is clearly ahead of no lessons",
                "Without a lead over no lessons, nothing would have been learned. Compare adaptive with none.",
            ),
        ),
        reply="With lessons, the cultures of an arm differ much: look at every dot.",
    ),
    "17.p6": Prediction(
        question=(
            "A random search for one number, k, balances the same pole, with jumps of 20 N/rad or "
            "so. How many trials does it need until one reaches the limit of 20 s? Give the median "
            "of eight searches."
        ),
        unit="trials",
        between=(1, 30),
        close=1,
        low="Half of all tries have the wrong sign, and some are too weak.",
        high="From k = 10 N/rad on, the pole stays up. Three tries in ten jump so far at once.",
    ),
}

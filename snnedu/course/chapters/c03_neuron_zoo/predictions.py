"""The predictions of 03 · The neuron zoo."""

from math import inf

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "03.p1": Prediction(
        question="The current rises slowly, to 0.3. Which neuron stays silent?",
        options=(
            Option("None of them", "One neuron does: look at the counts below the panels."),
            Option("Leaky", "Leaky waits until I is strong enough, and then fires."),
            Option("Adaptive", "Adaptive fires, too: its threshold rises only after a spike."),
            Option("Hodgkin–Huxley", "It answers to fast changes.", right=True),
        ),
    ),
    "03.p2": Prediction(
        question=(
            "One input spike reaches a leaky neuron. How many steps later is its membrane highest?"
        ),
        unit="steps",
        between=(0, inf),
        high="Each step after the input only leaks: U has nothing left to rise with.",
        reply="No β changes that.",
    ),
    "03.p3": Prediction(
        question=(
            "In the first second of the sound this cell fires 127 spikes. How many does it fire in "
            "the tenth second of the same kind of sound?"
        ),
        unit="spikes",
        between=(0, inf),
        close=15,
        low="It slows down less than that: it still follows the sound.",
        high="It slows down more than that.",
        reply="The sound stays about as loud, but the cell tires.",
    ),
    "03.p4": Prediction(
        question="Which knob alone makes the regular neuron burst again and again?",
        options=(
            Option("a, a faster recovery", "A larger a makes faster spikes, at equal intervals."),
            Option("c, a higher reset", "Try -45: pairs of spikes, again and again.", right=True),
            Option(
                "d, a smaller kick",
                "A smaller d makes faster spikes, and one burst at most, at the start.",
            ),
        ),
    ),
    "03.p5": Prediction(
        question="You pull the membrane down for 50 ms, and let go. Which neuron fires then?",
        options=(
            Option("Neither of them", "The leaky one stays silent, as you say. The axon does not."),
            Option("Only the leaky one", "From below, its U comes back to 0 and never above."),
            Option("Only the axon", "Something in it was loaded while it was held.", right=True),
            Option("Both of them", "The leaky one comes back to 0, and never gets above."),
        ),
    ),
    "03.p6": Prediction(
        question="TEA blocks most of the potassium channels. What happens to the spike?",
        options=(
            Option("It does not come", "TTX does that: sodium makes the spike."),
            Option("It becomes smaller", "Potassium ends the spike. Sodium decides its height."),
            Option("It becomes longer", "Set potassium to 0.1: V comes back late.", right=True),
        ),
    ),
    "03.p7": Prediction(
        question=(
            "A pulse has made the axon spike. The same pulse comes again, 10 ms later. What happens?"
        ),
        options=(
            Option("A second spike", "The second pulse comes too early to make a spike."),
            Option("A smaller spike", "A spike is all or nothing; this time it is nothing."),
            Option(
                "No spike",
                "Potassium gates are still open, and not all sodium gates are ready.",
                right=True,
            ),
        ),
    ),
    "03.p8": Prediction(
        question="What is the lowest rate at which this axon can keep firing?",
        unit="Hz",
        between=(0, inf),
        factor=1.3,
        low="It cannot fire that slowly: below, it fires a few spikes at most, then none.",
        high="A weaker current keeps it firing, and more slowly.",
    ),
    "03.p9": Prediction(
        question="Which neuron predicts the spikes of the real cell best?",
        options=(
            Option("Leaky, which has one state", "One state was not enough for this cell."),
            Option("Synaptic, with a slow current", "The slow current does not help here."),
            Option(
                "AdaptiveLeaky, which tires",
                "Perhaps the cell has a state like its second one.",
                right=True,
            ),
            Option(
                "All three do equally well",
                "Leaky and Synaptic do, within the spread of the searches. AdaptiveLeaky is better.",
            ),
        ),
    ),
}

"""The predictions of 14 · STDP."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "14.p1": Prediction(
        question=(
            "Hebb's rule watches two inputs with equal rates. Input A often fires when the output "
            "fires. Input B fires at random. What happens to their weights?"
        ),
        options=(
            Option("A's weight grows, B's stays", "B meets the output by chance, too."),
            Option(
                "Both grow, A's faster than B's",
                "Nothing ever lets a weight fall.",
                right=True,
            ),
            Option("A's weight grows, B's falls", "Hebb's rule has no minus."),
        ),
    ),
    "14.p2": Prediction(
        question=(
            "The rule for pairs. Rises and falls are equally large, and fade equally fast. The "
            "postsynaptic spike comes 10 ms early, which weakens the weight at 1 pair a second. "
            "What happens at 50 pairs a second?"
        ),
        options=(
            Option("It weakens just as much", "Look at the other spikes that are 10 ms away."),
            Option("It weakens several times as much", "Each spike meets spikes of both orders."),
            Option(
                "It changes very little",
                "20 ms after each spike the next one comes: the order is nearly lost.",
                right=True,
            ),
        ),
    ),
    "14.p3": Prediction(
        question=(
            "200 weights begin between 0 and 0.6, and get random spikes of equal rates. With the "
            "additive rule, where are they after 200 seconds?"
        ),
        options=(
            Option("Near their mean: differences even out", "The other rule does that."),
            Option(
                "In two groups: near 0, and near 1",
                "A weight that helps the neuron to fire is strengthened, and helps more.",
                right=True,
            ),
            Option("Still spread out, as at the start", "Nothing holds them in the middle."),
        ),
    ),
    "14.p4": Prediction(
        question=(
            "100 neurons compete for 500 digits by inhibition alone. Their thresholds stay as they "
            "are. How many of the neurons fire at least ten times?"
        ),
        unit="neurons",
        between=(0, 100),
        close=5,
        low="The start decides, and chance helps a few.",
        high="A neuron that wins learns, is driven harder, and wins again.",
        reply="The others never get a chance to learn.",
    ),
    "14.p5": Prediction(
        question=(
            "200 neurons see 2,000 digits four times, without labels. Then each gets the name of the "
            "class for which it fires most. How many of 100 fresh digits are right?"
        ),
        unit="digits",
        between=(0, 100),
        close=4,
        low="The fields look like digits, and there are twenty neurons a class on average.",
        high="Some fields mix classes: a 4 is hard to tell from a 9.",
        reply="Compare with the other methods below before you judge.",
    ),
    "14.p6": Prediction(
        question=(
            "50 neurons learn digits by two rules. In one the trace x fades with 20 ms. In the other "
            "x only counts the spikes of an image: it does not know when they came. Which rule names "
            "more fresh digits, on average over 8 networks?"
        ),
        options=(
            Option("The one that fades, by 5 points or more", "Our pixels fire at random times."),
            Option("The one that counts, by 5 points or more", "Both find the ink of a pixel."),
            Option(
                "Neither of them: less than 5 points apart",
                "The time of a pixel's spike says nothing about the digit.",
                right=True,
            ),
        ),
    ),
}

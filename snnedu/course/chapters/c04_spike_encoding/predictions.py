"""The predictions of 04 · Spike encoding."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "04.p1": Prediction(
        question="Coins send each number for four times as many steps. The typical error …",
        options=(
            Option("falls to a quarter", "Chance partly cancels, but only partly."),
            Option("falls to a half", "The error falls with the root of the steps.", right=True),
            Option("stays as it was", "The probability stays. What you read comes closer to it."),
        ),
    ),
    "04.p2": Prediction(
        question="A neuron without leak gets four times the steps. Its largest error …",
        options=(
            Option("falls to a half", "Independent coins would halve it. This neuron keeps what it has not sent yet."),
            Option("stays as it was", "A longer count has finer steps: 1/64 in place of 1/16."),
            Option("falls to a quarter", "The count is never wrong by more than one spike, and one spike says 1/T.", right=True),
        ),
    ),
    "04.p3": Prediction(
        question="A sender with feedback compares the sound with the sum that the reader has so far. You make θ smaller and smaller. The error of the rebuilt sound …",
        options=(
            Option("falls, then grows again", "Fine steps are precise, but they climb slowly.", right=True),
            Option("falls with each smaller θ", "The error falls only until the spikes cannot keep up with the sound."),
            Option("grows with each smaller θ", "In the end the error grows. At first smaller steps follow the sound more closely."),
        ),
    ),
    "04.p4": Prediction(
        question="One neuron tosses coins for 100 steps. Ten copies of it, or ten neurons with bells, get 10 steps. Which sender is the most precise?",
        options=(
            Option("Ten copies of that neuron", "Copies are worth the steps that they replace: 100 coins are 100 coins."),
            Option("Ten neurons with bells", "Bells toss 100 coins, too, but a small change of x changes their probabilities more.", right=True),
            Option("All three are alike", "Copies are like the one neuron. Bells are steeper, so that the same coins tell more."),
        ),
    ),
    "04.p5": Prediction(
        question="60 of 100 spikes are lost. Which network's accuracy falls furthest?",
        options=(
            Option("Rate, all its spikes", "The full rate code has ten times the spikes, and each of them says little."),
            Option("Rate, a tenth of them", "The thin rate code falls, too, but it had less to lose: it starts lower."),
            Option("Latency, as few spikes", "Each spike of the latency code says much, so each lost one costs much.", right=True),
        ),
    ),
    "04.p6": Prediction(
        question="Each spike of the latency code moves to a random step. How many of 100 scans are still read correctly?",
        unit="of 100",
        between=(0, 100),
        close=8,
        low="Which pixels have ink is still to be seen, and it tells most digits apart.",
        high="The network has learned to read the times. Random times mislead it.",
    ),
}  # fmt: skip

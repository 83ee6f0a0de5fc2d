"""The predictions of 23 · Open questions."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "23.p1": Prediction(
        question="A trick really helps: its mean gain is as large as the spread of the gains over seeds. 100 studies test it with four seeds each. How many find that it helps?",
        options=(
            Option("About 10", "More do: the effect is not small."),
            Option(
                "About 30",
                "Four gains leave a wide interval, and most intervals hold 0.",
                right=True,
            ),
            Option("About 65", "With eight seeds about so many find it."),
            Option("About 95", "With sixteen seeds about so many find it."),
        ),
    ),
    "23.p2": Prediction(
        question="Of studies with a real effect of 1 and four seeds, only those that find it are published. By what factor is their mean gain larger than the real one?",
        unit="times",
        close=0.15,
        between=(0, 100),
        low="With so few seeds only a lucky gain gets past the interval.",
        high="Luck adds to the gain, but a small spread also helps to find it.",
    ),
    "23.p3": Prediction(
        question="With a fixed τ, networks that start at τ = 16 get about 20 points fewer than those that start at τ = 2. What percentage of this gap is left when τ is learned?",
        unit="%",
        close=15,
        between=(-20, 120),
        low="Six epochs are short: τ is still on its way.",
        high="τ moves far enough to help: see where it ends, in the last line above.",
    ),
    "23.p4": Prediction(
        question="Now τ stays at 16, and only the gain is learned. How much of the gap to the start at τ = 2 is left, compared with the neuron of the paper?",
        options=(
            Option("Clearly more", "One would think so: the leak cannot adapt any more."),
            Option("About as much", "The gain alone does what the paper's neuron does."),
            Option("Clearly less", "The leak would have to hinder it for that."),
        ),
    ),
    "23.p5": Prediction(
        question="Ten of the twenty questions were measured under two conditions. For how many does the difference between the two options clearly depend on the condition?",
        unit="of ten",
        close=1,
        between=(0, 10),
        low="A second condition changed nearly every difference.",
        high="One difference is too small to tell: that between training and conversion.",
    ),
}

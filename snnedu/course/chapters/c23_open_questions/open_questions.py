"""The twenty questions that this course could not settle: who says what, and what we measured.

Nothing is measured here. A `Printed` is a line that a cell of another chapter prints; the numbers
are read from it. tests/course/test_c23_open_questions.py finds each line in that notebook, and
each number of a sentence in the lines, so that this table cannot say something else.
"""

import re
from dataclasses import dataclass
from html import escape
from statistics import mean, stdev

DOI = "https://doi.org/"
ARXIV = "10.48550/arXiv."
FILES = {
    "01": "01_hello_spikes", "02": "02_lif_neuron", "03": "03_neuron_zoo", "04": "04_spike_encoding",
    "05": "05_spiking_networks", "06": "06_surrogate_gradients", "07": "07_training_bptt",
    "08": "08_objectives", "09": "09_convolutional_snn", "10": "10_memory", "12": "12_ann_to_snn",
    "13": "13_spike_times", "14": "14_stdp", "15": "15_stdp_meets_backprop",
    "16": "16_online_learning", "17": "17_wetware", "18": "18_energy", "22": "22_scaling_out", "23": "23_open_questions",
}  # fmt: skip


@dataclass(frozen=True)
class Printed:
    """A line that a cell prints: its chapter, the id of the cell, the text.

    `runs`: from how many seeds it comes. `at`: of several numbers "mean ± spread" in it, which one.
    `name`: what the table calls it, where the line alone does not tell.
    """

    chapter: str
    cell: str
    line: str
    runs: int = 8
    at: int = 0
    name: str = ""

    @property
    def shown(self) -> str:
        """Return the line as the table shows it: with its name, and without extra spaces."""
        return " ".join(f"{self.name}{': ' if self.name else ''}{self.line}".split())

    def mean_and_spread(self) -> tuple[float, float]:
        """Return mean and standard deviation over seeds, in the unit of the line.

        Raises ValueError where the line has neither "mean ± spread" nor a number for each seed.
        """
        if self.each_seed:
            return mean(self.seeds()), stdev(self.seeds())
        middle, spread = re.findall(r"≈ *(-?[\d.]+) ± *([\d.]+)", self.line)[self.at]
        return float(middle), float(spread)

    @property
    def each_seed(self) -> bool:
        """Whether the line has a number for each seed, and not their mean and spread."""
        return "±" not in self.line

    def seeds(self) -> list[float]:
        """Return the number of each seed. Raises ValueError where the line has none."""
        found = [float(n) for n in re.findall(r"\d\.\d+", self._after("≈").partition("mean")[0])]
        if len(found) != self.runs or "±" in self.line:
            raise ValueError(
                f"A line must have “≈ mean ± spread” or {self.runs} numbers. Received "
                f"{self.line!r}. Copy it from the notebook's output."
            )
        return found

    def _after(self, mark: str) -> str:
        return self.line.partition(mark)[2]


@dataclass(frozen=True)
class Side:
    """One opponent: what it claims, who wrote it and when, and the DOI."""

    claim: str
    who: str
    doi: str


@dataclass(frozen=True)
class OpenQuestion:
    """One of the twenty: two opponents, lines that we printed, and what they do not show."""

    number: int
    text: str
    chapter: str  # whose section asks it
    heading: str  # of that section
    cell: str  # that has this heading
    sides: tuple[Side, Side]
    printed: tuple[Printed, ...]
    found: str
    missing: str

    @property
    def link(self) -> str:
        """Return the address of the section, from a notebook in the same folder.

        JupyterLab finds a cell by its id. It does not find a heading with a sign like "·": the
        browser encodes it, and JupyterLab does not decode it.
        """
        return f"{FILES[self.chapter]}.ipynb#cell-id={self.cell}"


BRETTE = Side("rates are not the message", "Brette 2015", "10.3389/fnsys.2015.00151")
LONDON = Side("noise leaves only rates", "London et al. 2010", "10.1038/nature09086")
ZENKE = "10.1162/neco_a_01367"
WUNDERLICH = "10.1038/s41598-021-91786-z"
NOWOTNY = f"{ARXIV}2212.01232"
BARONIG = "10.1038/s41467-025-60878-z"
PARALLEL = f"{ARXIV}2304.12760"
YIN = "10.1088/2634-4386/ad6cef"

# Lines that more than one question, or the comparisons below, read.
LATENCY = Printed(
    "04",
    "c04-44",
    "spikes lost (share) 0.6: accuracy ≈ 0.54 left, it fell by ≈ 0.37 ± 0.02",
    name="latency",
)
THIN = Printed(
    "04",
    "c04-44",
    "spikes lost (share) 0.6: accuracy ≈ 0.50 left, it fell by ≈ 0.21 ± 0.03",
    name="rate, thin",
)
LATENCY_MORE = Printed(
    "04",
    "c04-44",
    "extra spikes (per pixel and step) 0.1: accuracy ≈ 0.40 left, it fell by ≈ 0.51 ± 0.02",
)
THIN_MORE = Printed(
    "04",
    "c04-44",
    "extra spikes (per pixel and step) 0.1: accuracy ≈ 0.28 left, it fell by ≈ 0.42 ± 0.05",
)
BY_DATA = Printed(
    "05", "c05-39", "by data    rates at the start ≈ 0.10 to ≈ 0.11   accuracy ≈ 0.84 ± 0.08"
)
PYTORCH = Printed(
    "05", "c05-39", "PyTorch's  rates at the start ≈ 0.00 to ≈ 0.07   accuracy ≈ 0.31 ± 0.07"
)
WIDTH = Printed(
    "05", "c05-39", "c = 1.5    rates at the start ≈ 0.05 to ≈ 0.23   accuracy ≈ 0.87 ± 0.05"
)
FAST = "fast_sigmoid  half-width 4, 1, 1/4, 1/16: accuracy ≈ 0.76 ± 0.03, ≈ 0.84 ± 0.02, ≈ 0.86 ± 0.03, ≈ 0.84 ± 0.04"
SIGMOID = "sigmoid       half-width 4, 1, 1/4, 1/16: accuracy ≈ 0.81 ± 0.03, ≈ 0.89 ± 0.02, ≈ 0.71 ± 0.09, ≈ 0.20 ± 0.08"
DETACHED = "Adam, detached              height x 0.1, 1, 10: accuracy ≈ 0.85 ± 0.03, ≈ 0.86 ± 0.02, ≈ 0.85 ± 0.02"
ATTACHED = "Adam, reset in the gradient height x 0.1, 1, 10: accuracy ≈ 0.87 ± 0.01, ≈ 0.86 ± 0.03, ≈ 0.08 ± 0.03"
SLOW_RATE = Printed(
    "08",
    "o08-35",
    "learning rate 0.003: 8 spikes is ahead of rate by ≈  4.2 ± 1.9 points, for ≈ 6 of 6 seeds",
    6,
)
FAST_RATE = Printed(
    "08",
    "o08-35",
    "learning rate  0.02: 8 spikes is ahead of rate by ≈ -4.2 ± 4.3 points, for ≈ 0 of 6 seeds",
    6,
)
RECALL_FIXED = Printed(
    "10",
    "t10-10",
    "β = 0.9              each seed ≈ 0.52, ≈ 0.50, ≈ 0.57, ≈ 0.58, ≈ 0.53, ≈ 0.53, mean ≈ 0.54",
    6,
)
RECALL_OWN = Printed(
    "10",
    "t10-12",
    "own β                each seed ≈ 0.78, ≈ 0.73, ≈ 0.76, ≈ 0.75, ≈ 0.74, ≈ 0.66, mean ≈ 0.74",
    6,
)
RECALL_FREE = Printed(
    "10",
    "t10-14",
    "own β, no reset      each seed ≈ 1.00, ≈ 1.00, ≈ 1.00, ≈ 1.00, ≈ 1.00, ≈ 1.00, mean ≈ 1.00",
    6,
)
RECALL_ZERO = Printed(
    "10",
    "t10-14",
    "own β, to zero       each seed ≈ 1.00, ≈ 1.00, ≈ 1.00, ≈ 1.00, ≈ 1.00, ≈ 1.00, mean ≈ 1.00",
    6,
)
GAP_FIXED = Printed("10", "t10-33", "gap, β = 0.9          right ≈ 0.76 ± 0.13")
GAP_OWN = Printed("10", "t10-33", "gap, own β            right ≈ 0.81 ± 0.10")
GAP_FREE = Printed("10", "t10-33", "gap, own β, no reset  right ≈ 0.83 ± 0.17")
GAP_SYNAPSE = Printed(
    "10", "t10-33", "gap, synapse          right ≈ 0.97 ± 0.05", name="weights × 3"
)
GAP_DELAYS = Printed(
    "10", "t10-33", "gap, delays           right ≈ 0.84 ± 0.08", name="weights × 3"
)
SMALL_SYNAPSE = Printed(
    "10", "t10-41", "gap, synapse          right ≈ 0.69 ± 0.15", name="weights × 1"
)
SMALL_DELAYS = Printed(
    "10", "t10-41", "gap, delays           right ≈ 0.81 ± 0.13", name="weights × 1"
)
MATCH = (
    Printed("10", "t10-41", "match, own β          right ≈ 0.98 ± 0.00", 6),
    Printed("10", "t10-41", "match, synapse        right ≈ 0.76 ± 0.09", 6),
    Printed("10", "t10-41", "match, delays         right ≈ 1.00 ± 0.00", 6),
)
TRAIN_2 = Printed(
    "12", "ways-figure", "T = 2: train is ahead of convert by ≈ 1.4 ± 1.5 points, in ≈ 7 of 8 seeds"
)
TRAIN_4 = Printed(
    "12", "ways-figure", "T = 4: train is ahead of convert by ≈ 0.5 ± 1.5 points, in ≈ 4 of 8 seeds"
)
TIMES = Printed(
    "22",
    "t22-36",
    "25 epochs: accuracy with reset ≈ 0.76, without ≈ 0.96, gain ≈ 0.19 ± 0.08",
    16,
    name="spike times",
)
TIMES_RATE = Printed(
    "22", "t22-36", "spikes per hidden neuron and step: with ≈ 0.094, without ≈ 0.167", 16
)
PAST, NO_PAST = "gradient with the past", "gradient without a past"
SPEECH_BPTT = Printed("16", "t16-35", "speech, BPTT    right ≈ 0.74 ± 0.07", 8, name=PAST)
SPEECH_SLTT = Printed("16", "t16-35", "speech, SLTT    right ≈ 0.74 ± 0.06", 8, name=NO_PAST)
CUE_BPTT = Printed(
    "16",
    "t16-25",
    "1 cue(s), BPTT                     right ≈ 0.99 1.00 1.00 1.00 1.00 1.00 0.99 1.00",
    8,
    name=f"store-recall, {PAST}",
)
CUE_SLTT = Printed(
    "16",
    "t16-35",
    "1 cue(s), SLTT                     right ≈ 0.65 0.65 1.00 0.51 0.86 0.52 0.54 0.51",
    8,
    name=f"store-recall, {NO_PAST}",
)

OPEN = (
    OpenQuestion(
        1, "Do brains use rate codes; why do we?", "04", "Unsettled · Is one spike enough?", "c04-36",
        (BRETTE, LONDON),
        (
            Printed("04", "c04-44", "rate       ≈ 330 spikes a scan, accuracy ≈ 0.96"),
            Printed("04", "c04-44", "rate, thin ≈  33 spikes a scan, accuracy ≈ 0.71"),
        ),
        "A rate code reads 96 % of the digits right with 330 spikes for each digit, and 71 % with 33.",
        "anything about brains: our measurement is about a network",
    ),
    OpenQuestion(
        2, "Encode the input as spikes, or feed it as current?", "01",
        "Unsettled: does a spiking network save anything on still pictures?", "spikes-40",
        (
            Side("direct input needs few steps", "Rathi and Roy 2020", f"{ARXIV}2008.03658"),
            Side("rates bear attacks better, and are cheaper", "Kim et al. 2022", f"{ARXIV}2202.03133"),
        ),
        (
            Printed("01", "spikes-44", "current T =  5: right ≈ 96.4%, energy ≈ 0.56"),
            Printed("01", "spikes-44", "coins   T =  5: right ≈ 93.3%, energy ≈ 0.39", name="spikes"),
            Printed("01", "spikes-44", "current T = 25: right ≈ 97.4%, energy ≈ 1.03"),
            Printed("01", "spikes-44", "coins   T = 25: right ≈ 96.2%, energy ≈ 1.91", name="spikes"),
            Printed("01", "spikes-44", "dense, zeros skipped: right ≈ 96.3%, energy ≈ 0.53"),
        ),
        "At equal steps, current makes fewer errors: 96.4 % right against 93.3 % in 5 steps, 97.4 % against 96.2 % in 25. Random spikes cost less energy in 5 steps (0.39 against 0.56), and more in 25 (1.91 against 1.03). A dense network takes 1, or 0.53 if it skips zeros.",
        "attacks, which we did not test",
    ),
    OpenQuestion(
        3, "Latency codes: sparse, but fragile?", "04", "Unsettled · Is one spike enough?", "c04-36",
        (
            Side("first spikes are fast and cheap", "Guo et al. 2021", "10.3389/fnins.2021.638474"),
            Side("several spikes bear noise better", "Bacho and Chu 2023", f"{ARXIV}2212.09500"),
        ),
        (LATENCY, THIN),
        "When 60 % of the spikes are lost, the latency code loses 37 points of accuracy, and a rate code with as few spikes 21. Still the latency code keeps about as much (54 % against 50 %), since it starts higher.",
        "networks that were trained with noise",
    ),
    OpenQuestion(
        4, "First- or second-order neuron?", "10", "Unsettled · What buys memory?", "t10-32",
        (
            Side("more states help", "Baronig et al. 2025", BARONIG),
            Side("delays in plain neurons suffice", "Hammouamri et al. 2023", f"{ARXIV}2306.17670"),
        ),
        (GAP_SYNAPSE, GAP_DELAYS, SMALL_SYNAPSE, SMALL_DELAYS, *MATCH),
        "To tell gaps between two spikes, neurons with a synaptic current get 97 %, plain ones with delays 84 %. From smaller first weights the lead is gone (69 % against 81 %, 95 % interval of the difference from -27 to 3 points). Where two cues must be compared, plain neurons are ahead: 100 % with delays and 98 % with slow leaks of their own, against 76 % with a synaptic current.",
        "which neuron is better when both are tuned and trained for long",
    ),
    OpenQuestion(
        5, "Reset by subtraction or to zero; at once or late?", "02",
        "Unsettled · What should a spike cost?", "c02-35",
        (
            Side("the reset is essential", "Yin et al. 2024", YIN),
            Side("leave it out", "Fang et al. 2023", PARALLEL),
        ),
        (
            Printed("02", "c02-41", "zero  right ≈ 96.6%, with ties broken ≈ 97.3%, spikes ≈ 184"),
            Printed("02", "c02-41", "none  right ≈ 95.9%, with ties broken ≈ 97.1%, spikes ≈ 215"),
            Printed("02", "c02-41", "trained with θ, run with none: ≈ -1.9 points; with ties broken ≈ -0.9"),
            TIMES,
        ),
        "Trained and run alike, four resets read the digits about equally well (95.9 % to 96.6 %). A network that was trained to subtract θ and runs without a reset loses 1.9 points, or 0.9 if the membranes decide between classes with equal counts. Where classes differ in spike times alone, networks trained without a reset get 96 %, and those that subtract θ 76 % (chapter 22).",
        "long streams, where a reset may matter more",
    ),
    OpenQuestion(
        6, "Reset inside the gradient, or detached?", "06",
        "Unsettled · Does the choice of a surrogate matter?", "c06-32",
        (
            Side("with it in, learning may fail", "Zenke and Vogels 2021", ZENKE),
            Side("the exact gradient contains it", "Wunderlich and Pehle 2021", WUNDERLICH),
        ),
        (
            Printed("06", "c06-37d", DETACHED, at=2),
            Printed("06", "c06-37d", ATTACHED, at=2),
        ),
        "With a surrogate of height 1 both read 86 % right. With one ten times as high, a detached reset reads 85 %, and one in the gradient 8 %.",
        "long sequences and recurrent networks",
    ),
    OpenQuestion(
        7, "Which surrogate, and which slope?", "06",
        "Unsettled · Does the choice of a surrogate matter?", "c06-32",
        (
            Side("the shape hardly matters", "Zenke and Vogels 2021", ZENKE),
            Side("it matters for harder tasks", "Herranz-Celotti and Rouat 2022", f"{ARXIV}2202.00282"),
        ),
        (
            Printed("06", "c06-35", "between shapes, each at its best half-width ≈ 0.03"),
            Printed("06", "c06-35", "between shapes, at half-width 1/16 ≈ 0.68"),
        ),
        "At its best width, each of the shapes reads about as well: they differ by 3 points. At a half-width of 1/16 they differ by 68 points.",
        "harder tasks",
    ),
    OpenQuestion(
        8, "Loss on membranes, counts or times?", "08", "Unsettled · Membranes, counts, or times?", "o08-32",
        (
            Side("on the voltage", "Nowotny et al. 2022", NOWOTNY),
            Side("on the times of first spikes", "Göltz et al. 2021", "10.1038/s42256-021-00388-x"),
        ),
        (SLOW_RATE, FAST_RATE),
        "It depends on the learning rate. At 0.003 a loss that asks for 8 spikes is ahead of a rate loss by 4.2 points, for each of 6 seeds. At 0.02 it is behind by as much, and ahead for no seed.",
        "data that need time",
    ),
    OpenQuestion(
        9, "Should wrong classes fire?", "08", "Unsettled · Membranes, counts, or times?", "o08-32",
        (
            Side("ask all for some spikes", "Eshraghian et al. 2023", "10.1109/JPROC.2023.3308088"),
            Side("only the first one counts", "Göltz et al. 2021", "10.1038/s42256-021-00388-x"),
        ),
        (
            Printed(
                "08", "o08-18", "8 spikes     ≈  96.7 ±  1.0  ≈ 151.9 ±  8.5  ≈   7.9 ±  0.2",
                name="accuracy (%), hidden spikes, output spikes",
            ),
            Printed(
                "08", "o08-18", "8, wrong 2   ≈  94.3 ±  0.9  ≈  85.3 ± 12.0  ≈  26.1 ±  0.8",
                name="accuracy (%), hidden spikes, output spikes",
            ),
        ),
        "Asked for 8 spikes of the right class alone, a network reads 96.7 % right with 151.9 hidden spikes a picture. If each wrong class is asked for 2 spikes as well, it reads 94.3 % with 85.3.",
        "deeper networks, in which neurons die more easily",
    ),
    OpenQuestion(
        10, "How many steps, and what is a step?", "07",
        "Unsettled · How many steps, and what is a step?", "third-way-unsettled",
        (
            Side("one step is all you need", "Chowdhury et al. 2021", f"{ARXIV}2110.05929"),
            Side("a step is a piece of time", "Karilanova et al. 2024", f"{ARXIV}2411.04760"),
        ),
        (
            Printed("07", "t07-44", "ce_rate    same weights, T = 10 hidden spikes ≈ 245 ± 9, accuracy ≈ 0.95"),
            Printed("07", "t07-44", "ce_rate    trained on 25 steps  hidden spikes ≈ 556 ± 19, accuracy ≈ 0.93"),
        ),
        "A loss that asks for spikes at every step has its price. Trained on 10 steps, the network fires 245 hidden spikes and reads 95 % right. Trained on 25 steps, it fires 556 and reads 93 %.",
        "what a finer clock is good for: a still picture says all at once",
    ),
    OpenQuestion(
        11, "Learn β? How?", "23", "3 · One claim, from the paper to a number", "c23-12",
        (
            Side("learned β forgives a bad start", "Fang et al. 2021", f"{ARXIV}2007.05785"),
            Side("leak matters little without recurrence", "Bouanane et al. 2023", "10.3389/fnins.2023.1244675"),
        ),
        (RECALL_OWN, RECALL_FIXED),
        "Neurons with slow β that they learn recall a cue in 74 % of the trials, neurons with β = 0.9 in 54 %. Section 3 below asks what a learned β does for a bad start.",
        "a task in which the best β is unknown",
    ),
    OpenQuestion(
        12, "Dead neurons: start from data, or by a formula?", "05",
        "Unsettled · How to start a spiking network", "c05-36",
        (
            Side("from data", "Rossbroich et al. 2022", "10.1088/2634-4386/ac97bb"),
            Side("a formula will do", "Micheli et al. 2024", f"{ARXIV}2410.00580"),
        ),
        (BY_DATA, WIDTH, PYTORCH),
        "Started from data, a network reads 84 % right, and with weights of a good width 87 %: we saw no clear difference. From PyTorch's own start it reads 31 %. (We had to search for the good width.)",
        "longer training, normalization and skip connections",
    ),
    OpenQuestion(
        13, "Are parallel neurons without a reset enough?", "10", "Unsettled · What buys memory?", "t10-32",
        (
            Side("yes, and they are faster", "Fang et al. 2023", PARALLEL),
            Side("the reset is essential", "Yin et al. 2024", YIN),
        ),
        (RECALL_OWN, RECALL_FREE, RECALL_ZERO, GAP_OWN, GAP_FREE, TIMES, TIMES_RATE),
        "After the same training, slow neurons without a reset recall a cue in 100 % of the trials, those that reset to zero as well, and those that subtract θ in 74 %. At gaps we saw no clear difference: 2 points, with a 95 % interval from -13 to 17. Where classes differ in spike times alone, it is 96 % without a reset and 76 % with one (chapter 22). Without a reset the hidden neurons fire more: 0.167 spikes a step against 0.094.",
        "energy, and large networks",
    ),
    OpenQuestion(
        14, "Convert, convert and train on, or train?", "12",
        "Unsettled · Convert, convert and train on, or train?", "s5c",
        (
            Side("convert: few steps suffice", "Bu et al. 2022", f"{ARXIV}2303.04347"),
            Side("train: they argue that conversion needs many steps", "Bendig et al. 2023", "10.5220/0011745500003411"),
        ),
        (
            TRAIN_2,
            TRAIN_4,
            Printed("12", "ways-figure", "convert, T = 2              right ≈ 0.950 ± 0.008, spikes per digit ≈ 73"),
            Printed("12", "ways-figure", "train, T = 2                right ≈ 0.964 ± 0.012, spikes per digit ≈ 128"),
            Printed("12", "ways-figure", "train with a price, T = 2   right ≈ 0.963 ± 0.008, spikes per digit ≈ 66"),
        ),
        "With 2 steps, training is ahead of conversion by 1.4 points, and fires 128 spikes a digit against 73. With a price on spikes it fires 66, and reads 96.3 % right where the converted network reads 95 %. With 4 steps the lead is 0.5 points, which is not clear.",
        "deep networks, and a price on activity for both sides",
    ),
    OpenQuestion(
        15, "Exact spike-time gradients, or surrogates?", "13", "Unsettled · Exact or surrogate?", "t13-31",
        (
            Side("exact gradients suffice", "Wunderlich and Pehle 2021", WUNDERLICH),
            Side("they are blind to births of spikes", "Nowotny et al. 2022", NOWOTNY),
        ),
        (
            Printed("13", "t13-34", "awake, lift: exact minus surrogate ≈ 5 points, from ≈ 3 to ≈ 8"),
        ),
        "If all neurons are awake at first, and a term of the loss lifts those that fall silent, exact gradients are ahead by 5 points (by 3 to 8, depending on the seed). If they are asleep at first, the exact network does not learn, and a wide surrogate does in some runs. With the term, both wake up.",
        "the best surrogate, which we did not search",
    ),
    OpenQuestion(
        16, "Is STDP a rule or a symptom?", "14", "Unsettled · Is STDP a rule, or a symptom?", "t14-34",
        (
            Side("a rule that makes inputs compete", "Song et al. 2000", "10.1038/78829"),
            Side("a symptom of the local voltage", "Lisman and Spruston 2010", "10.3389/fnsyn.2010.00140"),
        ),
        (
            Printed("14", "t14-39", "fades with 20 ms ≈ 68 % (≈ 64 to ≈ 72)", name="sees times"),
            Printed("14", "t14-39", "counts           ≈ 68 % (≈ 62 to ≈ 72)"),
            Printed("14", "t14-39", "counting minus fading ≈ 0.7 points, which is ≈ 0.2 standard deviations of the 8 gaps"),
        ),
        "On digits, a rule that sees the times of spikes and a rule that only counts them both get 68 %. We saw no clear difference: 0.7 points, while seeds range from 62 to 72 %.",
        "inputs whose times carry something",
    ),
    OpenQuestion(
        17, "Do local, online rules scale?", "16",
        "Unsettled · How much does the past matter, and do local rules scale?", "t16-33",
        (
            Side("the past hardly matters", "Meng et al. 2023", f"{ARXIV}2302.14311"),
            Side("a trace must carry the past", "Bellec et al. 2020", "10.1038/s41467-020-17236-y"),
        ),
        (SPEECH_BPTT, SPEECH_SLTT, CUE_BPTT, CUE_SLTT),
        "On speech, gradients with and without a past both read 74 % right: no clear difference (8 seeds, 95 % interval from -7 to 7 points). In store-recall, where a cue must be kept, the one without loses 34 points (from 19 to 49).",
        "scale: our networks are tiny",
    ),
    OpenQuestion(
        18, "What carries over from tissue to computing?", "17",
        "Unsettled · What carries over from tissue to computing?", "t17-37",
        (
            Side("tissue needs few samples", "Khajehnejad et al. 2025", "10.34133/cbsystems.0336"),
            Side("random search needs few samples, too", "Mania et al. 2018", f"{ARXIV}1803.07055"),
        ),
        (
            Printed("17", "t17-38", "jumps of 1 N/rad: 4 of 8, mean of all trials 6.7 s"),
            Printed("17", "t17-38", "jumps of 5 N/rad: 8 of 8, mean of all trials 14.0 s"),
        ),
        "A random search for the one number that balances a pole needs a few trials if its jumps fit: 8 of 8 searches succeed with jumps of 5 N/rad, and 4 of 8 with jumps of 1 N/rad.",
        "living cells, and their energy",
    ),
    OpenQuestion(
        19, "When do sparse spikes save energy?", "18", "Unsettled · What should be counted?", "unsettled",
        (
            Side("they save: 6 to 8 times less", "Lemaire et al. 2022", f"{ARXIV}2210.13107"),
            Side("only when spikes are rare", "Yan et al. 2024", f"{ARXIV}2409.08290"),
        ),
        (
            Printed("18", "rules", "rule B: dense ≈    45 nJ, spiking ≈    16 nJ, spiking / dense ≈ 0.36"),
            Printed("18", "rules", "rule C: dense ≈   476 nJ, spiking ≈   563 nJ, spiking / dense ≈ 1.19"),
        ),
        "Count the operations, and a spiking network takes 16 nJ where a dense one takes 45. Count memory as well, and it takes 563 nJ against 476.",
        "data that change in time, and energy that was measured on a chip",
    ),
    OpenQuestion(
        20, "What should neuromorphic benchmarks measure?", "23",
        "Unsettled · Which of the twenty would change what you build?", "c23-31",
        (
            Side("common tasks and metrics", "Yik et al. 2025", "10.1038/s41467-025-56739-4"),
            Side("the choice of tasks picks the winner", "Dehghani et al. 2021", f"{ARXIV}2107.07002"),
        ),
        (Printed("18", "pairs", "two dense networks: ≈ 3 % of pairs, two spiking ≈ 2 %, one of each ≈ 75 %"),),
        "Chapter 18 counted energy in two ways, by operations alone and with memory. Of the pairs of a dense and a spiking network, the two ways name different winners in 75 %; of two dense ones, in 3 %. The section “Unsettled” below compares accuracies.",
        "what users of a chip need",
    ),
)  # fmt: skip


def table(*numbers: int) -> "Table":
    """Return the twenty questions as a table for a notebook; with `numbers`, these in full.

    Raises ValueError for a number that is no question's.
    """
    unknown = [number for number in numbers if number not in range(1, len(OPEN) + 1)]
    if unknown:
        raise ValueError(
            f"The questions are numbered from 1 to {len(OPEN)}. Received "
            f"{', '.join(map(str, unknown))}. Pass some of them: `table(3, 7)`."
        )
    return Table(numbers)


@dataclass(frozen=True)
class Table:
    """Open questions: a table in a notebook, lines of text elsewhere.

    Without `numbers` it has all of them, folded to the question and what we found.
    """

    numbers: tuple[int, ...] = ()

    def __repr__(self) -> str:
        return "\n".join(_as_text(each, full=bool(self.numbers)) for each in self._chosen())

    def _repr_html_(self) -> str:
        heads = "".join(_cell(name, "th") for name in ("no.", "question", "what we measured"))
        rows = "".join(_as_row(each, full=bool(self.numbers)) for each in self._chosen())
        return f"<table><tr>{heads}</tr>{rows}</table>"

    def _chosen(self) -> list[OpenQuestion]:
        return [OPEN[number - 1] for number in self.numbers or range(1, len(OPEN) + 1)]


def _as_text(one: OpenQuestion, full: bool) -> str:
    lines = [f"{one.number:2}  {one.text} (chapter {one.chapter})", f"    {one.found}"]
    if full:
        lines += [f"    “{side.claim}” ({side.who})" for side in one.sides]
        lines += [f"    chapter {each.chapter} printed: {each.shown}" for each in one.printed]
        lines += [f"    Not shown: {one.missing}."]
    return "\n".join(lines)


def _as_row(one: OpenQuestion, full: bool) -> str:
    sides = "".join(
        f"<br>{escape(side.claim)} (<a href='{DOI}{side.doi}'>{escape(side.who)}</a>)"
        for side in one.sides
    )
    lines = "".join(
        f"<br>{each.chapter}: <code>{escape(each.shown)}</code>" for each in one.printed
    )
    link = f"<a href='{escape(one.link)}'>chapter {one.chapter}</a>"
    folded = (
        f"<details{' open' if full else ''}><summary>who says what, and what we printed</summary>"
        f"{sides.removeprefix('<br>')}{lines}<br><i>Not shown:</i> {escape(one.missing)}.</details>"
    )
    question = f"<b>{escape(one.text)}</b> ({link})"
    cells = (str(one.number), question, f"{escape(one.found)}{folded}")
    return f"<tr>{''.join(_cell(cell) for cell in cells)}</tr>"


def _cell(content: str, kind: str = "td") -> str:
    return f"<{kind} style='text-align:left;vertical-align:top'>{content}</{kind}>"

"""What 23 claims: its table says what other chapters print, its phrase book runs."""

import importlib.util
import math
import re
import warnings
from pathlib import Path

import nbformat
import pytest
import torch
from hypothesis import given, strategies as st

import snnedu as snn
from snnedu.core.intervals import interval
from snnedu.course.chapters.c23_open_questions import (
    differences,
    experiments,
    explorers,
    open_questions,
    phrases,
)
from snnedu.course.chapters.c23_open_questions.open_questions import (
    CUE_BPTT,
    CUE_SLTT,
    OPEN,
    Printed,
)
from snnedu.course.exercise import exercise

pytestmark = pytest.mark.house

TUTORIALS = Path(__file__).parents[2] / "tutorials"
PAIRS = [pair for each in differences.COMPARISONS for pair in each.lines]
READ = {printed for each in OPEN for printed in each.printed}
READ |= {printed for pair in PAIRS for printed in pair if printed}
COMPARISON = differences.COMPARISONS[1]
NUMBER = r"\d+(?:\.\d+)?"


def printed_by(chapter, cell):
    """Return the lines that a cell of a chapter has stored, by their words."""
    notebook = nbformat.read(TUTORIALS / f"{open_questions.FILES[chapter]}.ipynb", as_version=4)
    (outputs,) = [each.outputs for each in notebook.cells if each.id == cell]
    return [line for output in outputs for line in output.get("text", "").splitlines()]


def words(line):
    return " ".join(re.sub(NUMBER, "#", line).split())


def numbers(line):
    return [float(number) for number in re.findall(NUMBER, line)]


def unit(line):
    """Return the last digit of the numbers in a line."""
    found = re.findall(NUMBER, line)
    return max((10.0 ** -len(number.partition(".")[2]) for number in found), default=1.0)


def told(printed):
    """Return the lines of the notebook that say the same, up to the last digits."""
    same = [x for x in printed_by(printed.chapter, printed.cell) if words(x) == words(printed.line)]
    near = {"rel": 0.1, "abs": 2.1 * unit(printed.line)}
    return [x for x in same if numbers(x) == pytest.approx(numbers(printed.line), **near)]


@pytest.mark.parametrize("printed", sorted(READ, key=repr), ids=lambda p: f"{p.chapter}-{p.cell}")
def test_the_table_says_what_the_chapters_print(printed):
    """Where this fails, a chapter has changed: copy its line, and read what the table says."""
    lines = printed_by(printed.chapter, printed.cell)
    assert told(printed), f"{printed.line!r} is not among {lines}"


def test_a_number_that_drifted_or_a_line_that_is_gone_is_noticed():
    good = next(each for each in READ if "±" in each.line)
    assert told(good)
    first = re.search(r"≈ *(-?[\d.]+)", good.line)[1]
    moved = good.line.replace(first, f"{10 * float(first) + 1:.2f}", 1)
    assert not told(Printed(good.chapter, good.cell, moved))
    assert not told(Printed(good.chapter, good.cell, f"something else {good.line}"))


def test_there_are_twenty_questions_with_two_opponents_each():
    assert [each.number for each in OPEN] == list(range(1, 21))
    for each in OPEN:
        first, second = each.sides
        assert first.doi.startswith("10.")
        assert second.doi.startswith("10.")
        assert first.who != second.who
        assert each.printed or each.chapter == "23"


@pytest.mark.parametrize("question", OPEN, ids=lambda each: each.number)
def test_a_question_links_to_a_section_that_is_there(question):
    path = TUTORIALS / question.link.partition("#")[0]
    cells = nbformat.read(path, as_version=4).cells
    place = question.link.partition("#cell-id=")[2]
    (text,) = (cell.source for cell in cells if cell.id == place)
    assert f"## {question.heading}\n" in f"{text}\n"
    assert len(re.findall(r"^## ", text, re.M)) == 1  # the web book goes to the first one


def shares_and_points(row):
    """Return the numbers of a row's lines, and of its comparison, as its sentence may say them."""
    found = {number for each in row.printed for number in numbers(each.line)}
    found |= {100 * number for number in found} | {each.runs for each in row.printed}
    for each in differences.COMPARISONS:
        if each.question == row.number:
            both = each.differences()
            found |= {abs(x) for one in both for x in (one.points, one.low, one.high)}
    return found


@pytest.mark.parametrize("row", OPEN, ids=lambda each: each.number)
def test_a_sentence_has_the_numbers_of_its_lines(row):
    for number in numbers(re.sub(r"[Cc]hapter \d+|Section \d|95 % interval", "", row.found)):
        near = [x for x in shares_and_points(row) if abs(x - number) <= 0.51]
        places = len(f"{number:g}".partition(".")[2])
        told = any(f"{x:.{places}f}" == f"{number:.{places}f}" for x in near)
        assert told, f"{number} in {row.found!r}"


def test_no_row_tells_a_wide_interval_as_no_difference():
    """Absence of evidence is not evidence of absence: a wide interval is given as such."""
    for row in OPEN:
        assert not re.search(r"no difference|loses nothing|does as well", row.found), row.number
    for each in differences.COMPARISONS:
        second = each.differences()[1]
        if each.question in (13, 17):
            assert not second.clear
            assert f"from {second.low:.0f} to {second.high:.0f}" in OPEN[each.question - 1].found


@pytest.fixture(scope="module")
def all_text():
    """Return the Markdown of all chapters."""
    notebooks = [nbformat.read(path, as_version=4) for path in TUTORIALS.glob("*.ipynb")]
    cells = [cell for notebook in notebooks for cell in notebook.cells]
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_every_opponent_is_among_the_references_of_a_chapter(all_text):
    assert not [s.who for each in OPEN for s in each.sides if f"{s.doi}" not in all_text]


def test_the_table_is_shown_as_text_and_as_html():
    text, html = repr(open_questions.table()), open_questions.table()._repr_html_()
    for each in OPEN:
        assert each.text in text
        assert each.found in text
        assert f"href='{each.link}'" in html
    assert html.count("<tr>") == 21
    assert html.count("<details>") == 20
    assert "printed" not in text


def test_chosen_questions_are_shown_in_full():
    some = open_questions.table(3, 7)
    assert some._repr_html_().count("<details open>") == 2
    assert "chapter 04 printed: latency: spikes lost (share) 0.6" in repr(some)
    assert "“the shape hardly matters” (Zenke and Vogels 2021)" in repr(some)
    assert OPEN[0].text not in repr(some)


@pytest.mark.bad_input
@pytest.mark.parametrize("number", [0, 21, -1])
def test_a_number_of_no_question_is_refused(number):
    with pytest.raises(ValueError, match=rf"from 1 to 20\. Received {number}\."):
        open_questions.table(3, number)


def test_the_table_names_lines_that_look_alike():
    for each in OPEN:
        beginnings = [printed.shown.partition("≈")[0] for printed in each.printed]
        assert len(set(beginnings)) == len(beginnings), beginnings


def test_mean_and_spread_are_read_from_either_form_of_line():
    pairs = Printed("00", "x", "right ≈ 0.50 ± 0.10, ≈ 0.70 ± 0.20", at=1)
    assert pairs.mean_and_spread() == (0.7, 0.2)
    listed = Printed("00", "x", "each ≈ 1.00, ≈ 2.00, ≈ 3.00, mean ≈ 2.00", runs=3)
    assert listed.seeds() == [1.0, 2.0, 3.0]
    assert listed.mean_and_spread() == (2.0, 1.0)


@pytest.mark.bad_input
def test_a_line_without_numbers_is_refused():
    with pytest.raises(ValueError, match="Copy it from the notebook's output"):
        Printed("00", "x", "right ≈ 0.9").mean_and_spread()


def test_the_interval_is_that_of_welchs_test():
    from scipy.stats import ttest_ind

    torch.manual_seed(0)
    one, other = torch.randn(6).double() + 1, 2 * torch.randn(9).double()
    lines = [
        Printed("00", "x", f"≈ {each.mean():.12f} ± {each.std():.12f}", len(each))
        for each in (one, other)
    ]
    found = differences.difference(*lines)
    theirs = ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(theirs))
    assert found.clear == (theirs.low > 0 or theirs.high < 0)


def test_an_interval_of_differences_is_that_of_one_sample():
    from scipy.stats import ttest_1samp

    torch.manual_seed(0)
    values = torch.randn(8).double()
    line = Printed("00", "x", f"≈ {values.mean():.12f} ± {values.std():.12f}")
    found = differences.difference(line, scale=-100.0)
    theirs = ttest_1samp(-100 * values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(theirs))


def test_lines_with_the_number_of_each_seed_are_compared_seed_by_seed():
    """As in exercise 23.1, which takes the lines of row 17: one gain has one interval."""
    (row,) = (each for each in differences.COMPARISONS if each.question == 17)
    found, _ = row.differences()
    gains = torch.tensor(CUE_BPTT.seeds()) - torch.tensor(CUE_SLTT.seeds())
    assert (found.low, found.high) == pytest.approx([100 * end for end in interval(gains)])
    assert f"(from {found.low:.0f} to {found.high:.0f})" in OPEN[16].found


def test_the_error_of_a_change_is_that_of_two_independent_differences():
    (first, second), change = COMPARISON.differences(), COMPARISON.change()
    assert change.points == pytest.approx(first.points - second.points)
    assert change.error**2 == pytest.approx(first.error**2 + second.error**2)
    least = min(first.freedom, second.freedom)
    assert least <= change.freedom <= first.freedom + second.freedom


def test_most_differences_depend_on_the_condition():
    """The text says "nearly all" and "a single one": the last digits may move one across."""
    assert len(differences.COMPARISONS) == 10
    assert 8 <= sum(each.change().clear for each in differences.COMPARISONS) <= 9
    assert 1 <= sum(each.same_winner for each in differences.COMPARISONS) <= 2
    assert [each.question for each in differences.COMPARISONS if each.turns_round] == [7]


def test_of_the_latency_code_what_falls_more_also_keeps_more():
    """The text says so of row 3: its measure is how far accuracy fell."""
    for latency, rate in differences.COMPARISONS[0].lines:
        assert numbers(latency.line)[1] > numbers(rate.line)[1]
        assert latency.mean_and_spread()[0] > rate.mean_and_spread()[0]


RUN = [name for name, library in phrases.LIBRARIES.items() if library.runs]


@pytest.fixture
def speak(tmp_path):
    """Return a function that says all phrases in one library, and returns its names."""

    def names(name):
        library = phrases.LIBRARIES[name]
        if not importlib.util.find_spec(library.module):
            pytest.skip(f"{name} is not installed: its lines were not run")
        torch.manual_seed(0)
        known = {"torch": torch, "x": torch.rand(8, 6), "x_rec": torch.rand(25, 8, 6)}
        known |= {"cur": 0.5 + torch.rand(8, 6), "targets": torch.arange(8) % 6}
        known["path"] = str(tmp_path / "net.pt")
        with warnings.catch_warnings(action="ignore"):
            exec(library.start, known)
            for phrase in phrases.PHRASES:
                exec(library.says(phrase), known)
                if phrase == "reset by subtraction":
                    known["subtracts"] = known["neuron"]
        return known

    return names


@pytest.mark.parametrize("name", RUN)
def test_every_phrase_runs_and_means_the_same(name, speak):
    said = speak(name)
    assert (said["spk"].shape, said["spk_rec"].shape) == ((8, 6), (25, 8, 6))
    assert 0 < said["spk"].mean() < 1
    assert 0.2 < said["spk_rec"].mean() < 0.6
    assert abs(said["spikes"].mean() - said["x"].mean()) < 0.05
    assert 0.5 < said["loss"].detach() < 3.0
    loaded = torch.load(said["path"], weights_only=True)
    assert any(torch.equal(v, said["net"][0].weight) for v in loaded.values())
    kinds = {type(node).__name__ for node in said["graph"].nodes.values()}
    assert kinds == {"Input", "Affine", "LIF", "Output"}


@pytest.mark.parametrize("name", RUN)
def test_the_neuron_of_each_library_spikes_as_ours_does(name, speak):
    """Reset by subtraction is not the same in all: ours and snnTorch's is one step late."""
    said = speak(name)
    zero = name in ("Norse", "SpikingJelly")  # where the neuron of "a sequence" resets to 0
    ours = snn.Leaky(0.9, reset_mechanism="zero" if zero else "subtract")
    same = torch.equal(ours.unroll(said["x_rec"])[0], said["spk_rec"].detach())
    assert same == (name != "sinabs")  # it subtracts at once


@given(beta=st.floats(0.1, 0.95), threshold=st.floats(0.1, 2), seed=st.integers(0, 99))
def test_a_moved_neuron_spikes_as_before(beta, threshold, seed):
    draw = torch.Generator().manual_seed(seed)
    cur_rec = threshold * torch.rand(60, 20, generator=draw, dtype=torch.float64)
    ours, _ = snn.Leaky(beta, threshold).double().unroll(cur_rec)
    tau, gain, amount = exercise("23.4").solution(beta, threshold)
    there = experiments.elsewhere(cur_rec, tau, gain, amount, threshold)
    assert 0 < ours.mean() < 1
    assert (there != ours).sum() <= 2  # a membrane on the threshold may round to either side


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda beta, threshold: (7.0, 7.0, threshold / beta), "Your r is right, the rest is not."),
        (lambda beta, threshold: (1 / (1 - beta), 7.0, threshold / beta), "Your τ and r are right"),
        (lambda beta, threshold: (7.0, 7.0, 7.0), "not right yet. This neuron"),
    ],
)
def test_a_neuron_that_is_not_moved_rightly_hears_what_is_right(answer, said, capsys):
    snn.check("23.4", answer)
    assert said in capsys.readouterr().out


def d_of_the_median(a, b, t):
    gains = a - b
    half = t * gains.std() / len(gains) ** 0.5
    return gains.median() / gains.std(), gains.mean() - half, gains.mean() + half


def ends_by_all_runs(a, b, t):
    gains = a - b
    half = t * gains.std() / (len(a) + len(b)) ** 0.5
    return gains.mean() / gains.std(), gains.mean() - half, gains.mean() + half


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (d_of_the_median, "Your interval is right, d is not."),
        (ends_by_all_runs, "Your d is right,"),
    ],
)
def test_of_an_effect_and_its_interval_what_is_right_is_said(answer, said, capsys):
    snn.check("23.1", answer)
    assert said in capsys.readouterr().out


def test_other_names_of_arguments_are_not_taken_for_ranges(capsys):
    snn.check("23.3", lambda model: snn.Explorer(function=model, controls=[], panels=[]))  # pyright: ignore
    out = capsys.readouterr().out
    assert "`interact`" not in out
    assert "argument 'function'" in out


def test_another_argument_of_a_panel_is_not_taken_for_a_range(capsys):
    panel = lambda: snn.Curve("cur", "rate", color="red")  # pyright: ignore  # noqa: E731
    snn.check("23.3", lambda model: snn.Explorer(model, [], [panel()]))
    assert "`interact`" not in capsys.readouterr().out


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("r", [0.8 / 0.9, 0.8])
def test_sinabs_spikes_as_the_neuron_elsewhere(r):
    layers = pytest.importorskip("sinabs.layers")
    activation = pytest.importorskip("sinabs.activation")
    theirs = layers.LIF(
        tau_mem=-1 / math.log(0.9), spike_threshold=0.8, spike_fn=activation.SingleSpike,
        reset_fn=activation.MembraneSubtract(r), norm_input=True,
    )  # fmt: skip
    cur_rec = 0.4 * torch.rand(200, 50, generator=torch.Generator().manual_seed(0))
    spk_rec = theirs(10 * cur_rec.T[..., None])[..., 0].T
    here = experiments.elsewhere(cur_rec, tau=10, gain=10, amount=r, threshold=0.8)
    assert (spk_rec != here).sum() <= 2
    ours, _ = snn.Leaky(0.9, threshold=0.8).unroll(cur_rec)
    assert ((here != ours).sum() <= 2) == (r > 0.8)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("r", [0.8 / 0.9, 0.8])
def test_norse_with_a_reset_of_ones_own_spikes_as_the_neuron_elsewhere(r):
    norse = pytest.importorskip("norse.torch")
    pace, zero, threshold = map(torch.tensor, (100.0, 0.0, 0.8))
    how = norse.LIFBoxParameters(
        tau_mem_inv=pace, v_leak=zero, v_th=threshold, v_reset=zero,
        reset_method=lambda spk, mem, _reset, _threshold: mem - r * spk,
    )  # fmt: skip
    cur_rec = 0.4 * torch.rand(200, 50, generator=torch.Generator().manual_seed(0))
    spk_rec, _ = norse.Lift(norse.LIFBoxCell(how, dt=0.001))(10 * cur_rec)
    here = experiments.elsewhere(cur_rec, tau=10, gain=10, amount=r, threshold=0.8)
    assert (spk_rec != here).sum() <= 2


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
def test_spikingjelly_subtracts_the_threshold_and_no_other_amount():
    neurons = pytest.importorskip("spikingjelly.activation_based.neuron")
    theirs = neurons.LIFNode(tau=10.0, v_threshold=0.8, v_reset=None, step_mode="m")
    cur_rec = 0.4 * torch.rand(200, 50, generator=torch.Generator().manual_seed(0))
    here = experiments.elsewhere(cur_rec, tau=10, gain=10, amount=0.8, threshold=0.8)
    assert (theirs(10 * cur_rec) != here).sum() <= 2


def test_the_phrase_book_has_ten_phrases_in_seven_libraries(capsys):
    assert all(len(library.lines) == 10 for library in phrases.LIBRARIES.values())
    phrases.show("snnedu", "Brian 2")
    out = capsys.readouterr().out
    assert "Brian 2 (not run here)" in out
    assert "snnedu (not run here)" not in out
    assert all(f"# {phrase}\n" in out for phrase in phrases.PHRASES)


def test_upper_and_lower_case_of_a_library_are_alike(capsys):
    phrases.show("norse", "SNNTORCH")
    assert "# … in Norse\n" in capsys.readouterr().out


@pytest.mark.bad_input
def test_an_unknown_library_is_refused():
    with pytest.raises(ValueError, match="Received 'Nengo'"):
        phrases.show("snnedu", "Nengo")


@pytest.mark.bad_input
@pytest.mark.parametrize("start", [0.0, 1.0, 16.0, -0.5])
def test_a_gain_that_is_no_share_is_refused(start):
    with pytest.raises(ValueError, match=r"between 0 and 1.*Pass 1/τ"):
        experiments.Gain(start)


def control(tau):
    return experiments.Gain(1 / tau, learn=True), experiments.leaky(1 - 1 / tau)


@pytest.mark.parametrize("tau", [2.0, 16.0])
def test_the_paper_s_neuron_and_both_others_start_alike(tau):
    cur_rec = 2 * tau * torch.rand(10, 2, 5)
    makers = (experiments.fixed, experiments.learned, control, experiments.learned_leak)
    fixed, learned, gain, leak = (snn.Sequential(*make(tau))(cur_rec) for make in makers)
    torch.testing.assert_close(learned[1], fixed[1])
    torch.testing.assert_close(gain[1], fixed[1])
    torch.testing.assert_close(leak[1], fixed[1])
    assert 0 < fixed[0].mean() < 1
    assert learned[1].requires_grad
    assert not fixed[1].requires_grad


def test_one_parameter_moves_leak_and_gain_together():
    gain, lif = experiments.learned(4.0)
    assert len(list(snn.Sequential(gain, lif).parameters())) == 1
    gain.w.data += 1.0
    torch.testing.assert_close(lif.beta, 1 - torch.sigmoid(gain.w))


@pytest.mark.parametrize("seed", [0, 1])
def test_at_the_bad_start_all_neurons_are_silent(seed):
    """The text says so: the first step of learning comes through the surrogate alone."""
    x = snn.data.digits()[1][0]
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        net = experiments.network(experiments.fixed, 16.0, seed)
        kept = net.record(experiments.constant(x))
    assert not any(layer.spk.any() for layer in kept.values())


def test_a_learned_gain_ends_where_a_learned_time_constant_does_and_a_leak_goes_the_other_way():
    (_, learned), (gains, stays) = (
        experiments.ends(how, 16.0, 0) for how in (experiments.learned, control)
    )
    assert all(3.5 < tau < 6 for tau in learned)
    assert all(2 < gain < 8 for gain in gains)
    assert stays == pytest.approx([16.0, 16.0], rel=1e-4)
    fixed, leak = experiments.ends(experiments.learned_leak, 16.0, 0)
    assert fixed == pytest.approx([16.0, 16.0], rel=1e-4)
    assert min(leak) > 18


def test_the_other_control_learns_the_leak_and_keeps_the_gain():
    gain, lif = experiments.learned_leak(4.0)
    assert not gain.w.requires_grad
    (w,) = lif.parameters()
    assert w.requires_grad


def test_a_learned_gain_does_what_a_learned_time_constant_does_and_a_leak_does_not():
    """Of the gap between the starts; the control is what the paper's plot leaves out."""
    makers = (experiments.fixed, experiments.learned, control, experiments.undivided)
    makers += (experiments.learned_leak,)
    seeds = range(2)
    found = [
        [experiments.accuracies(make, tau, seed)[-1] for seed in seeds for tau in (2.0, 16.0)]
        for make in makers
    ]
    ends = torch.tensor(found).view(len(makers), 2, 2).mean(1)
    fixed, learned, gain, undivided, leak = ends[:, 0] - ends[:, 1]
    assert fixed > 0.12
    assert learned < 0.6 * fixed
    assert abs(gain - learned) < 0.04
    assert abs(leak - fixed) < 0.04
    assert abs(undivided) < 0.04


@pytest.mark.parametrize(("effect", "seeds"), [(1.0, 4), (1.0, 8), (0.5, 16), (0.0, 4)])
def test_studies_find_an_effect_as_often_as_student_s_t_says(effect, seeds):
    from scipy.stats import nct, t

    limit, center = t.ppf(0.975, seeds - 1), effect * seeds**0.5
    above, below = nct.sf(limit, seeds - 1, center), nct.cdf(-limit, seeds - 1, center)
    assert explorers.studies(effect, seeds)["percent"] == pytest.approx(
        100 * (above + below), abs=3
    )


def test_the_answer_in_the_explorer_is_kept():
    explorer = snn.seeds_explorer(ask="23.p1")
    assert explorer.guess == ""
    assert "1.4" not in explorer.describe()  # which is asked later
    explorer.guess = "About 10"
    assert snn.seeds_explorer(ask="23.p1").guess == "About 10"
    for settings in explorer.extremes():
        assert 0 <= explorer.run(**settings)["percent"] <= 100

"""Checks answer within seconds whatever a learner's function does; hints, solutions, quizzes."""

import _thread
import inspect
import math
import random
import sys
import threading
import time
import warnings

import numpy as np
import pytest
import torch

from snnedu.core.history import History
from snnedu.course import attempt, check as checks, overview, progress
from snnedu.course.attempt import Unsolved, WrongAnswer
from snnedu.course.exercise import Exercise, Option, Question, exercise
from snnedu.course.fields import html
from snnedu.course.quiz import quiz


def loops_for_ever(spk_rec):
    while True:
        pass


def swallows_everything(spk_rec):
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            continue


def sleeps_in_c(spk_rec):
    time.sleep(30)


def grows(spk_rec):
    numbers = [0] * 1000
    while True:
        numbers = numbers + numbers


def interrupts(spk_rec):
    raise KeyboardInterrupt


def raises(spk_rec):
    return spk_rec / "zero"


def asks_a_tensor(spk_rec):
    if spk_rec > 0.5:
        spk_rec = 1
    return spk_rec


def subtracts_comparisons(spk_rec):
    return (spk_rec > 0) - (spk_rec < 0)


def negates_a_comparison(spk_rec):
    return -(spk_rec > 0)


def takes_a_logarithm(spk_rec):
    return math.log(spk_rec)


def walks_back_twice(spk_rec):
    loss = spk_rec.float().requires_grad_().square().sum()
    loss.backward()
    loss.backward()


def walks_back_to_old_weights(spk_rec):
    weight = torch.ones(1, requires_grad=True)
    loss = spk_rec.float().sum() * weight.square()
    with torch.no_grad():
        weight.add_(1)
    loss.backward()


def walks_back_from_numbers(spk_rec):
    spk_rec.float().sum().backward()


def raises_a_sentence(spk_rec):
    raise ValueError("All is lost.")


def changes_its_input(spk_rec):
    spk_rec += 1
    return spk_rec.sum(0)


def returns_a_million(spk_rec):
    return torch.zeros(2_000_000)


def forgets_to_return(spk_rec):
    counts = spk_rec.sum(0)  # noqa: F841


def raises_at_length(spk_rec):
    raise ValueError("The first sentence is short. " + "The second one has no end " * 20)


def leaves_a_case_out(spk_rec):  # noqa: RET503
    if spk_rec.dim() > 2:
        return spk_rec.sum(0)


def leaves_a_word_out(spk_rec):  # noqa: RET503
    if len(spk_rec) == 0:
        return "none"


def leaves_the_return_to_another(spk_rec):
    def counts():
        return spk_rec.sum(0)

    counts()


def asks_two_things(spk_rec):
    counts = spk_rec.long()
    return counts >= 0 & counts <= 1


def asks_numbers(spk_rec):
    alive = spk_rec > 0
    return alive & spk_rec < 1


def exits(spk_rec):
    sys.exit()


@pytest.mark.parametrize(
    ("function", "reply"),
    [
        (loops_for_ever, "A `while` ends only if its body changes"),
        (swallows_everything, "still running after"),
        (sleeps_in_c, "It cannot be stopped: fix your code, then restart the kernel."),
        (grows, "took more than 50 MB of memory"),
        (interrupts, "ends Python"),
        (raises, 'raised TypeError in the line `return spk_rec / "zero"`'),
        (lambda spk_rec: spk_rec.sum("time"), "combination of arguments - got (str). The notebook"),
        (asks_a_tensor, "in the line `if spk_rec > 0.5`: Boolean value of Tensor"),
        (raises_a_sentence, '`raise ValueError("All is lost.")`: All is lost. The notebook'),
        (raises_at_length, "20)`: The first sentence is short. The notebook"),
        (changes_its_input, "changes its input"),
        (returns_a_million, "returned 2,000,000 elements"),
        (forgets_to_return, "returns nothing"),
        (leaves_the_return_to_another, "returns nothing"),
        (leaves_a_word_out, "has a `return`, and yet"),
        (leaves_a_case_out, "has a `return`, and yet it returned None for one of our inputs."),
        (exits, "ends Python"),
        (42, "A function is needed here. Received int"),
        (lambda: 1, "raised TypeError"),
        (lambda spk_rec: 1 if spk_rec > 0 else 0, "needs a single True or False, a tensor holds"),
        (lambda spk_rec: (spk_rec > 0) and True, "many: use `&`, `|` and `~`, as in"),
        (lambda spk_rec: not spk_rec, "`and`, `or` and `not` take a single True or False"),
        (lambda spk_rec: 0 if not spk_rec else 1, "An `if` needs a single True or False"),
        (lambda spk_rec: 0 < spk_rec < 1, "comparison in parentheses, `(a > 0) & (b > a)`: `&`"),
        (asks_two_things, "`&` comes before `>`, and `b > a > 0` takes no tensors."),
        (asks_numbers, "Put each comparison in parentheses"),
        (lambda spk_rec: 1 - spk_rec.max(0), "return values and positions: take `.values`. To"),
        (lambda spk_rec: History().test_accuracy[-1], "empty unless `fit` is given test data"),
        (lambda spk_rec: spk_rec.reshape(80, 16, 4), "take them from the input, `x.shape`"),
        (walks_back_twice, "a second time. Something from before the last `backward` is still in"),
        (walks_back_to_old_weights, "by an inplace operation. Something from before `optimizer."),
        (walks_back_from_numbers, "No path leads back to the weights"),
        (takes_a_logarithm, "take one number, a tensor holds many"),
        (lambda spk_rec: torch.tensor(list(spk_rec)), "makes one tensor of a list of tensors"),
        (lambda spk_rec: int(spk_rec), "or `x.long()`"),
        (lambda spk_rec: round(spk_rec), "takes no tensors: use `torch.round(x)`, or"),
        (lambda spk_rec: round(spk_rec[0, 0]), "or `round(float(x))` for one number."),
        (lambda spk_rec: max(spk_rec), "compare single numbers, a tensor holds many: use `x.max"),
        (lambda spk_rec: max(0, spk_rec.sum(0)), "or `x.clamp(min=0)`"),
        (lambda spk_rec: spk_rec.sum(0, 2), "Put several axes into a tuple: `x.sum((0, 2))`"),
        (
            lambda spk_rec: spk_rec.int().sum(1).mean(),
            "`mean` needs floats: make them first, `x.float",
        ),
        (lambda spk_rec: np.sum(spk_rec, 0), "NumPy and tensors do not mix here"),
        (lambda spk_rec: np.std(spk_rec, 0), "NumPy and tensors do not mix here"),
        (lambda spk_rec: np.zeros(5) + spk_rec[0], "make an array of the tensor first"),
        (lambda spk_rec: float(spk_rec > 0), "`x.float()` or `x.long()`"),
        (lambda spk_rec: spk_rec - (spk_rec > 0), "numbers of them, `(a > b).float()`"),
        (subtracts_comparisons, "is not supported. A comparison gives True and False: make"),
        (negates_a_comparison, "is not supported. A comparison gives True and False: make"),
        (lambda spk_rec: spk_rec.float() ^ 2, "`^` is not the power operator in Python"),
        (lambda spk_rec: 0.5 ^ 2, "`^` is not the power operator in Python"),
        (lambda spk_rec: spk_rec[len(spk_rec)], "the last one is 19. The notebook"),
        (lambda spk_rec: spk_rec[80], "the last one is 19. The check may use other sizes"),
        (lambda spk_rec: spk_rec + torch.zeros(16, 16), "dimension 1. The check may use other"),
        (lambda spk_rec: spk_rec * spk_rec.sum((1, 2)), "Axes are matched from the last one on"),
        (lambda spk_rec: spk_rec[:0][-1], "with size 0. The notebook"),
        (lambda spk_rec: spk_rec.max(0), "Take one of them: `.values` or `.indices`"),
        (lambda spk_rec: spk_rec.sum(0).to_sparse(), "an ordinary one: `.to_dense()`"),
        (lambda spk_rec: "many", "A tensor is needed. Your function returns a text."),
        (lambda spk_rec: [[1.0], [1.0, 2.0]], "Your function returns a list of 2 things"),
        (
            lambda spk_rec: torch.zeros(3),
            "should return the shape [5]. Yours returns the shape [3]",
        ),
        (lambda spk_rec: torch.zeros(5), "The counts are not right"),
        (lambda spk_rec: [], "should return the shape [5]. Yours returns the shape [0]"),
    ],
)
# The exception that stops a thread may reach it in a callback of a weak reference, where Python
# can only warn.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_notebook_continues_whatever_a_function_does(function, reply, monkeypatch, capsys):
    monkeypatch.setattr(attempt, "SECONDS", 0.5)
    monkeypatch.setattr(attempt, "MOST_SECONDS", 2.0)
    monkeypatch.setattr(attempt, "MOST_MEMORY", 50e6)
    start = time.monotonic()
    solution = checks.check("00.1", function)
    assert time.monotonic() - start < 20
    assert solution is checks.exercise("00.1").solution
    out = capsys.readouterr().out
    assert "00.1 is not right yet" in out
    assert reply in out


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("right", [True, False])
def test_a_long_printed_text_is_cut_off(stream, right, capsys):
    calls = []

    def chatty(spk_rec):
        calls.append(spk_rec)
        for _ in range(100_000):
            print("hello", file=getattr(sys, stream))
        return spk_rec.sum(0 if right else 1)

    checks.check("00.1", chatty)
    out, err = capsys.readouterr()
    assert ("✅" in out) == right
    assert "Your code printed: hello" in out
    assert f"{600_000 * len(calls) - 500:,} characters more" in out
    assert len(out) < 1000
    assert err == ""


def test_warnings_of_other_libraries_are_not_shown_to_learners(capsys):
    def with_numpy(spk_rec):
        warnings.warn("__array_wrap__ must accept context", DeprecationWarning, stacklevel=1)
        return np.sum(spk_rec.numpy(), axis=0)

    checks.check("00.1", with_numpy)
    out, err = capsys.readouterr()
    assert "✅" in out
    assert "Deprecat" not in out + err


# An interrupt may come when psutil has just opened a file, which Python then closes by itself.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_interrupting_the_kernel_stops_the_function():
    before = threading.active_count()
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        checks.check("00.1", loops_for_ever)
    end = time.monotonic() + 2
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= before


def numbers():
    return torch.rand(3).tolist(), random.random(), np.random.rand()  # noqa: NPY002


def test_every_check_draws_other_random_numbers():
    seen = []

    def count(spk_rec):
        seen.append((numbers(), spk_rec))
        return spk_rec.sum(0)

    checks.verdict(checks.exercise("00.1"), count, seed=1)
    calls = len(seen)
    checks.verdict(checks.exercise("00.1"), count, seed=1)
    checks.check("00.1", count)
    (first, spk_rec), (second, _), (third, other) = seen[::calls]
    assert first == second != third
    assert not torch.equal(spk_rec, other)


@pytest.mark.parametrize("function", [lambda spk_rec: spk_rec.sum(0), loops_for_ever])
def test_a_check_leaves_the_learners_random_numbers_alone(function, monkeypatch):
    monkeypatch.setattr(attempt, "SECONDS", 0.2)
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    wanted = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    checks.check("00.1", function)
    assert torch.equal(torch.get_rng_state(), wanted[0])
    assert np.array_equal(np.random.get_state()[1], wanted[1][1])  # noqa: NPY002


def test_a_check_leaves_pythons_random_numbers_alone():  # beartype draws some in `check`
    random.seed(1)
    with attempt.random_numbers(0):
        random.random()
    assert random.random() == random.Random(1).random()


def expects_a_third(answer):
    if abs(float(answer) - 1 / 3) > 0.01:
        raise WrongAnswer("Another number.")


A_VALUE = Exercise(
    id="99.1",
    title="A value",
    name="value",
    solution=1 / 3,
    check=expects_a_third,
    hints=(),
    mistakes={},
)


@pytest.mark.parametrize("answer", [0.333, np.float32(0.333), torch.tensor(0.333), "0.333"])
def test_a_value_is_accepted_as_an_answer(answer):
    checks.verdict(A_VALUE, answer)


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (0.5, "Another number."),
        ("a third", "Your answer cannot be compared with the right one: could not convert"),
        (torch.zeros(3), "cannot be compared"),
        (lambda: 1 / 3, "A value is needed here, not a function."),
    ],
)
def test_a_wrong_value_gets_a_reason(answer, reply):
    with pytest.raises(WrongAnswer, match=reply):
        checks.verdict(A_VALUE, answer)


def test_a_value_that_is_still_an_ellipsis_is_open():
    with pytest.raises(Unsolved):
        checks.verdict(A_VALUE, ...)


def test_a_stub_that_raises_not_implemented_is_open():
    def count_spikes(spk_rec):
        raise NotImplementedError("write me")

    with pytest.raises(Unsolved):
        checks.verdict(exercise("00.1"), count_spikes)


def test_not_implemented_that_torch_raises_is_an_error_and_no_stub():
    """08.1 called `cross_entropy(targets, counts)` still open: torch has no softmax of integers."""
    with pytest.raises(WrongAnswer, match=r"raised NotImplementedError in the line .*'Long'"):
        checks.verdict(exercise("00.1"), lambda spk_rec: spk_rec.long().softmax(0))


def test_hints_come_one_by_one_and_are_remembered(capsys):
    checks.hint("00.1")
    first = capsys.readouterr().out
    checks.hint("00.1")
    second = capsys.readouterr().out
    assert "1. " in first
    assert "2. " not in first
    assert "2. " in second
    for _ in range(3):
        checks.hint("00.1")
    assert 'snn.solution("00.1")' in capsys.readouterr().out
    assert progress.hints_taken()["00.1"] == 3


@pytest.mark.parametrize("value", ["withheld", "1", "yes", "True", "WITHHELD", "hidden"])
def test_any_value_withholds_solutions(value, monkeypatch, capsys):
    monkeypatch.setenv("SNNEDU_SOLUTIONS", value)
    checks.solution("00.1")
    assert "withheld for this class" in capsys.readouterr().out
    assert "spk_rec" not in checks._last("00.1")


@pytest.mark.parametrize("value", [None, "", "0", "no", "No ", "shown"])
def test_solutions_are_shown_unless_withheld(value, monkeypatch, capsys):
    if value is not None:
        monkeypatch.setenv("SNNEDU_SOLUTIONS", value)
    checks.solution("00.1")
    assert "def count_spikes(spk_rec" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["here", "start", "opened", "package", "checkout"])
def test_a_file_withholds_solutions_also_after_chdir(place, monkeypatch, tmp_path, capsys):
    folders = {"package": tmp_path / "package" / "tutorials", "checkout": tmp_path / "tutorials"}
    folder = folders.get(place, tmp_path / place)
    folder.mkdir(parents=True)
    monkeypatch.setattr(checks, "PACKAGE", tmp_path / "package")
    monkeypatch.setattr(checks, "_STARTED", tmp_path / "start")
    monkeypatch.setenv("SNNEDU_COURSE", str(tmp_path / "opened"))
    monkeypatch.chdir(folder if place == "here" else tmp_path)
    assert not checks.withheld()
    (folder / "solutions-withheld").touch()
    checks.solution("00.1")
    assert "withheld for this class" in capsys.readouterr().out


def test_a_strict_check_raises_and_hands_out_nothing(capsys):
    with pytest.raises(Unsolved, match=r"00\.1 is still open"):
        checks.check("00.1", None, strict=True)
    with pytest.raises(WrongAnswer, match=r"These are rates"):
        checks.check("00.1", lambda spk_rec: spk_rec.mean(0), strict=True)
    ours = checks.check("00.1", None)
    with pytest.raises(Unsolved, match="This is our solution"):
        checks.check("00.1", ours, strict=True)
    assert progress.solved() == set()

    def mine(spk_rec):
        return spk_rec.sum(0)

    assert checks.check("00.1", mine, strict=True) is mine
    assert progress.solved() == {"00.1"}


def test_progress_counts_what_is_solved(capsys):
    checks.check("00.1", lambda spk_rec: spk_rec.sum(0))
    capsys.readouterr()
    overview.progress()
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "tutorial 00  ●"
    assert lines[2].startswith("tutorial 01  ○○○  open: 01.1 Decode a raster, 01.2 ")
    assert lines[-1] == 'To do one again: `snn.reset("00.1")`.'


def test_an_exercise_that_is_reset_is_open_again(capsys):
    checks.check("00.1", lambda spk_rec: spk_rec.sum(0))
    overview.reset("00.1")
    assert "00.1 is open again" in capsys.readouterr().out
    overview.progress()
    assert "tutorial 00  ○  open: 00.1 Count spikes\n" in capsys.readouterr().out
    checks.check("00.1", lambda spk_rec: spk_rec.sum(0))
    assert progress.solved() == {"00.1"}


@pytest.mark.parametrize("answer", [None, lambda spk_rec: spk_rec.sum(1)])
def test_a_check_says_that_an_exercise_was_solved_earlier(answer, capsys):
    checks.check("00.1", answer)
    assert "solved this earlier" not in capsys.readouterr().out
    checks.check("00.1", lambda spk_rec: spk_rec.sum(0))
    capsys.readouterr()
    checks.check("00.1", answer)
    assert "You solved this earlier, and that still counts." in capsys.readouterr().out


@pytest.mark.parametrize("id", ["00.1", "00.p1", "00"])
def test_a_reset_takes_an_exercise_a_prediction_or_a_chapter(id):
    overview.reset(id)
    assert progress.events()[-1].id == id


@pytest.mark.bad_input
@pytest.mark.parametrize("id", ["00.9", "0", "77", ""])
def test_reset_raises_for_what_is_not_there(id):
    with pytest.raises(ValueError, match="must be one of"):
        overview.reset(id)
    assert progress.events() == []


def test_variants_differ_between_learners_and_exercises(monkeypatch):
    seeds = set()
    for learner in ("1", "2"):
        monkeypatch.setenv("SNNEDU_LEARNER", learner)
        seeds |= {checks.variant("02.3"), checks.variant("02.1")}
        assert checks.variant("02.3") == checks.variant("02.3")
    assert len(seeds) == 4


def test_each_option_of_a_quiz_gets_its_reply_and_is_stored():
    ask = quiz("01")
    for number, (_, options) in enumerate(ask.asked):
        for n, option in enumerate(options):
            ask.chosen = {**ask.chosen, str(number): n}  # as the browser sets it
            reply = ask.replies[str(number)]
            assert html(option.feedback) in reply
            assert ("✅" in reply) == option.right
    stored = [(event.id, event.value) for event in progress.events() if event.kind == "answer"]
    assert stored == [
        (f"01.q{number}", option.text)
        for number, (_, options) in enumerate(ask.asked, start=1)
        for option in options
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("To *each* side, as `a *b* c`.", "To <em>each</em> side, as <code>a *b* c</code>."),
        ("Two *or more words*.", "Two <em>or more words</em>."),
        ("2 * 3 * 4, x*y*z, **kwargs", "2 * 3 * 4, x*y*z, **kwargs"),
    ],
)
def test_words_between_asterisks_are_emphasized_outside_of_code(text, shown):
    assert html(text) == shown


def test_the_position_of_an_option_does_not_show_whether_it_is_right():
    asked = [each for tutorial in ("00", "01", "05", "06") for each in quiz(tutorial).asked]
    places = [[option.right for option in options].index(True) for _, options in asked]
    assert len(set(places)) == 3
    assert places.count(0) <= len(places) / 2
    poll, options = quiz("00.path").asked[0]
    assert tuple(options) == poll.options  # a poll stays as it was written


@pytest.mark.browser
def test_a_quiz_is_answered_with_the_keyboard(lab):
    cells = ['import snnedu as snn\nsnn.quiz("01")', "pass"]
    notebook = lab.open(lab.write("quiz.ipynb", cells))
    notebook.run_all()
    page, ask = notebook.page, quiz("01")
    questions = page.locator(".quiz fieldset")
    questions.first.locator("input").first.focus()
    for number, (_, options) in enumerate(ask.asked):
        question = questions.nth(number)
        for key, option in zip(["Space", "ArrowDown", "ArrowDown"], options, strict=True):
            page.keyboard.press(key)
            words = option.feedback.replace("`", "")  # code is set as code
            question.get_by_role("status").filter(has_text=words).wait_for()
            assert question.locator("input:checked").count() == 1
        page.keyboard.press("Tab")
    assert page.locator(".quiz input:checked").count() == len(ask.asked)
    assert notebook.errors() == []
    assert notebook.console == []


def test_a_quiz_without_a_front_end_shows_everything_but_the_answer():
    data, _ = quiz("00")._repr_mimebundle_()
    for text in (data["text/plain"], data["text/html"]):
        assert "25 steps of time, 10 neurons" in text
        assert "Time always comes first here" not in text
        assert "✅" not in text


@pytest.mark.bad_input
@pytest.mark.parametrize("id", ["00.9", "77.1", "", None])
def test_check_raises_for_an_unknown_exercise(id):
    with pytest.raises(ValueError, match="must be one of"):
        checks.check(id, None)


@pytest.mark.bad_input
def test_a_question_without_a_right_option_raises():
    with pytest.raises(ValueError, match="one right option"):
        Question("?", (Option("a", "b"),))


def test_a_class_that_is_not_written_yet_is_open(capsys):
    class MySpike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)

    assert checks.check("06.2", MySpike) is checks.exercise("06.2").solution
    assert "06.2 is still open" in capsys.readouterr().out


class Counter:
    """A learner's own class whose objects can be called."""

    def __call__(self, spk_rec):
        return spk_rec.sum(0).tolist()


def test_an_object_that_can_be_called_is_an_answer_but_its_class_is_not(capsys):
    assert checks.check("00.1", Counter) is checks.exercise("00.1").solution
    assert "Received the class `Counter`" in capsys.readouterr().out
    count_spikes = checks.check("00.1", Counter())
    assert "✅" in capsys.readouterr().out
    assert count_spikes(torch.ones(3, 2)).tolist() == [3.0, 3.0]


def test_an_accepted_answer_keeps_its_name_its_source_and_its_mistakes():
    def count_spikes(spk_rec):
        """Add up."""
        return spk_rec.sum(0).tolist()

    accepted = checks.check("00.1", count_spikes)
    assert (accepted.__name__, accepted.__doc__) == ("count_spikes", "Add up.")
    assert inspect.getsource(accepted) == inspect.getsource(count_spikes)
    with pytest.raises(AttributeError, match="has no attribute 'sum'"):
        accepted(3)


def test_a_solved_exercise_says_so_when_our_solution_comes_back(capsys):
    ours = checks.check("00.1", None)
    checks.check("00.1", lambda spk_rec: spk_rec.sum(0))
    capsys.readouterr()
    assert checks.check("00.1", ours) is ours
    assert "00.1 was solved earlier. This is our solution" in capsys.readouterr().out


def waits(spk_rec):
    time.sleep(0.8)
    return spk_rec.sum(0)


def test_waiting_for_a_busy_machine_is_not_counted_as_computing(monkeypatch):
    monkeypatch.setattr(attempt, "SECONDS", 0.2)
    checks.verdict(checks.exercise("00.1"), waits)

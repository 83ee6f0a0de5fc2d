"""Every exercise: its stub stays open, its solution passes, each mistake gets its own reply."""

import ast
import copy
from itertools import combinations

import pytest
import torch

import snnedu
from snnedu.course import check as checks, progress
from snnedu.course.attempt import Unsolved, WrongAnswer, same_random_numbers
from snnedu.course.diagnosis import alike, outcome, variants
from snnedu.course.exercise import all_exercises

pytestmark = pytest.mark.house
EXERCISES = all_exercises()
MISTAKES = [
    pytest.param(e, reply, wrong, id=f"{e.id}-{n}")
    for e in EXERCISES
    for n, (reply, wrong) in enumerate(variants(e.mistakes))
]
ACCEPTED = [
    pytest.param(e, answer, id=f"{e.id}-{n}")
    for e in EXERCISES
    for n, answer in enumerate(e.accepts)
]
by_id = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
by_id_compared = pytest.mark.parametrize(
    "exercise", [e for e in EXERCISES if not e.check], ids=lambda e: e.id
)


def stub(*args, **kwargs):
    """What a learner has not touched yet."""


@by_id
def test_an_untouched_stub_is_open_and_the_solution_is_returned(exercise, capsys):
    answer = stub if callable(exercise.solution) else ...
    with pytest.raises(Unsolved):
        checks.verdict(exercise, None)
    if not isinstance(exercise.solution, type):
        assert checks.check(exercise.id, answer) is exercise.solution
        assert f"{exercise.id} is still open" in capsys.readouterr().out
    assert progress.solved() == set()


@by_id
def test_the_solution_is_right_and_recorded(exercise, capsys):
    assert checks.check(exercise.id, exercise.solution) is exercise.solution
    assert capsys.readouterr().out.startswith(f"✅ {exercise.id} {exercise.title}")
    assert progress.solved() == {exercise.id}


@pytest.mark.parametrize(("exercise", "answer"), ACCEPTED)
def test_a_right_answer_in_another_form_is_accepted(exercise, answer):
    checks.verdict(exercise, answer)


@pytest.mark.parametrize(("exercise", "reply", "wrong"), MISTAKES)
def test_a_mistake_gets_exactly_its_reply(exercise, reply, wrong):
    with pytest.raises(WrongAnswer) as raised:
        checks.verdict(exercise, wrong)
    assert str(raised.value) == reply


@by_id_compared
def test_the_cases_tell_all_mistakes_and_the_solution_apart(exercise):
    with same_random_numbers():
        given = list(exercise.cases())
    answers = [("", exercise.solution), *variants(exercise.mistakes)]
    results = [(reply, outcome(answer, given, exercise.run)) for reply, answer in answers]
    for (one, a), (other, b) in combinations(results, 2):
        if one != other and a is not None and b is not None:
            same = all(alike(x, y, exercise.rtol) for x, y in zip(a, b, strict=True))
            assert not same, f"{one!r} and {other!r} give the same numbers"


OPPOSITE = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.USub: ast.UAdd,
}  # fmt: skip
# Lines of mutants that are right answers, too: in 03.2, 03.3, 05.3 and 06.2 there are many.
ALSO_RIGHT = {
    "01.1": {"return spk_rec.sum(0).argmax(+1)"},
    "02.4": {"return torch.where(R * cur >= threshold, 1000 / interval, 0.0)"},
    "03.2": {"burst = (0.995, 21.0)"},
    "03.3": {
        "if late.max() >= 2 * late.min():",
        "if late.max() > 3 * late.min():",
        "if late.mean() <= 15:",
        "if late.mean() < 16:",
        "if len(weak) > 1:",
        "late = intervals[len(intervals) // 3:]",
        "return 'intrinsically_bursting' if intervals[0] <= 5 else 'regular_spiking'",
        "return 'intrinsically_bursting' if intervals[0] < 6 else 'regular_spiking'",
        "return 'intrinsically_bursting' if intervals[1] < 5 else 'regular_spiking'",
    },
    "04.1": {"return (chance <= x).float()"},
    "05.3": {"while net.record(x_rec)[str(number + 1)].spk.mean() <= 0.1:"},
    "06.2": {
        "return grad / ((1 + 5 * x.abs()) * 2)",
        "return grad / (1 + 5 * x.abs()) ** 3",
        "return grad / (2 + 5 * x.abs()) ** 2",
        "return grad / (1 + 6 * x.abs()) ** 2",
    },
}


def mutants(source):
    """Return (changed line, source) for each operator and number of a solution, changed by one."""
    tree = ast.parse(source)
    lines = ast.unparse(tree).splitlines()
    for place, original in enumerate(ast.walk(tree)):
        mutant = copy.deepcopy(tree)
        node = list(ast.walk(mutant))[place]
        if isinstance(original, ast.Constant) and type(original.value) in (int, float):
            node.value += 1
        elif isinstance(original, ast.Compare) and type(original.ops[0]) in OPPOSITE:
            node.ops[0] = OPPOSITE[type(original.ops[0])]()
        elif type(getattr(original, "op", None)) in OPPOSITE:
            node.op = OPPOSITE[type(original.op)]()
        else:
            continue
        text = ast.unparse(mutant)
        pairs = zip(text.splitlines(), lines, strict=True)
        yield next(new.strip() for new, old in pairs if new != old), text


def passes(exercise, source):
    names: dict = {"torch": torch, "snn": snnedu}
    try:
        exec(source, names)
        checks.verdict(exercise, names[exercise.name])
    except Exception:  # refused, or it does not even run
        return False
    return True


@by_id
def test_no_mutant_of_the_solution_passes(exercise):
    passed = {line for line, source in mutants(exercise.code()) if passes(exercise, source)}
    assert passed == ALSO_RIGHT.get(exercise.id, set())


@by_id
def test_an_exercise_has_what_a_learner_needs(exercise):
    assert 2 <= len(exercise.hints) <= 3
    assert len(exercise.mistakes) >= 3
    assert exercise.accepts
    assert exercise.name in exercise.code()
    texts = [*exercise.hints[:-1], *exercise.mistakes]
    body = exercise.code().rstrip().splitlines()[-1].strip()
    assert not any(body in text for text in texts), "a reply or early hint gives the answer away"


@by_id
def test_the_shown_solution_runs_in_a_notebook(exercise):
    names: dict = {"torch": torch, "snn": snnedu}
    exec(exercise.code(), names)
    checks.verdict(exercise, names[exercise.name])


def test_ids_are_unique_and_in_order():
    ids = [exercise.id for exercise in EXERCISES]
    assert ids == sorted(set(ids))

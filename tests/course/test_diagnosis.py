"""A mistake is named only where the answer gives its numbers, and no other mistake's."""

import numpy as np
import pytest
import torch

from snnedu.course import check as checks
from snnedu.course.attempt import Attempt, WrongAnswer
from snnedu.course.diagnosis import ByShape, alike, compare, numbers, refuse, unroll, variants
from snnedu.course.exercise import Exercise, exercise

GENERAL = "Double x."
X = torch.tensor([1.0, -2.0, 3.0])
MISTAKES = {
    "You forgot to double.": lambda x: x,
    "You square.": lambda x: x**2,
    "You add up.": ByShape(lambda x: x.sum()),
}


def double(x):
    return 2 * x


def reply_to(answer, mistakes=MISTAKES, cases=((X,), (X[:2],)), otherwise=GENERAL, **more):
    with pytest.raises(WrongAnswer) as raised:
        compare(Attempt(answer), double, lambda: cases, mistakes, otherwise, **more)
    return str(raised.value)


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: x + x,
        lambda x: (2 * x).double(),
        lambda x: (2 * x).int(),
        lambda x: (2 * x).numpy(),
        lambda x: (2 * x).tolist(),
        lambda x: list(2 * x),
        lambda x: tuple(2 * x),
        lambda x: (2 * x).requires_grad_(),
    ],
)
def test_a_right_answer_passes_in_any_form(answer):
    compare(Attempt(answer), double, lambda: [(X,)], MISTAKES, GENERAL)


@pytest.mark.parametrize("one", [4, 4.0, np.float32(4), torch.tensor([4]), [4.0], [[4.0]]])
def test_a_single_number_passes_with_any_number_of_axes(one):
    assert alike(numbers(one), numbers(4))


def test_a_mistake_is_named_by_its_numbers():
    assert reply_to(lambda x: x.clone()) == "You forgot to double."
    assert reply_to(lambda x: (x * x).tolist()) == "You square."


def test_a_mistake_that_matches_on_one_case_only_is_not_named():
    assert reply_to(lambda x: x if len(x) == 3 else 5 * x) == GENERAL
    assert reply_to(lambda x: x if len(x) == 3 else 2 * x) == GENERAL


def test_two_mistakes_with_the_same_numbers_are_not_named():
    twins = {**MISTAKES, "You copy.": lambda x: x.clone()}
    assert reply_to(lambda x: x, twins) == GENERAL
    assert reply_to(lambda x: x**2, twins) == "You square."


@pytest.mark.parametrize("factor", [1.001, 0.98])
def test_an_answer_that_is_nearly_right_hears_that_it_is(factor):
    """A search in small steps for a formula, or a simulation, comes near; the formula is asked."""
    near = "Your numbers are within 3% of the right ones, but not exact. "
    assert reply_to(lambda x: factor * 2 * x) == near + GENERAL
    assert reply_to(lambda x: 2 * x + (x == 3)) == GENERAL  # one of them is far off


@pytest.mark.parametrize("rounding", [torch.round, torch.trunc, lambda x: x.round(decimals=1)])
def test_right_numbers_that_are_rounded_are_told_so(rounding):
    cases = ((X / 7,), (X / 1.3,))
    said = "Your numbers are rounded. Return them as they are: rounding is for printing."
    assert reply_to(lambda x: rounding(2 * x), cases=cases) == said
    assert reply_to(lambda x: rounding(3 * x), cases=cases) == GENERAL


def test_yes_and_no_in_place_of_a_share_are_not_called_rounded():
    assert reply_to(lambda x: (2 * x > 0.5).float(), cases=((X.abs() / 10,),)) == GENERAL


def test_a_mistake_by_shape_is_named_whatever_its_numbers():
    assert reply_to(lambda x: x.mean()) == "You add up."
    exact = {**MISTAKES, "You take the mean.": lambda x: x.mean()}
    assert reply_to(lambda x: x.mean(), exact) == "You take the mean."  # numbers tell more


def test_the_general_reply_is_about_the_first_case_that_differs():
    def otherwise(got, right, x):
        return f"{got[0]:g} instead of {right[0]:g} for {x[0]:g}"

    cases = ((X,), (X + 1,))
    answer = lambda x: 2 * x + (x[0] == 2)  # noqa: E731
    assert reply_to(answer, cases=cases, otherwise=otherwise) == "5 instead of 4 for 2"


def test_a_shape_that_no_mistake_has_is_shown():
    reply = reply_to(lambda x: x[None])
    assert reply == "Your function should return the shape [3]. Yours returns the shape [1, 3]."


def test_nan_is_never_right():
    assert reply_to(lambda x: x * float("nan")) == GENERAL


def test_rounded_answers_pass_where_the_exercise_allows_it_but_rounded_mistakes_are_not_named():
    compare(Attempt(lambda x: 2 * x + 0.4), double, lambda: [(X,)], MISTAKES, GENERAL, atol=0.5)
    assert reply_to(lambda x: x + 0.4, atol=0.5) == GENERAL


def test_an_answer_cannot_change_what_later_cases_are_drawn():
    seen = []

    def draws(x):
        torch.rand(7)
        seen.append(x)
        return 2 * x

    torch.manual_seed(0)
    wanted = [torch.rand(2), torch.rand(2)]
    torch.manual_seed(0)
    cases = lambda: ((torch.rand(2),) for _ in range(2))  # noqa: E731
    compare(Attempt(draws), double, cases, MISTAKES, GENERAL)
    assert all(torch.equal(a, b) for a, b in zip(seen, wanted, strict=True))


def test_refuse_raises_the_first_reply_that_holds():
    refuse({"a": False, "b": torch.tensor(0)})
    with pytest.raises(WrongAnswer, match=r"^b$"):
        refuse({"a": False, "b": torch.tensor(True), "c": True})


def test_a_list_declares_several_wrong_answers_for_one_reply():
    assert variants({"a": 1, "b": [2, 3], "c": (4, 5)}) == [
        ("a", 1), ("b", 2), ("b", 3), ("c", (4, 5)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        (lambda cur, mem, beta: mem, "two things"),
        (lambda cur, mem, beta: (mem, mem, mem), "two things"),
        (lambda cur, mem, beta: (mem, 1.0), r"Two neurons go in. Out come \[2\], \[\]."),
    ],
)
def test_a_step_that_returns_the_wrong_parts_gets_a_reply(step, reply):
    with pytest.raises(WrongAnswer, match=reply):
        unroll(step, [torch.ones(2)], (0.5,), states=1, needs="Return two things.")


def test_unroll_feeds_each_state_into_the_next_step():
    rec = unroll(
        lambda cur, mem, beta: (mem, beta * mem + cur), [torch.ones(2)] * 3, (0.5,), 1, "two"
    )
    assert rec.shape == (3, 2, 2)  # [time, spikes and membrane, neurons]
    assert rec[:, 1, 0].tolist() == [1.0, 1.5, 1.75]
    assert rec[:, 0, 0].tolist() == [0.0, 1.0, 1.5]


@pytest.mark.parametrize(
    ("id", "answer"),
    [
        ("01.3", lambda i, o, t, mac, add: mac / add if i == 200 else 0.0),
        ("02.2", lambda beta, threshold: 1.0),
        ("04.2", lambda x, error: (1 - x) / error**2),
    ],
)
def test_an_answer_that_meets_a_mistake_by_chance_gets_the_general_reply(id, answer):
    """At the x = 0.5 of an earlier check, (1 - x) / error² was told that it lacks (1 - x)."""
    with pytest.raises(WrongAnswer) as raised:
        checks.verdict(exercise(id), answer)
    assert str(raised.value) not in exercise(id).mistakes


@pytest.mark.bad_input
def test_an_exercise_that_cannot_be_checked_raises():
    with pytest.raises(ValueError, match="needs `cases` and `otherwise`, or a `check`"):
        Exercise(id="99.1", title="", name="f", solution=double, hints=(), mistakes={})

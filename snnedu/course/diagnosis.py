"""Compare an answer with the solution, and name the mistake that it makes.

A mistake is named only if the answer gives its numbers on every input, and no other declared
mistake gives them too. A general reply is better than a false diagnosis.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from snnedu.course.attempt import Attempt, Unsolved, WrongAnswer
from snnedu.course.form import tensor

Case = tuple[Any, ...]  # the arguments of one call
Cases = Callable[[], Iterable[Case]]
Run = Callable[..., Any]  # (answer, *case) -> what is compared
Otherwise = str | Callable[..., str]  # the general reply, or (got, right, *case) -> reply
Mistakes = Mapping[str, Any]  # reply -> the wrong answer that gets it, or a list of them
NEARLY = 0.03  # off by less is said to be close, as what is found in steps
ROUNDED = "Your numbers are rounded. Return them as they are: rounding is for printing."


@dataclass(frozen=True)
class ByShape:
    """A mistake that is known by the shape of its result, whatever the numbers are."""

    function: Callable[..., Any]

    def __call__(self, *args: Any) -> Any:
        """Return what the wrong function returns."""
        return self.function(*args)


def call(answer: Callable[..., Any], *case: Any) -> Any:
    """Return what an answer returns for a case: the usual `run`."""
    return answer(*case)


def compare(
    answer: Attempt,
    solution: Callable[..., Any],
    cases: Cases,
    mistakes: Mistakes,
    otherwise: Otherwise,
    run: Run = call,
    rtol: float = 1e-4,
    atol: float = 1e-6,
) -> None:
    """Return if an answer equals the solution on all cases, else raise `WrongAnswer`.

    `cases` draws the arguments afresh. `run` calls a function with them and returns its numbers; it
    may raise `WrongAnswer` where a result has the wrong form. `rtol` is relative and holds for
    mistakes too. `atol` is absolute and holds for right answers alone: they may be rounded.
    """
    given = list(cases())  # all of them drawn before the answer can use up random numbers
    got = [numbers(run(answer, *case)) for case in given]
    reference = Attempt(solution)
    right = [numbers(run(reference, *case)) for case in given]
    cases_results = zip(got, right, given, strict=True)
    wrong = next((c for c in cases_results if not alike(c[0], c[1], rtol, atol)), None)
    if wrong:
        reply = _named(got, given, mistakes, run, rtol) or answer.misfit(reference)
        reply = reply or (ROUNDED if _only_rounded(got, right) else "")
        raise WrongAnswer(reply or f"{_nearly(got, right)}{_general(otherwise, *wrong)}")


def numbers(result: Any) -> Tensor:
    """Return a result as float64: a tensor, an array, a number, or a list of them."""
    return tensor(result).detach().double()


def alike(got: Tensor, right: Tensor, rtol: float = 1e-4, atol: float = 1e-6) -> bool:
    """Tell whether two results are the same; `[1]` is accepted for a single number."""
    if got.numel() == right.numel() == 1:
        got = got.reshape(right.shape)
    return got.shape == right.shape and torch.allclose(got, right, rtol, atol, equal_nan=True)


def only_spikes_differ(got: Tensor, right: Tensor) -> bool:
    """Tell whether two recordings of `unroll` have the same states, so that the spikes differ."""
    return alike(got[:, 1:], right[:, 1:])


def refuse(reasons: Mapping[str, object]) -> None:
    """Raise `WrongAnswer` with the first reply whose condition holds."""
    for reply, holds in reasons.items():
        if holds:
            raise WrongAnswer(reply)


def variants(mistakes: Mistakes) -> list[tuple[str, Any]]:
    """Return (reply, wrong answer) for each declared mistake; a list counts as several."""
    return [
        (reply, wrong)
        for reply, declared in mistakes.items()
        for wrong in (declared if isinstance(declared, list) else [declared])
    ]


def outcome(wrong: Callable[..., Any], given: list[Case], run: Run) -> list[Tensor] | None:
    """Return a mistake's results, None where `run` refuses it before there are any."""
    try:
        return [numbers(run(Attempt(wrong), *case)) for case in given]
    except (WrongAnswer, Unsolved):
        return None


def unroll(
    step: Callable[..., Any], cur_rec: Iterable[Tensor], settings: Case, states: int, needs: str
) -> Tensor:
    """Run a learner's neuron from rest; return spikes and states [time, 1 + states, neurons].

    `settings` are its parameters, `needs` is the reply to a step that does not return all parts.
    """
    state, rows = (torch.zeros(2),) * states, list[Tensor]()
    for cur in cur_rec:
        result = step(cur, *state, *settings)
        if isinstance(result, (Tensor, np.ndarray)) and result.ndim > cur.ndim:
            result = list(result)  # the parts are stacked
        if not isinstance(result, (tuple, list)) or len(result) != 1 + states:
            raise WrongAnswer(needs)
        parts = [tensor(part).float() for part in result]
        if any(part.shape != cur.shape for part in parts):
            shapes = ", ".join(str(list(part.shape)) for part in parts)
            raise WrongAnswer(f"Two neurons go in. Out come {shapes}.")
        state = parts[1:]
        rows.append(torch.stack(parts))
    return torch.stack(rows)


def _named(got: list[Tensor], given: list[Case], mistakes: Mistakes, run: Run, rtol: float) -> str:
    """Return the reply to the one mistake that gives these results, "" if there is none."""
    exact, by_shape = set[str](), set[str]()
    for reply, wrong in variants(mistakes):
        results = outcome(wrong, given, run)
        if results is None:
            continue
        pairs = list(zip(got, results, strict=True))
        if all(alike(*pair, rtol) for pair in pairs):
            exact.add(reply)
        elif isinstance(wrong, ByShape) and all(a.shape == b.shape for a, b in pairs):
            by_shape.add(reply)
    named = exact or by_shape
    return named.pop() if len(named) == 1 else ""


def _only_rounded(got: list[Tensor], right: list[Tensor]) -> bool:
    """Tell whether an answer has the right numbers in all cases, rounded to up to 4 places."""
    if not any(part.any() for part in got):
        return False
    shares = all(part.abs().max() <= 1 for part in right if part.numel())  # 0 and 1 say yes and no
    ways: list[Callable[[Tensor], Tensor]] = [
        partial(torch.round, decimals=places) for places in range(1 if shares else 0, 5)
    ]
    if not shares:
        ways.append(torch.trunc)
    pairs = list(zip(got, right, strict=True))
    return any(all(alike(a, way(b)) for a, b in pairs) for way in ways)


def _nearly(got: list[Tensor], right: list[Tensor]) -> str:
    """Return how close an answer is that is nearly right in all cases, else ""."""
    if not all(alike(*pair, NEARLY) for pair in zip(got, right, strict=True)):
        return ""
    return f"Your numbers are within {NEARLY:.0%} of the right ones, but not exact. "


def _general(otherwise: Otherwise, got: Tensor, right: Tensor, case: Case) -> str:
    if got.shape != right.shape and not got.numel() == right.numel() == 1:
        wanted = f"the shape {list(right.shape)}" if right.ndim else "one number"
        return f"Your function should return {wanted}. Yours returns the shape {list(got.shape)}."
    return otherwise if isinstance(otherwise, str) else otherwise(got, right, *case)

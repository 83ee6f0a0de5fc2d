"""`check`, `hint`, `solution`: what a learner calls in a notebook.

    my_leaky = snn.check("02.1", my_leaky)

A right answer is recorded and returned. A stub or a wrong answer gets a reply that names the
mistake, and our solution is returned instead: an unsolved exercise never blocks the notebook.

A teacher withholds solutions with the environment variable SNNEDU_SOLUTIONS (any value but "0",
"no" and "shown" withholds), or with an empty file `solutions-withheld` beside the notebooks or in
`tutorials/`. That is a curtain and no lock: the check needs our solutions, so they are on the
learner's disk. For a lock, `snnedu class-edition FOLDER` makes a course without them.
"""

import os
import secrets
from pathlib import Path
from typing import Any, TypeVar

from snnedu.core._interrupt import Interrupts
from snnedu.core.translation import translated
from snnedu.course import progress as store
from snnedu.course.attempt import (
    Attempt,
    Reply,
    Unsolved,
    WrongAnswer,
    first_line,
    limited,
    random_numbers,
)
from snnedu.course.exercise import Exercise, exercise
from snnedu.course.form import converted, form_of, returning
from snnedu.course.note import AMBER, GREEN, show, show_code

Answer = TypeVar("Answer")
SHOWN = ("", "0", "no", "shown")
MARK = "solutions-withheld"
PACKAGE = Path(__file__).parents[1]
_STARTED = Path.cwd()  # a notebook's kernel starts in the notebook's folder


def check(id: str, answer: Answer, *, strict: bool = False) -> Answer:
    """Check an answer, show a reply, and return what the notebook continues with.

    That is the answer itself if it is right, in the form that later cells need, and our solution if
    not. Our solution, handed to an earlier check's name, is no answer: the exercise stays open.

    With `strict=True` it raises `Unsolved` or `WrongAnswer` instead of going on with our solution,
    as programs that grade by assertions need it (nbgrader, Otter).
    """
    asked = exercise(id)
    if asked.solution is None:
        show(f"{id} {asked.title}: this edition of the course leaves the check to your teacher.")
        return answer
    try:
        if answer is asked.solution:
            raise Unsolved
        accepted, printed = verdict(asked, answer)
    except Unsolved as reply:
        text = f"{id} is still open. {_meanwhile(id)} Stuck? {_help(id)}"
        _refuse(_ours(id) if answer is asked.solution else text, reply, strict)
    except WrongAnswer as reply:
        store.record("mistake", id, str(reply) if str(reply) in asked.mistakes else "")
        _refuse(f"{id} is not right yet. {reply} {_meanwhile(id)} {_help(id)}", reply, strict)
    else:
        store.record("solved", id)
        show(f"✅ {id} {asked.title}: right. {asked.right}".strip(), GREEN, printed)
        return accepted
    return asked.solution


def verdict(asked: Exercise, answer: Any, seed: int | None = None) -> tuple[Any, str]:
    """Return a right answer in the form that later cells need, and what it printed.

    Raises `Unsolved` or `WrongAnswer` for others. Inputs are drawn anew, from `seed` if given.
    """
    if answer is None or answer is ...:
        raise Unsolved
    _check_kind(asked, answer)
    seed = secrets.randbelow(2**31) if seed is None else seed
    with Interrupts():  # so that random numbers are the learner's own again
        reference = _attempt(asked.solution)
        if isinstance(reference, Attempt):  # compiles on first use now, not in the learner's time
            with random_numbers(seed):
                asked.judge(reference)
        attempt = _attempt(answer)
        with random_numbers(seed):
            printed = limited(lambda: _judge(asked, attempt, reference))
    return _in_form(attempt, reference), printed


def hint(id: str) -> None:
    """Show the next hint for an exercise; after the last one, all of them again."""
    asked = exercise(id)
    taken = min(store.hints_taken()[id] + 1, len(asked.hints))
    store.record("hint", id, str(taken))
    lines = [f"{n}. {text}" for n, text in enumerate(asked.hints[:taken], start=1)]
    more = len(asked.hints) - taken
    lines.append(f"({more} more: call again.)" if more else f"(That was the last. {_last(id)})")
    show("\n".join([f"Hints for {id} {asked.title}", *lines]))


def solution(id: str) -> None:
    """Show our solution, unless a teacher withholds it."""
    asked = exercise(id)
    if withheld() or asked.solution is None:
        show(f'Solutions are withheld for this class. `snn.hint("{id}")` still helps.')
        return
    store.record("solution", id)
    show_code(asked.code())


def variant(id: str) -> int:
    """Return this learner's own seed for this exercise: each learner gets another problem."""
    return (store.learner() * 1_000_003 + sum(map(ord, id)) * 7919) % 2**31


def _refuse(text: str, reply: Reply, strict: bool) -> None:
    """Show a reply, or raise it."""
    if strict:
        raise type(reply)(text) from None
    show(text, AMBER, reply.printed)


def _ours(id: str) -> str:
    state = f"{id} was solved earlier." if id in store.solved() else f"{id} is still open."
    return (
        f"{state} This is our solution, from an earlier check. To check your own answer, run "
        f"its cell first. {_help(id)}"
    )


def _check_kind(asked: Exercise, answer: Any) -> None:
    """Raise `WrongAnswer` for a value in place of a function, a class in place of a value, …"""
    if callable(answer) and not callable(asked.solution):
        raise WrongAnswer("A value is needed here, not a function. Pass what it returns.")
    if callable(asked.solution) and not callable(answer):
        raise WrongAnswer(
            f"A function is needed here. Received {type(answer).__name__}. Pass `{asked.name}` "
            f"itself, without calling it."
        )
    if isinstance(answer, type) and not isinstance(asked.solution, type):
        raise WrongAnswer(
            f"A function is needed here. Received the class `{answer.__name__}`. If its objects "
            f"can be called, pass one: `{answer.__name__}()`."
        )


def _judge(asked: Exercise, attempt: Any, reference: Any) -> None:
    try:
        asked.judge(attempt)
    except Reply:
        raise
    except Exception as error:  # so unlike the right answer that the two cannot be compared
        reason = attempt.misfit(reference) if isinstance(attempt, Attempt) else ""
        raise WrongAnswer(
            reason
            or f"Your answer cannot be compared with the right one: {first_line(error)}. Look "
            f"at its type and shape."
        ) from None


def _attempt(answer: Any) -> Any:
    """Wrap a function. A value stays as it is; so does a class, as the check wraps its methods."""
    return Attempt(answer) if callable(answer) and not isinstance(answer, type) else answer


def _in_form(attempt: Any, reference: Any) -> Any:
    """Return what was accepted so that its results, or itself, have the form of our solution's."""
    if not isinstance(attempt, Attempt):
        return attempt if isinstance(attempt, type) else converted(attempt, form_of(reference))
    if len(reference.forms) != 1 or attempt.forms == reference.forms:
        return attempt.function
    return returning(attempt.function, *reference.forms)


def _meanwhile(id: str) -> str:
    earlier = " You solved this earlier, and that still counts." if id in store.solved() else ""
    return f"The notebook continues with our solution.{earlier}"


def _help(id: str) -> str:
    return f'`snn.hint("{id}")` helps.'


def _last(id: str) -> str:
    return "" if withheld() else translated(f'`snn.solution("{id}")` shows one way.')


def withheld() -> bool:
    """Tell whether a teacher has drawn the curtain."""
    asked = os.environ.get("SNNEDU_SOLUTIONS", "").strip().lower()
    return asked not in SHOWN or any((place / MARK).exists() for place in _places())


def _places() -> list[Path]:
    """Return where the mark may be: beside the notebooks, whatever `os.chdir` did since."""
    opened = os.environ.get("SNNEDU_COURSE")  # set by `snnedu lab` and on Binder
    copies = [Path(opened)] if opened else []
    return [_STARTED, Path(), *copies, PACKAGE.parent / "tutorials", PACKAGE / "tutorials"]

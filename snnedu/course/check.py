"""`check`, `hint`, `solution`: what a learner calls in a notebook.

    my_leaky = snn.check("02.1", my_leaky)

A right answer is recorded and returned. A stub or a wrong answer gets a reply that names the
mistake, and our solution is returned instead: an unsolved exercise never blocks the notebook.

A teacher withholds solutions with the environment variable SNNEDU_SOLUTIONS=withheld, or with an
empty file `solutions-withheld` beside the notebooks.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from snnedu.course import progress as store
from snnedu.course.attempt import (
    Attempt,
    Reply,
    Unsolved,
    WrongAnswer,
    limited,
    same_random_numbers,
)
from snnedu.course.exercise import Exercise, exercise
from snnedu.course.note import AMBER, GREEN, show, show_code

Answer = TypeVar("Answer")


def check(id: str, answer: Answer) -> Answer:
    """Check an answer, show a reply, and return what the notebook continues with.

    That is `answer` itself if it is right, and our solution if not.
    """
    asked = exercise(id)
    try:
        printed = verdict(asked, answer)
    except Unsolved as reply:
        text = f"{id} is still open. {_meanwhile(id)} Stuck? {_help(id)}"
        show(text, AMBER, reply.printed)
    except WrongAnswer as reply:
        text = f"{id} is not right yet. {reply} {_meanwhile(id)} {_help(id)}"
        show(text, AMBER, reply.printed)
    else:
        store.record("solved", id)
        show(f"✅ {id} {asked.title}: right. {asked.right}".strip(), GREEN, printed)
        return answer
    return asked.solution


def verdict(asked: Exercise, answer: object) -> str:
    """Return what a right answer printed; raise `Unsolved` or `WrongAnswer` for others."""
    if answer is None or answer is ...:
        raise Unsolved
    if callable(asked.solution) and not callable(answer):
        raise WrongAnswer(
            f"A function is needed here. Received {type(answer).__name__}. Pass `{asked.name}` "
            f"itself, without calling it."
        )
    if callable(answer) and not callable(asked.solution):
        raise WrongAnswer("A value is needed here, not a function. Pass what it returns.")

    def look() -> None:
        try:
            asked.judge(_attempt(answer) if callable(answer) else answer)
        except Reply:
            raise
        except Exception as error:  # so unlike the right answer that the two cannot be compared
            text = str(error).partition("\n")[0]
            raise WrongAnswer(
                f"Your answer cannot be compared with the right one: {text}. Look at its type "
                f"and shape."
            ) from None

    if callable(asked.solution):  # compile on first use now, outside the learner's time limit
        with same_random_numbers():
            asked.judge(_attempt(asked.solution))
    with same_random_numbers():
        return limited(look)


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
    if _withheld():
        show(f'Solutions are withheld for this class. `snn.hint("{id}")` still helps.')
        return
    store.record("solution", id)
    show_code(asked.code())


def variant(id: str) -> int:
    """Return this learner's own seed for this exercise: each learner gets another problem."""
    return (store.learner() * 1_000_003 + sum(map(ord, id)) * 7919) % 2**31


def _attempt(answer: Callable[..., Any]) -> Any:
    """Wrap a function; a class is passed as it is, and the check wraps its methods."""
    return answer if isinstance(answer, type) else Attempt(answer)


def _meanwhile(id: str) -> str:
    earlier = " You solved this earlier, and that still counts." if id in store.solved() else ""
    return f"The notebook continues with our solution.{earlier}"


def _help(id: str) -> str:
    return f'`snn.hint("{id}")` helps.'


def _last(id: str) -> str:
    return "" if _withheld() else f'`snn.solution("{id}")` shows one way.'


def _withheld() -> bool:
    asked = os.environ.get("SNNEDU_SOLUTIONS", "").lower() == "withheld"
    return asked or Path("solutions-withheld").exists()

"""`progress()` shows what is done and what is open; `reset("02.1")` opens something again."""

from snnedu.core import _check
from snnedu.core.translation import translated
from snnedu.course import progress as store
from snnedu.course.exercise import Exercise, all_exercises, predictions
from snnedu.course.note import GREEN, show


def progress() -> None:
    """Show which exercises of the course are done, and the names of those that are open."""
    every, done = all_exercises(), store.solved()
    chapters: dict[str, list[Exercise]] = {}
    for each in every:
        chapters.setdefault(each.id.partition(".")[0], []).append(each)
    counted = sum(each.id in done for each in every)
    lines = [f"{counted} of {len(every)} exercises solved (●)"]
    lines += [_row(number, exercises, done) for number, exercises in chapters.items()]
    if counted:
        first = next(each.id for each in every if each.id in done)
        lines.append(f'To do one again: `snn.reset("{first}")`.')
    show("\n".join(lines), GREEN)


def reset(id: str) -> None:
    """Open an exercise ("02.1"), a prediction ("02.p1") or a whole chapter ("02") once more.

    What is written in the notebook stays as it is.
    """
    numbers = [each.id for each in all_exercises()]
    chapters = sorted({number.partition(".")[0] for number in numbers})
    asked = [each for number in chapters for each in predictions(number)]
    _check.one_of("exercise, prediction or chapter", id, [*numbers, *asked, *chapters])
    store.record("reset", id)
    show(
        f"{id} is open again. Run its cells again. What you wrote in the notebook stays there.",
        GREEN,
    )


def _row(number: str, exercises: list[Exercise], done: set[str]) -> str:
    """Return a chapter's line: a mark for each exercise, and the titles of the open ones."""
    marks = "".join("●" if each.id in done else "○" for each in exercises)
    titles = [f"{each.id} {translated(each.title)}" for each in exercises if each.id not in done]
    still = f"  {translated('open:')} {', '.join(titles)}" if titles else ""
    return f"{translated(f'tutorial {number}')}  {marks}{still}"

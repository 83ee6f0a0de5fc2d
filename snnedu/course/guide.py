"""The part of an instructor's guide that the course knows: what is asked, and what goes wrong.

    snnedu guide guide.md

For each chapter: each exercise with our solution, its hints, and the mistakes that the check names;
each question of the quiz with the right answer and the reply to the others.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from snnedu.core._files import replacing
from snnedu.course.exercise import Exercise, Question, all_exercises, questions, titles

HEAD = """# Instructor's guide

Written by `snnedu guide` from the exercises of the course. It holds every solution:
do not share it with students.
"""


def write_guide(path: Path) -> Path:
    """Write the guide as Markdown; an older file is replaced."""
    with replacing(path) as part:
        part.write_text("\n".join([HEAD, *_chapters()]) + "\n", encoding="utf-8")
    return path


def _chapters() -> Iterator[str]:
    for number, title in titles().items():
        yield f"## {title}\n"
        for each in all_exercises():
            if each.id.startswith(f"{number}."):
                yield _exercise(each)
        yield "### Quiz\n"
        yield from map(_question, questions(number))


def _exercise(asked: Exercise) -> str:
    parts = [
        f"### {asked.id} {asked.title}\n\n```python\n{asked.code()}\n```\n",
        _listed("Hints", asked.hints),
        _listed("What learners get wrong, and the reply", asked.mistakes),
        "`snnedu grade` leaves this one to you.\n" if asked.by_hand else "",
    ]
    return "\n".join(filter(None, parts))


def _question(question: Question) -> str:
    options = [
        f"{'**' + option.text + '**' if option.right else option.text}: {option.feedback}"
        for option in question.options
    ]
    return _listed(question.text, options)


def _listed(title: str, lines: Iterable[str]) -> str:
    """Return a title, and each line as one item of a list."""
    return "\n".join([f"{title}\n", *(f"- {' '.join(line.split())}" for line in lines), ""])

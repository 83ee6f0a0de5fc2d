"""The instructor's guide: how to teach a chapter, what is asked, and what goes wrong.

    snnedu guide guide.md

For each chapter: what a teacher wrote in `guide.md` of its folder (plans, board, questions,
trouble); each exercise with our solution, its hints, and the mistakes that the check names; each
question of the quiz with the right answer and the reply to the others.
"""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from snnedu.core._files import replacing
from snnedu.course.exercise import Exercise, Question, all_exercises, folder, questions, titles

HEAD = """# Instructor's guide

Written by `snnedu guide` from the exercises of the course. It holds every solution:
do not share it with students.
"""


def write_guide(path: Path) -> Path:
    """Write the guide as Markdown; an older file is replaced."""
    with replacing(path) as part:
        part.write_text("\n".join([HEAD, *map(chapter, titles())]) + "\n", encoding="utf-8")
    return path


def chapter(number: str, top: str = "##") -> str:
    """Return the guide to a chapter; `top` marks its title, as "##" does."""
    return "\n".join([f"{top} {titles()[number]}\n", *_parts(number, f"{top}#")])


def lesson(number: str) -> str:
    """Return what a teacher wrote about a chapter, "" if there is nothing yet."""
    path = files("snnedu.course.chapters") / folder(number) / "guide.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _parts(number: str, mark: str) -> Iterator[str]:
    yield lesson(number).replace("### ", f"{mark} ")
    for each in all_exercises():
        if each.id.startswith(f"{number}."):
            yield _exercise(each, mark)
    yield f"{mark} Quiz\n"
    yield from map(_question, questions(number))


def _exercise(asked: Exercise, mark: str) -> str:
    parts = [
        f"{mark} {asked.id} {asked.title}\n\n```python\n{asked.code()}\n```\n",
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

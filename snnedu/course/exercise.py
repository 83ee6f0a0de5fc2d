"""What an exercise and a question are, and where to find them: in the folder of their chapter.

`chapters/c02_lif_neuron/` holds `exercises.py` with EXERCISES and `quiz.py` with QUESTIONS.

An exercise is one object. Its `solution` bears the name of the learner's stub in the notebook,
where the cell has the tag `exercise:02.1` and ends with `name = snn.check("02.1", name)`. So a
solved notebook can be made from the stubs.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from snnedu.core import _check

Check = Callable[[Any], None]


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One exercise: what is asked, how it is checked, and what learners get wrong.

    `solution`: the reference: a function, a class or a value. `name`: the stub's name.
    `check`: takes an `Attempt` (for a value: the value); returns, or raises `WrongAnswer`.
    `hints`: from gentle to nearly there. `wrong`: answers that learners really give, each with the
    message that it must get. `source`: the solution's text, where it is not a function or class.
    """

    id: str
    title: str
    name: str
    solution: Any
    check: Check
    hints: tuple[str, ...]
    wrong: tuple[tuple[Any, str], ...]
    source: str = ""
    right: str = ""  # said with the ✅: what this was good for

    def code(self) -> str:
        """Return the reference as the text of a cell."""
        return self.source or _untyped(textwrap.dedent(inspect.getsource(self.solution)).strip())


@dataclass(frozen=True)
class Option:
    """One answer to a question, and what to say to who chooses it."""

    text: str
    feedback: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question with options, one of them right; in a `poll` none is, each has its reply."""

    text: str
    options: tuple[Option, ...]
    poll: bool = False

    def __post_init__(self) -> None:
        right = sum(option.right for option in self.options)
        if right != int(not self.poll):
            raise ValueError(
                f"A question needs one right option, a poll none. Received {right} for "
                f"{self.text!r}. Mark one with right=True."
            )


def exercise(id: str) -> Exercise:
    """Return the exercise of that id, for example "02.1"."""
    known: Mapping[str, Exercise] = {e.id: e for e in _module(id, "exercises").EXERCISES}
    _check.one_of("exercise", id, known)
    return known[id]


def questions(id: str) -> tuple[Question, ...]:
    """Return a quiz by its id: "02" is that of tutorial 02."""
    known: Mapping[str, tuple[Question, ...]] = _module(id, "quiz").QUESTIONS
    _check.one_of("quiz", id, known)
    return known[id]


def all_exercises() -> list[Exercise]:
    """Return every exercise of the course, in order."""
    return [
        exercise for number in _chapters() for exercise in _module(number, "exercises").EXERCISES
    ]


def _untyped(source: str) -> str:
    """Leave out type annotations: a notebook has not imported their names."""
    lines = [line.partition("  # pyright")[0] for line in source.splitlines()]
    spans: list[tuple[int, int, int]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg) and node.annotation:
            end = node.annotation.end_col_offset or 0
            spans.append((node.lineno, node.col_offset + len(node.arg), end))
        elif isinstance(node, ast.FunctionDef) and node.returns:
            line, end = node.returns.lineno, node.returns.end_col_offset or 0
            spans.append((line, lines[line - 1].rindex(" ->", 0, end), end))
    for line, start, end in sorted(spans, reverse=True):
        lines[line - 1] = lines[line - 1][:start] + lines[line - 1][end:]
    return "\n".join(lines)


def _module(id: str, part: str) -> ModuleType:
    """Return a module of the chapter to which an id belongs."""
    number = str(id).partition(".")[0]
    _check.one_of("tutorial", number, _chapters())
    return import_module(f"snnedu.course.chapters.{_chapters()[number]}.{part}")


def _chapters() -> dict[str, str]:
    """Return the folder of each chapter by its number: {"02": "c02_lif_neuron"}."""
    from importlib.resources import files

    names = sorted(folder.name for folder in files("snnedu.course.chapters").iterdir())
    return {name[1:3]: name for name in names if name[:1] == "c" and name[1:3].isdigit()}

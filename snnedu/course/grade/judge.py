"""Judge one student's answer: it runs apart from us, and we compare what it returns."""

import ast
import textwrap
from dataclasses import dataclass
from typing import Any

from snnedu.course.attempt import Reply, Unsolved, first_line
from snnedu.course.check import verdict
from snnedu.course.exercise import Exercise
from snnedu.course.grade.answers import Answer, is_stub
from snnedu.course.grade.remote import Workshop

LONG = 40  # nodes of a syntax tree; two who write less may well write the same
CLOSED = "The code wanted a file, a connection, a process or the course itself. None is there."
BY_HAND = "This one is for you to read: its check looks at more than results."


@dataclass(frozen=True)
class Grade:
    """`points` are 1, 0, or None where a teacher has to look; `reply` says why."""

    points: int | None
    reply: str


def judge(workshop: Workshop, asked: Exercise, answer: Answer | None, seconds: int) -> Grade:
    """Return the grade of an answer, on inputs drawn for it alone."""
    if answer is None:
        return Grade(0, "Not in the notebook.")
    if is_stub(answer):
        return Grade(0, "Not begun.")
    if asked.by_hand:
        return Grade(None, BY_HAND)
    try:
        with workshop.open(answer, seconds) as remote:
            return Grade(*_compare(asked, remote))
    except (OSError, ImportError):  # of the student's code; ours raises RuntimeError
        return Grade(0, CLOSED)
    except Exception as error:  # whatever the student's own code raises where it is defined
        return Grade(0, f"The code cannot be run: {type(error).__name__}: {first_line(error)}.")


def shape(code: str) -> str:
    """Return the structure of some code, whatever its names and docstrings; "" if it is short."""
    tree = ast.parse(textwrap.dedent(code))
    names = dict[str, str]()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            del node.body[0]
        for field in ("id", "arg", "name"):
            if isinstance(name := getattr(node, field, None), str):
                setattr(node, field, names.setdefault(name, f"name{len(names)}"))
        for field in ("annotation", "returns"):
            if hasattr(node, field):
                setattr(node, field, None)
    return ast.dump(tree) if sum(1 for _ in ast.walk(tree)) >= LONG else ""


def solution_shape(asked: Exercise) -> str:
    """Return the structure of our own solution."""
    return shape(asked.code())


def _compare(asked: Exercise, remote: Any) -> tuple[int, str]:
    try:
        verdict(asked, remote.answer)
    except Unsolved:
        reply = "It returns nothing."
    except Reply as error:
        reply = str(error)
    else:
        return (0, remote.trouble) if remote.trouble else (1, "Right.")
    return 0, remote.trouble or (CLOSED if remote.closed else reply)

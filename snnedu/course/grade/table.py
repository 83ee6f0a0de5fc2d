"""Grade a folder of notebooks; write a table for Moodle or Canvas, and one with the reasons.

The first table repeats the roster's columns, so that the system knows its students again, and adds
numbers only: 1 or 0 an exercise (empty: for the teacher to read), and their sum. The second holds
the replies, and what is suspicious: equal answers, files that are nobody's.
"""

import ast
import csv
import io
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from snnedu.core._files import replacing
from snnedu.course.console import say
from snnedu.course.exercise import exercise
from snnedu.course.grade.answers import Answer, answers
from snnedu.course.grade.judge import Grade, judge, shape, solution_shape
from snnedu.course.grade.remote import Workshop
from snnedu.course.grade.roster import Roster, read_roster, whose

SECONDS = 20  # for one answer
NOBODYS = "Nobody in the roster has this file, or several have."


def grade(folder: Path, roster: Path, out: Path, seconds: int = SECONDS) -> tuple[Path, Path]:
    """Grade every notebook below `folder`; return the two tables, `out` and `out`-reasons.

    Raises OSError on Windows, whose processes cannot be locked in as `lock` does it, and ValueError
    if there is no notebook or no roster.
    """
    if os.name == "nt":
        raise OSError(
            "`snnedu grade` runs code that others wrote, and Windows offers no way to lock it in. "
            "Run it in WSL, or in a container with Linux."
        )
    students = read_roster(roster)
    paths = sorted(folder.rglob("*.ipynb"), key=lambda path: (path.stat().st_mtime, path))
    paths = [path for path in paths if ".ipynb_checkpoints" not in path.parts]
    if not paths:
        raise ValueError(f"{folder} must hold the notebooks of your class. There is none in it.")
    owners, theirs, notes = whose(paths, folder, students), defaultdict(dict), list[list[str]]()
    for path in paths:
        reason = NOBODYS if owners[path] is None else ""
        try:
            theirs[owners[path]] |= answers(path)
        except ValueError as error:
            reason = str(error)
        if reason:
            notes.append([str(path.relative_to(folder)), "", "", reason])
    theirs.pop(None, None)
    ids = sorted({id for found in theirs.values() for id in found})
    grades = _grades(students, theirs, ids, seconds)
    notes += _reasons(students, theirs, grades)
    reasons = out.with_name(f"{out.stem}-reasons.csv")
    write_table(out, _points(students, grades, ids))
    write_table(reasons, [["Student", "Exercise", "Points", "Reason"], *notes])
    return out, reasons


Theirs = dict[int | None, dict[str, Answer]]
Grades = dict[int, dict[str, Grade]]


def _grades(students: Roster, theirs: Theirs, ids: Sequence[str], seconds: int) -> Grades:
    grades: Grades = {}
    with Workshop() as workshop:
        for number, row in enumerate(students.rows):
            found = theirs.get(number, {})
            grades[number] = {
                id: judge(workshop, exercise(id), found.get(id), seconds) for id in ids
            }
            total = sum(grade.points or 0 for grade in grades[number].values())
            say(f"{named(row)}: {total} of {len(ids)}")
    return grades


def _points(students: Roster, grades: Grades, ids: Sequence[str]) -> list[list[str]]:
    titles = [f"{id} {exercise(id).title}" for id in ids]
    table = [[*students.columns, *titles, "Solved"]]
    if students.points:
        table.append([*students.points, *("1" for _ in ids), str(len(ids))])
    for number, row in enumerate(students.rows):
        points = [grades[number][id].points for id in ids]
        shown = ["" if one is None else str(one) for one in points]
        table.append([*row, *shown, str(sum(one or 0 for one in points))])
    return table


def _reasons(students: Roster, theirs: Theirs, grades: Grades) -> list[list[str]]:
    equal = _equal(students, theirs)
    table = list[list[str]]()
    for number, row in enumerate(students.rows):
        if number not in theirs:
            table.append([named(row), "", "0", "Nothing handed in."])
            continue
        for id, one in grades[number].items():
            points = "" if one.points is None else str(one.points)
            reason = " ".join(filter(None, [one.reply, equal.get((number, id), "")]))
            table.append([named(row), id, points, reason])
    return table


def _equal(students: Roster, theirs: Theirs) -> dict[tuple[int, str], str]:
    """Return what to say of long answers that equal another's, or ours, but for names."""
    groups = defaultdict[tuple[str, str], list[int]](list)
    for number, found in theirs.items():
        for id, answer in found.items():
            code = "" if answer.own is None else shape(ast.unparse(answer.own))
            if code and number is not None:
                groups[id, code].append(number)
    said = dict[tuple[int, str], str]()
    for (id, code), numbers in groups.items():
        ours = ["our solution"] if code == solution_shape(exercise(id)) else []
        for number in numbers:
            others = [named(students.rows[other]) for other in numbers if other != number]
            if ours + others:
                said[number, id] = f"Built like {', '.join(ours + others)}."
    return said


def named(row: Iterable[str]) -> str:
    """Return a student's row in short: the first two cells that say something."""
    return " ".join([cell for cell in row if cell][:2])


def write_table(path: Path, table: list[list[str]]) -> None:
    """Write a table that Excel reads as UTF-8, and in which no cell is a formula."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_text_only(cell) for cell in row] for row in table)
    with replacing(path) as part:
        part.write_text(text.getvalue(), encoding="utf-8-sig", errors="replace", newline="")


def _text_only(cell: str) -> str:
    """Put a ' before what a spreadsheet would run: `=cmd|'/C calc'!A0` in a name, say."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell

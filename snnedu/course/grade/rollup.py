"""A class's progress, from the files that students export: a table, and what went wrong most.

    snnedu progress FOLDER --roster roster.csv --out class.csv

The mistakes are those of students who shared them: `snn.export_progress("me.json", mistakes=True)`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from snnedu.core._files import replacing
from snnedu.course.exercise import all_exercises, questions
from snnedu.course.grade.roster import Roster, read_roster, whose
from snnedu.course.grade.table import named, write_table
from snnedu.course.progress import Event, first_answers, read_export, standing_of

SHOWN = 8  # of the most frequent mistakes, and of the quiz answers
EXTRA = ["Solved", "Hints", "Solutions seen", "Quiz answers", "Right at first", "Note"]


@dataclass
class Student:
    """The cells by which a system knows a student, all that happened, and what a teacher reads."""

    cells: tuple[str, ...]
    events: set[Event] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the student's name in short."""
        return named(self.cells)

    def ids(self, kind: str) -> set[str]:
        """Return the exercises to which this happened, unless a reset hides it."""
        return {event.id for event in standing_of(self.events) if event.kind == kind}

    def right_at_first(self) -> dict[str, bool]:
        """Return for each question that was answered whether the first answer was right."""
        right = _right_answers()
        given = first_answers(self.events)
        return {id: given[id] == text for id, text in right.items() if id in given}


def roll_up(folder: Path, roster: Path | None, out: Path) -> tuple[Path, Path, list[str]]:
    """Write the table `out` and a picture beside it; return both, and what could not be read.

    Raises ValueError if there is neither a file nor a roster.
    """
    students, unread = read_class(folder, roster)
    _note_equal_learners(students)
    ids = [exercise.id for exercise in all_exercises()]
    columns = read_roster(roster).columns if roster else ("Student",)
    rows = [[*student.cells, *_row(student, ids)] for student in students]
    write_table(out, [[*columns, *EXTRA[:-1], *ids, EXTRA[-1]], *rows])
    picture = out.with_suffix(".png")
    _draw(picture, students, ids)
    return out, picture, unread


def read_class(folder: Path, roster: Path | None) -> tuple[list[Student], list[str]]:
    """Return the students, those without a file too, and why some files could not be read."""
    paths = sorted(folder.rglob("*.json"))
    known = read_roster(roster) if roster else Roster((), ())
    if not paths and not roster:
        raise ValueError(
            f"{folder} must hold exported progress. There is no .json file in it. Ask everybody "
            f'to call `snn.export_progress("name.json")`, and put the files there.'
        )
    owners = whose(paths, folder, known)
    students = {str(number): Student(row) for number, row in enumerate(known.rows)}
    unread = list[str]()
    for path in paths:
        key = _file_name(path, folder) if owners[path] is None else str(owners[path])
        try:
            events = read_export(path)
        except ValueError as error:
            unread.append(str(error))
            if owners[path] is not None:
                students[key].notes.append(f"{path.name} cannot be read.")
            continue
        blank = ("",) * max(0, len(known.columns) - 1)
        student = students.setdefault(key, Student((key, *blank)))
        student.events |= set(events)
        if roster and owners[path] is None:
            student.notes.append("Not in the roster.")
    for student in students.values():
        if not student.events and not student.notes:
            student.notes.append("Nothing handed in.")
    return list(students.values()), unread


def mistakes(students: Iterable[Student]) -> Counter[tuple[str, str]]:
    """Count the students who ever made a mistake: by exercise and reply, by question and option."""
    counted = Counter[tuple[str, str]]()
    declared = {(each.id, reply) for each in all_exercises() for reply in each.mistakes}
    for student in students:
        made = {(event.id, event.value) for event in student.events if event.kind == "mistake"}
        first = first_answers(student.events)
        wrong = {(id, first[id]) for id, right in student.right_at_first().items() if not right}
        counted.update((made & declared) | wrong)
    return counted


def _row(student: Student, ids: Sequence[str]) -> list[str]:
    done, right = student.ids("solved"), student.right_at_first()
    hints = {(event.id, event.value) for event in student.events if event.kind == "hint"}
    numbers = [
        len(done & set(ids)), sum(id in ids for id, _ in hints),
        len(student.ids("solution") & set(ids)), len(right), sum(right.values()),
        *(int(id in done) for id in ids),
    ]  # fmt: skip
    return [*map(str, numbers), " ".join(student.notes)]


def _note_equal_learners(students: Iterable[Student]) -> None:
    """Note who hands in files of one and the same learner; each machine has its own number."""
    same = defaultdict[str, list[Student]](list)
    for student in students:
        for number in {event.value for event in student.events if event.kind == "learner"}:
            same[number].append(student)
    for group in same.values():
        for student in group if len(group) > 1 else []:
            others = ", ".join(other.name for other in group if other is not student)
            student.notes.append(f"The same learner's file as {others}.")


def _right_answers() -> Mapping[str, str]:
    """Return the right option of each question of the course: `{"02.q1": "It leaks."}`."""
    right = dict[str, str]()
    for chapter in sorted({exercise.id.partition(".")[0] for exercise in all_exercises()}):
        for number, question in enumerate(questions(chapter), start=1):
            right |= {f"{chapter}.q{number}": o.text for o in question.options if o.right}
    return right


def _file_name(path: Path, folder: Path) -> str:
    """Return whose file it seems to be: the part of Moodle's folder before "_", or its own name."""
    inside = path.relative_to(folder).parts
    return inside[0].partition("_")[0] if len(inside) > 1 else path.stem


def _draw(path: Path, students: Sequence[Student], ids: Sequence[str]) -> None:
    """Draw how many solved each exercise that anyone solved, and the most frequent mistakes."""
    from matplotlib.figure import Figure

    handed_in = [student for student in students if student.events]
    solved = Counter(id for student in handed_in for id in student.ids("solved") if id in ids)
    done = [(id, solved[id]) for id in ids if solved[id]]
    counted = mistakes(handed_in).most_common()
    quiz = [pair for pair in counted if ".q" in pair[0][0]]
    frequent = [pair for pair in counted if pair not in quiz][:SHOWN] + quiz[:SHOWN]
    most = [(f"{id}  {_short(text)}", count) for (id, text), count in frequent]
    tall = 1.6 + 0.28 * max(len(done), 2 * len(most), 4)
    figure = Figure(figsize=(13, tall), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.6))
    for axes, bars, title, color in (
        (left, done, "Solved", "#009e73"),
        (right, most, "Frequent mistakes, then wrong quiz answers", "#d55e00"),
    ):
        drawn = axes.barh([label for label, _ in bars], [n for _, n in bars], color=color)
        axes.bar_label(drawn, padding=3)
        axes.set(title=title, xlabel=f"students, of {len(handed_in)} who handed in")
        axes.set(xlim=(0, max(1, 1.08 * len(handed_in))))
        axes.invert_yaxis()
        axes.spines[["top", "right"]].set_visible(False)
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=110)


def _short(text: str) -> str:
    """Return the beginning of a reply in two lines."""
    import textwrap

    return "\n".join(textwrap.wrap(text, 60, max_lines=2, placeholder=" …"))

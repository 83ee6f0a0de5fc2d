"""The progress of a class: no file stops the others, nobody is left out."""

import csv
import json

import pytest
from matplotlib import image

from snnedu.app import cli
from snnedu.course.diagnosis import variants
from snnedu.course.exercise import all_exercises, exercise, questions
from snnedu.course.grade.rollup import mistakes, read_class, roll_up

pytestmark = pytest.mark.house
REPLY = variants(exercise("02.1").mistakes)[0][0]
RIGHT = next(option.text for option in questions("02")[0].options if option.right)
WRONG = next(option.text for option in questions("02")[0].options if not option.right)


def export(path, *events, learner=""):
    """Write what a student exports: events as "kind id value", in order."""
    parts = [("learner", "", learner or path.as_posix()), *(e.split(" ", 2) for e in events)]
    fields = [dict(zip(("kind", "id", "value"), part, strict=False)) for part in parts]
    entries = [{**each, "at": str(at)} for at, each in enumerate(fields, start=1)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_class_becomes_a_table_and_a_picture(tmp_path):
    roster = tmp_path / "r.csv"
    roster.write_text("Name,ID\nAda Lovelace,1\nBo Diddley,2\nCy Young,3\n")
    export(
        tmp_path / "in" / "Ada Lovelace_77_assignsubmission_file" / "me.json",
        "solved 02.1", "solved 02.2", "reset 02.2", "solved 99.9", "hint 02.1 1", "hint 02.1 2",
        "solution 02.3", f"answer 02.q1 {WRONG}", f"answer 02.q1 {RIGHT}", f"mistake 02.1 {REPLY}",
    )  # fmt: skip
    export(tmp_path / "in" / "2.json", f"answer 02.q1 {RIGHT}", "solved 02.1", "dance 02.1")
    out, picture, unread = roll_up(tmp_path / "in", roster, tmp_path / "class.csv")
    assert unread == []
    ada, bo, cy = read(out)
    assert list(ada)[:2] == ["Name", "ID"]
    assert set(ada) >= {exercise.id for exercise in all_exercises()}
    assert "99.9" not in ada
    shown = ("Solved", "02.1", "02.2", "Hints", "Solutions seen", "Quiz answers", "Right at first")
    assert [ada[name] for name in shown] == ["1", "1", "0", "2", "1", "1", "0"]
    assert [bo[name] for name in shown] == ["1", "1", "0", "0", "0", "1", "1"]
    assert (bo["Name"], bo["Note"]) == ("Bo Diddley", "")
    assert (cy["Name"], cy["Solved"], cy["Note"]) == ("Cy Young", "0", "Nothing handed in.")
    height, width, _ = image.imread(picture).shape
    assert width > height > 100


def test_mistakes_are_counted_once_a_student_and_only_those_that_we_know(tmp_path):
    for n in range(3):
        export(tmp_path / f"{n}.json", *[f"mistake 02.1 {REPLY}"] * 2, "mistake 02.1 <b>Hi</b>")
    export(tmp_path / "3.json", f"answer 02.q1 {WRONG}", "answer 02.q77 x", "mistake 02.1")
    students, _ = read_class(tmp_path, None)
    assert mistakes(students) == {("02.1", REPLY): 3, ("02.q1", WRONG): 1}


def test_the_same_learner_twice_is_noted(tmp_path):
    export(tmp_path / "ada.json", "solved 02.1", learner="7")
    export(tmp_path / "bo.json", "solved 02.1", learner="7")
    export(tmp_path / "cy.json", "solved 02.1", learner="8")
    ada, bo, cy = read(roll_up(tmp_path, None, tmp_path / "class.csv")[0])
    assert ada["Note"] == "The same learner's file as bo."
    assert bo["Note"] == "The same learner's file as ada."
    assert cy["Note"] == ""


BROKEN = {
    "empty": b"",
    "cut off": b'[{"kind": "solved", "id": "02.1"',
    "utf-16": '[{"kind": "solved", "id": "02.1"}]'.encode("utf-16"),
    "a number": b"7",
    "an object": b'{"kind": "solved"}',
    "another list": b'["solved"]',
    "other fields": b'[{"kind": "solved", "id": "02.1", "grade": "1"}]',
    "no texts": b'[{"kind": "solved", "id": 2}]',
    "deep": b"[" * 100_000,
    "a long time": b'[{"kind": "solved", "id": "02.1", "at": "' + b"9" * 5000 + b'"}]',
    "bytes": bytes(range(256)),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_and_the_others_count(kind, tmp_path, capsys):
    export(tmp_path / "ada.json", "solved 02.1")
    (tmp_path / "bo.json").write_bytes(BROKEN[kind])
    (tmp_path / "r.csv").write_text("Name\nAda\nBo\n")
    out = tmp_path / "class.csv"
    asked = ["progress", str(tmp_path), "--roster", str(tmp_path / "r.csv"), "--out", str(out)]
    assert cli.main(asked) == 0
    assert "bo.json must be a file that `snn.export_progress` wrote" in capsys.readouterr().out
    ada, bo = read(out)
    assert (ada["Solved"], ada["Note"]) == ("1", "")
    assert (bo["Solved"], bo["Note"]) == ("0", "bo.json cannot be read.")


@pytest.mark.bad_input
def test_a_folder_named_json_and_a_huge_file_are_named(tmp_path):
    export(tmp_path / "ada.json", "solved 02.1")
    (tmp_path / "folder.json").mkdir()
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(60_000_000)
    students, unread = read_class(tmp_path, None)
    assert [student.name for student in students] == ["ada"]
    assert len(unread) == 2
    assert "20 MB" in unread[1]


def test_what_windows_and_other_editors_add_is_read(tmp_path):
    file = export(tmp_path / "ada.json", "solved 02.1", 'answer 02.q1 "\ud800"'[:-2])
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    (ada,) = read(roll_up(tmp_path, None, tmp_path / "class.csv")[0])
    assert ada["Solved"] == "1"


def test_who_is_not_in_the_roster_is_shown_as_such(tmp_path):
    export(tmp_path / "=cmd.json", "solved 02.1")
    (tmp_path / "r.csv").write_text("Name,ID\nAda,1\n")
    ada, other = read(roll_up(tmp_path, tmp_path / "r.csv", tmp_path / "class.csv")[0])
    assert ada["Note"] == "Nothing handed in."
    assert (other["Name"], other["Note"]) == ("'=cmd", "Not in the roster.")


@pytest.mark.bad_input
def test_a_folder_without_exports_is_answered(tmp_path, capsys):
    assert cli.main(["progress", str(tmp_path)]) == 1
    assert "must hold exported progress" in capsys.readouterr().err

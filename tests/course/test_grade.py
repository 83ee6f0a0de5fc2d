"""Grading a class: answers run apart from our solutions, and whoever cheats gets no point."""

import csv
import json
import os
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from torch import nn

import snnedu as snn
from snnedu.app import cli
from snnedu.course.exercise import exercise
from snnedu.course.grade import roster as rosters, table, wire
from snnedu.course.grade.answers import answers, is_stub
from snnedu.course.grade.judge import BY_HAND, CLOSED, judge, shape
from snnedu.course.grade.remote import Workshop
from tools.solved import TUTORIALS, solve

pytestmark = [
    pytest.mark.house,
    pytest.mark.skipif(os.name == "nt", reason="Windows cannot lock a process in"),
]
IMPORTS = "import torch\nimport snnedu as snn"
CHECK = 'my_leaky = snn.check("02.1", my_leaky)'
RIGHT = exercise("02.1").code()


@pytest.fixture(scope="module")
def workshop():
    with Workshop() as opened:
        yield opened


def write(path: Path, *cells: str, tags: tuple[str, ...] = ()) -> Path:
    made = [nbformat.v4.new_code_cell(cell, metadata={"tags": list(tags)}) for cell in cells]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(nbformat.v4.new_notebook(cells=made)), encoding="utf-8")
    return path


def found(tmp_path, *cells, tags=()):
    return answers(write(tmp_path / "notebook.ipynb", *cells, tags=tags))


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# --- Honest answers ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(TUTORIALS.glob("[0-9]*.ipynb")), ids=lambda p: p.stem[:2])
def test_a_solved_notebook_gets_every_point(path, workshop, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    count = solve(notebook)
    nbformat.write(notebook, tmp_path / path.name)
    theirs = answers(tmp_path / path.name)
    assert len(theirs) == count
    for number, answer in theirs.items():
        grade = judge(workshop, exercise(number), answer, 30)
        if exercise(number).by_hand:
            assert (grade.points, grade.reply) == (None, BY_HAND)
        else:
            assert grade.points == 1, f"{number}: {grade.reply} Fix it, or set `by_hand=True`."


def test_gradients_and_changes_come_back(workshop, tmp_path):
    code = f"{IMPORTS}\ndef my_leaky(x, weight, into):\n    into += 1\n    return (x * weight) ** 2"
    (answer,) = found(tmp_path, f"{code}\n{CHECK}").values()
    weight, into = nn.Parameter(torch.tensor(3.0)), torch.zeros(2)
    with workshop.open(answer, 20) as remote:
        result = remote.answer(torch.tensor([1.0, 2.0]), weight, into)
        result.sum().backward()
    assert result.tolist() == [9, 36]
    assert weight.grad == 2 * 3 * (1 + 4)  # d/dw of w² + (2w)²
    assert into.tolist() == [1, 1]


def test_errors_come_back_as_they_were_raised(workshop, tmp_path):
    code = "def my_leaky(x):\n    return [1, 2][x]\n"
    (answer,) = found(tmp_path, code + CHECK).values()
    with workshop.open(answer, 20) as remote, pytest.raises(IndexError, match="out of range"):
        remote.answer(2)


# --- What is found in a notebook ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "tags"),
    [
        ((IMPORTS, RIGHT, CHECK), ()),
        ((IMPORTS, RIGHT), ("exercise:02.1",)),  # the call is gone, the tag is there
        ((IMPORTS, RIGHT.replace("my_leaky", "other"), 'snn.check("02.1", other)'), ()),
        ((IMPORTS, RIGHT + "\n" + CHECK, CHECK), ()),  # checked twice
        ((IMPORTS, "my_leaky = 1\n" + CHECK, "%time\n!ls\n" + RIGHT, CHECK), ()),
        ((IMPORTS, "def broken(:", RIGHT, CHECK, "1 / 0"), ()),
        (("from snnedu import check\nfrom torch import *", RIGHT, CHECK.replace("snn.", "")), ()),
        ((IMPORTS, RIGHT.replace("beta *", "b() *"), "def b():\n    return B\nB = 0.5", CHECK), ()),
    ],
)
def test_an_answer_is_found_with_what_it_needs(cells, tags, workshop, tmp_path):
    answer = found(tmp_path, *cells, tags=tags)["02.1"]
    cur, mem = torch.tensor([0.3]), torch.tensor([1.2])
    with workshop.open(answer, 20) as remote:
        spk, after = remote.answer(cur, mem, 0.5, 1.0)
    assert after.item() == pytest.approx(0.5 * 1.2 + 0.3 - 1)
    assert spk == 0


def test_what_an_answer_does_not_need_is_not_run(tmp_path):
    slow = "net = train_for_hours()"
    answer = found(tmp_path, IMPORTS, slow, RIGHT, f"net.sum()\n{CHECK}", slow)["02.1"]
    assert "train" not in answer.source
    assert "paid" in answer.source


@pytest.mark.parametrize("body", ["...", "pass", '"""To do."""', "raise NotImplementedError"])
def test_a_stub_is_not_begun(body, workshop, tmp_path):
    answer = found(tmp_path, f"def my_leaky(cur):\n    {body}\n{CHECK}")["02.1"]
    assert is_stub(answer)
    assert judge(workshop, exercise("02.1"), answer, 20).reply == "Not begun."


@pytest.mark.bad_input
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"cells": 3}', b'{"cells": [1]}', b"\xff\xfe{\0", b"[" * 100_000, b"null"],
)
def test_a_file_that_is_no_notebook_is_named(content, tmp_path):
    (tmp_path / "x.ipynb").write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.ipynb must be a notebook"):
        answers(tmp_path / "x.ipynb")


# --- Cheats -----------------------------------------------------------------------------------

FILE = Path(sys.modules[exercise("02.1").solution.__module__].__file__ or "")
LEAKY = "def my_leaky(*given):\n"
STEAL = {  # each of these gets through a check in the student's own kernel
    "import": "from snnedu.course.chapters.c02_lif_neuron.exercises import my_leaky",
    "exercise": f"{LEAKY}    from snnedu.course.exercise import exercise\n"
    "    return exercise('02.1').solution(*given)",
    "modules": f"{LEAKY}    import sys\n"
    "    found = [m for m in sys.modules.values() if 'c02_lif' in getattr(m, '__name__', '')]\n"
    "    return next(m for m in found if hasattr(m, 'EXERCISES')).my_leaky(*given)",
    "garbage": f"found = []\n{LEAKY}    import gc\n    from types import FunctionType as F\n"
    "    if not found:\n"  # once: there are millions of objects
    "        all = [o for o in gc.get_objects() if type(o) is F and o.__name__ == 'my_leaky']\n"
    "        found.append(next(o for o in all if str(o.__module__).startswith('snnedu')))\n"
    "    return found[0](*given)",
    "file": f"{LEAKY}    names = dict()\n    with open({str(FILE)!r}) as file:\n"
    "        exec(file.read(), names)\n"
    "    return names['my_leaky'](*given)",
    "patch": f"import snnedu.course.diagnosis as d\nd.alike = lambda *a: True\n{LEAKY}"
    "    return given[0], given[1]",
}
STOP = {
    "exit": "os._exit(0)",
    "quit": "raise SystemExit",
    "loop": "while True: pass",
    "sleep": "import time; time.sleep(1000)",
    "catch": "exec('while True:\\n try:\\n  while True: pass\\n except BaseException: pass')",
    "forks": "while True: os.fork()",
    "threads": "import threading\n    threading.Thread(target=print).start()",
    "program": "os.execv('/bin/sh', ['sh', '-c', 'exit'])",
    "memory": "return torch.ones(10**10)",
    "large": "return torch.ones(10**8, dtype=torch.int8)",
    "printed": "while True: print('x' * 10**6)",
    "deep": "return my_leaky(*given)",
    "grader": "os.kill(os.getppid(), 9); return given",
    "limits": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (99, 99))",
    "network": "import socket; socket.socket()",
    "object": "return object(), object()",
    "yes": "return type('Yes', (), {'__eq__': lambda *a: True})()",
}


@pytest.mark.parametrize("cheat", STEAL)
def test_whoever_reaches_for_our_solution_gets_no_point(cheat, workshop, tmp_path, monkeypatch):
    from snnedu.course import diagnosis
    from snnedu.course.check import verdict

    monkeypatch.setattr(diagnosis, "alike", diagnosis.alike)  # to be restored
    names: dict = {}
    exec(STEAL[cheat], names)
    verdict(exercise("02.1"), names["my_leaky"])  # raises nothing: in one process cheats pass
    answer = found(tmp_path, IMPORTS, f"{STEAL[cheat]}\n{CHECK}")["02.1"]
    monkeypatch.undo()
    assert judge(workshop, exercise("02.1"), answer, 20).points == 0


@pytest.mark.parametrize("cheat", STOP)
def test_whoever_breaks_the_process_gets_no_point_and_the_next_is_graded(cheat, workshop, tmp_path):
    code = f"{IMPORTS}\nimport os\n{LEAKY}    {STOP[cheat]}\n{CHECK}"
    grade = judge(workshop, exercise("02.1"), found(tmp_path, code)["02.1"], 1)
    assert grade.points == 0
    assert grade.reply not in ("", "Right.", "Not begun.")
    honest = f'{exercise("00.1").code()}\nsnn.check("00.1", count_spikes)'
    assert judge(workshop, exercise("00.1"), found(tmp_path, honest)["00.1"], 20).points == 1


@pytest.mark.parametrize("code", ["os.remove({})", "os.truncate({}, 0)", "open({}, 'w')"])
def test_an_answer_changes_no_file(code, workshop, tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("kept")
    mine.chmod(0o666)
    tmp_path.chmod(0o777)
    code = f"import os\n{LEAKY}    {code.format(repr(str(mine)))}\n    return given\n{CHECK}"
    grade = judge(workshop, exercise("02.1"), found(tmp_path, code)["02.1"], 20)
    assert (grade.points, grade.reply) == (0, CLOSED)
    assert mine.read_text() == "kept"


@pytest.mark.bad_input
def test_what_a_process_sends_runs_nothing(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    packed = wire.pack_result(Evil())
    with pytest.raises(Exception, match="mkdir"):
        wire.unpack_result(packed)
    assert not (tmp_path / "ran").exists()


def test_tensors_arrays_and_networks_travel():
    net = snn.Sequential(nn.Linear(2, 3), snn.Leaky(0.9))
    sent = {"a": torch.eye(2), "b": [np.arange(3), np.float32(2), True, None, "ü"], "net": net}
    got = wire.unpack_result(wire.pack_result(sent))
    assert torch.equal(got["a"], torch.eye(2))
    assert got["b"][0].tolist() == [0, 1, 2]
    assert got["b"][1:] == [2, True, None, "ü"]
    x_rec = torch.rand(4, 1, 2)
    assert torch.equal(got["net"](x_rec)[1], net(x_rec)[1])


def test_events_travel():
    one = torch.tensor([1])
    sent = snn.events.Events(torch.tensor([0.5]), 2 * one, 3 * one, -one, (4, 5), 6.0)
    got = wire.unpack_result(wire.pack_result(sent))
    assert [part.item() for part in (got.t, got.x, got.y, got.p)] == [0.5, 2, 3, -1]
    assert (got.size, got.duration) == ((4, 5), 6.0)


# --- A class ------------------------------------------------------------------------------------

NAMES = ("Ada", "Bo", "Cy", "Dee", "Eli", "Fay", "Gus", "Hal", "Ida", "Jo")
OWN = {  # the same in other words
    0: RIGHT.replace("mem = ", "# own words\n    mem = "),
    1: "def my_leaky(cur, mem, beta, threshold):\n    fired = mem.gt(threshold).to(mem)\n"
    "    new = cur + mem * beta - fired * threshold\n    return new.gt(threshold).to(mem), new",
}
WRONG = RIGHT.replace("- threshold * paid", "")


def class_of_forty(folder: Path) -> Path:
    """Write 39 hand-ins of 40 students: honest 0–15, wrong 16–23, cheats 24–31, broken 32–38."""
    rows = ["Student;ID;SIS Login ID", " Points Possible;;"]
    cheats = [*STEAL.values(), f"import os\n{LEAKY}    os._exit(0)", f"{LEAKY}    while 1: pass"]
    broken = [b"", b"{", b"\xff\xfe", b"null", b'{"cells": [{}]}', b"\x00" * 9, b"[" * 50_000]
    for n in range(40):
        first, last = NAMES[n % 10], "Å" + "nd" * (n // 10)
        name = f'"{last}, {first}"' if n else "=1+1"
        rows.append(f"{name};{n};s{n:02}")
        place = folder / (f"{first} {last}_7{n:02}_assignsubmission_file" if n % 2 else f"s{n:02}")
        path = place / "02_lif_neuron.ipynb"
        code = OWN.get(n, RIGHT) if n < 16 else WRONG if n < 24 else cheats[(n - 24) % len(cheats)]
        if n < 32:
            write(path, IMPORTS, f"{code}\n{CHECK}")
        elif n < 39:
            path.parent.mkdir()
            path.write_bytes(broken[n - 32])
    write(folder / "stranger.ipynb", IMPORTS, RIGHT, CHECK)
    (folder / "roster.csv").write_bytes("\r\n".join(rows).encode("cp1252"))
    return folder / "roster.csv"


def test_a_class_of_forty_is_graded(tmp_path, capsys):
    roster, out = class_of_forty(tmp_path / "in"), tmp_path / "grades.csv"
    asked = ["grade", str(tmp_path / "in"), "--roster", str(roster), "--out", str(out)]
    assert cli.main([*asked, "--seconds", "2"]) == 0
    assert "s24" not in capsys.readouterr().err
    points, *rows = read(out)
    assert points["Student"] == " Points Possible"
    assert points["02.1 Write the step"] == points["Solved"] == "1"
    assert [row["Solved"] for row in rows] == ["1"] * 16 + ["0"] * 24
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    assert rows[0]["Student"] == "'=1+1"
    assert rows[1]["Student"] == "Å, Bo"
    reasons = read(tmp_path / "grades-reasons.csv")
    assert [row["Student"] for row in reasons if "Nothing" in row["Reason"]][-1] == rows[39][
        "Student"
    ] + " 39"
    assert sum("must be a notebook" in row["Reason"] for row in reasons) == 7
    assert [row["Student"] for row in reasons if row["Reason"] == table.NOBODYS] == [
        "stranger.ipynb"
    ]
    built = [row["Reason"] for row in reasons if "Built like" in row["Reason"]]
    assert sum("our solution" in reason for reason in built) == 15, "all honest ones but one"


def test_equal_structure_is_seen_below_other_names_and_texts():
    renamed = RIGHT.replace("mem", "voltage").replace("paid", "p").replace("Advance", "Do")
    assert shape(renamed) == shape(RIGHT) != ""
    assert shape(RIGHT.replace("+ cur", "- cur")) != shape(RIGHT)
    assert shape("def f(x):\n    return x.sum(0)") == "", "short ones are equal by chance"


@pytest.mark.parametrize(
    ("header", "row", "file"),
    [
        ("Name,ID", "Ada Lovelace,17", "17/02_lif_neuron.ipynb"),
        ("First name,Surname,Email address", "Ada,Lovelace,a@b.org", "ada lovelace_9_x/n.ipynb"),
        ("Student,ID", '"Lovelace, Ada",17', "lovelaceada_17_4711_02_lif_neuron.ipynb"),
        ("Username\tGroup", "ada\t02", "ada_02_lif_neuron.ipynb"),
        ("Vorname;Nachname;E-Mail", "Ada;Lovelace;a@b.org", "a@b.org.ipynb"),
        ("Full name", "Adá Löve", "ADA LOVE.ipynb"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_finds_its_student(header, row, file, encoding, tmp_path):
    other = row.replace("Ada", "Bob").replace("ada", "bob").replace("17", "3").replace("Adá", "X")
    other = other.replace("a@b", "b@b")
    (tmp_path / "r.csv").write_text(f"{header}\n{other}\n{row}\n", encoding=encoding)
    roster = rosters.read_roster(tmp_path / "r.csv")
    assert rosters.whose([tmp_path / file], tmp_path, roster) == {tmp_path / file: 1}


@pytest.mark.bad_input
@pytest.mark.parametrize("text", ["", "Name\n", "Group,Section\n1,2\n", "\n\n", "Name,ID\n,\n"])
def test_a_roster_without_students_is_answered(text, tmp_path):
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(ValueError, match="a row for each student"):
        rosters.read_roster(tmp_path / "r.csv")


@pytest.mark.bad_input
def test_a_folder_without_notebooks_is_answered(tmp_path, capsys):
    (tmp_path / "r.csv").write_text("Name\nAda\n")
    assert cli.main(["grade", str(tmp_path), "--roster", str(tmp_path / "r.csv")]) == 1
    assert "must hold the notebooks of your class" in capsys.readouterr().err

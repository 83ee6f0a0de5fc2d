"""Progress survives crashes and two kernels at once, travels in a file, and loses nothing."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

import snnedu as snn
from snnedu.course import progress
from snnedu.course.diagnosis import variants
from snnedu.course.exercise import exercise

WRITE = """
import sys
from snnedu.course import progress
for n in range(int(sys.argv[2])):
    progress.record("solved", f"{sys.argv[1]}.{n}")
"""


def start(name, count):
    return subprocess.Popen([sys.executable, "-c", WRITE, name, str(count)])


def test_two_kernels_write_at_once_and_lose_nothing():
    writers = [start(name, 200) for name in ("01", "02")]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert progress.solved() == {f"{name}.{n}" for name in ("01", "02") for n in range(200)}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_kernel_loses_at_most_the_line_it_was_writing():
    writer = start("01", 1_000_000)
    end = time.monotonic() + 30
    while len(progress.solved()) < 20 and time.monotonic() < end:
        time.sleep(0.05)
    writer.send_signal(signal.SIGKILL)
    writer.wait(10)
    kept = len(progress.solved())
    assert kept >= 20
    assert {f"01.{n}" for n in range(kept)} == progress.solved()


def test_a_damaged_line_is_named_left_alone_and_costs_nothing_else(capsys):
    progress.record("solved", "01.1")
    damaged = progress.folder() / "old.jsonl"
    text = '{"kind": "solved", "id": "02.1", "value": ""}\n{"kind": "sol\n[1]\n'
    damaged.write_text(text)
    assert progress.solved() == {"01.1", "02.1"}
    assert "2 unreadable line(s)" in capsys.readouterr().err
    assert damaged.read_text() == text


def test_a_line_that_another_kernel_is_writing_is_no_damage(capsys):
    progress.record("solved", "01.1")
    (progress.folder() / "other.jsonl").write_text('{"kind": "solved", "id": "02.1"}\n{"kind": "so')
    assert progress.solved() == {"01.1", "02.1"}
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "entry",
    [
        '{"kind": "solved", "id": ["01.2"]}',
        '{"kind": "solved", "id": 1}',
        '{"kind": "solved", "id": "01.2", "at": "noon"}',
    ],
)
def test_an_entry_of_other_things_than_texts_is_damaged_too(entry, tmp_path, capsys):
    progress.record("solved", "01.1")
    (progress.folder() / "old.jsonl").write_text(f"{entry}\n")
    (progress.folder() / "folder.jsonl").mkdir()
    assert progress.solved() == {"01.1"}
    assert capsys.readouterr().err.count("1 unreadable line(s)") == 2
    (tmp_path / "x.json").write_text(f"[{entry}]")
    with pytest.raises(ValueError, match="must be a file that"):
        progress.import_progress(tmp_path / "x.json")


def test_progress_travels_to_another_machine(tmp_path, monkeypatch, capsys):
    progress.record("solved", "01.1")
    progress.record("hint", "01.2", "1")
    file = progress.export_progress(tmp_path / "me.json")
    monkeypatch.setenv("SNNEDU_DATA", str(tmp_path / "elsewhere"))
    assert progress.solved() == set()
    progress.record("solved", "02.1")
    progress.import_progress(file)
    progress.import_progress(file)  # twice is as good as once
    assert progress.solved() == {"01.1", "02.1"}
    assert progress.hints_taken()["01.2"] == 1
    assert "0 entries added" in capsys.readouterr().out


@pytest.fixture
def full_disk():
    """Let no file grow beyond 100 bytes."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_a_full_disk_cut_off_is_written_when_there_is_space_again(request, capsys):
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    request.getfixturevalue("full_disk")
    for n in range(3):  # the second one is cut off in the middle of its line
        progress.record("solved", f"01.{n}")
    (file,) = progress.folder().glob("*.jsonl")
    assert file.stat().st_size == 100
    assert not file.read_bytes().endswith(b"\n")
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    progress.record("solved", "01.3")
    assert progress._unsaved == []
    assert progress.solved() == {f"01.{n}" for n in range(4)}
    assert capsys.readouterr().out.count("cannot be saved") == 1


def test_a_reset_hides_what_came_before_it_and_nothing_else():
    for each in ("01.1", "01.10", "02.1"):
        progress.record("solved", each)
    progress.record("hint", "01.1", "1")
    progress.record("reset", "01.1")
    assert progress.solved() == {"01.10", "02.1"}
    assert progress.hints_taken()["01.1"] == 0
    progress.record("solved", "01.1")
    assert progress.solved() == {"01.1", "01.10", "02.1"}
    progress.record("reset", "01")  # a whole chapter
    assert progress.solved() == {"02.1"}


def test_the_later_event_counts_even_if_another_clock_ran_ahead(tmp_path):
    ahead = {"kind": "guess", "id": "02.p1", "value": "1", "at": str(2**62)}
    (tmp_path / "other.json").write_text(json.dumps([ahead]))
    progress.import_progress(tmp_path / "other.json")
    assert progress.newest()["guess", "02.p1"].value == "1"
    for guess in ("3", "5", "3"):
        progress.record("guess", "02.p1", guess)
    assert progress.newest()["guess", "02.p1"].value == "3"
    progress.record("reset", "02.p1")
    assert ("guess", "02.p1") not in progress.newest()


def test_files_of_the_first_version_are_read_as_the_oldest():
    progress.record("solved", "01.1")
    (progress.folder() / "old.jsonl").write_text('{"kind": "solved", "id": "02.1", "value": ""}\n')
    assert [event.id for event in progress.events()] == ["02.1", "01.1"]
    progress.record("reset", "02.1")
    assert progress.solved() == {"01.1"}


def test_an_export_onto_a_full_disk_leaves_the_old_one(tmp_path, request):
    progress.record("solved", "01.1")
    file = progress.export_progress(tmp_path / "out" / "me.json")  # the folder is made
    before = file.read_bytes()
    for n in range(20):
        progress.record("solved", f"02.{n}")
    request.getfixturevalue("full_disk")
    with pytest.raises(OSError, match="File too large") as error:
        progress.export_progress(file)
    assert "me.json is as it was. Free some space" in error.value.__notes__[0]
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["me.json"]


@pytest.mark.bad_input
@pytest.mark.parametrize("text", ["{]", "7", "{}", None])
def test_import_raises_for_a_file_that_is_no_export(tmp_path, text):
    if text is not None:
        (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=r"must be a file that `snn.export_progress` wrote"):
        progress.import_progress(tmp_path / "x.json")


def test_without_a_writable_folder_progress_stays_in_memory_with_one_message(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SNNEDU_DATA", str(tmp_path / "file" / "data"))
    monkeypatch.setattr(progress, "_unsaved", [])
    progress.record("solved", "01.1")
    progress.record("solved", "01.2")
    assert capsys.readouterr().out.count("cannot be saved") == 1
    assert progress.solved() == {"01.1", "01.2"}
    exported = json.loads(progress.export_progress(tmp_path / "me.json").read_text())
    assert [entry["id"] for entry in exported] == ["01.1", "01.2"]


def test_a_learner_keeps_one_number_for_life(monkeypatch):
    monkeypatch.delenv("SNNEDU_LEARNER", raising=False)
    number = progress.learner()
    assert progress.learner() == number
    monkeypatch.setenv("SNNEDU_LEARNER", "7")
    assert progress.learner() == 7


def test_a_damaged_number_is_drawn_again(monkeypatch):
    monkeypatch.delenv("SNNEDU_LEARNER", raising=False)
    progress.record("learner", "", "½")
    assert progress.learner() == progress.learner()


@pytest.mark.bad_input
def test_learner_raises_for_a_variable_that_is_no_number(monkeypatch):
    monkeypatch.setenv("SNNEDU_LEARNER", "bo")
    with pytest.raises(ValueError, match="SNNEDU_LEARNER must be a whole number"):
        progress.learner()


def test_mistakes_are_kept_here_and_shared_only_when_asked(tmp_path):
    (reply, wrong), *_ = variants(exercise("02.1").mistakes)
    snn.check("02.1", wrong)
    snn.check("02.1", lambda cur, mem, beta, threshold: (mem, mem + 7))
    kept = [(event.id, event.value) for event in progress.events() if event.kind == "mistake"]
    assert kept == [("02.1", reply), ("02.1", "")], "a declared mistake by its reply, no code"
    assert "mistake" not in progress.export_progress(tmp_path / "a.json").read_text()
    shared = progress.read_export(progress.export_progress(tmp_path / "b.json", mistakes=True))
    assert [event.value for event in shared if event.kind == "mistake"] == [reply, ""]

"""A learner's own copy: opens without outputs, follows the course, and keeps what was changed."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from snnedu.app import cli, workspace

pytestmark = pytest.mark.house
ROOT = Path(__file__).parents[2]
NAME = "02_leak.ipynb"


@pytest.fixture(autouse=True)
def _no_copy_is_open(monkeypatch):
    monkeypatch.delenv("SNNEDU_COURSE", raising=False)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course with stored outputs; its copy goes to `tmp_path / "mine"`."""
    source = tmp_path / "tutorials"
    (source / "images").mkdir(parents=True)
    (source / "images" / "circuit.svg").write_text("<svg/>")
    for name in (workspace.START, NAME):
        write(source / name, "first version")
    monkeypatch.setattr(workspace, "published", lambda: source)
    return source


@pytest.fixture
def mine(tmp_path):
    return tmp_path / "mine"


def write(path, *sources):
    cells = [nbformat.v4.new_code_cell(source, execution_count=1) for source in sources]
    for cell in cells:
        cell.outputs = [nbformat.v4.new_output("stream", text="the answer")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def sources(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def lay_out(folder, *reset):
    return "\n".join(workspace.lay_out(folder, reset)[1])


def test_the_copy_has_no_outputs_and_the_course_keeps_its_own(course, mine):
    said = lay_out(mine)
    for name in (workspace.START, NAME):
        assert "the answer" in (course / name).read_text()
        assert "the answer" not in (mine / name).read_text()
        (cell,) = nbformat.read(mine / name, as_version=4).cells
        assert (cell.source, cell.outputs, cell.execution_count) == ("first version", [], None)
    assert f"Your own copy of the course is in {mine}" in said


def test_images_and_the_mark_that_withholds_solutions_come_along(course, mine):
    (course / "solutions-withheld").touch()
    lay_out(mine)
    assert (mine / "images" / "circuit.svg").read_text() == "<svg/>"
    assert (mine / "solutions-withheld").exists()
    (course / "solutions-withheld").unlink()
    lay_out(mine)
    assert not (mine / "solutions-withheld").exists()


def test_a_mark_of_the_learners_own_teacher_stays(course, mine):
    lay_out(mine)
    (mine / "solutions-withheld").touch()
    lay_out(mine)
    assert (mine / "solutions-withheld").exists()


def test_hidden_files_of_the_course_stay_where_they_are(course, mine):
    (course / ".ipynb_checkpoints").mkdir()
    write(course / ".ipynb_checkpoints" / NAME, "a checkpoint")
    lay_out(mine)
    assert not (mine / ".ipynb_checkpoints").exists()


def test_later_runs_say_nothing_and_write_nothing_when_nothing_is_new(course, mine):
    lay_out(mine)
    before = {path: path.stat().st_mtime_ns for path in mine.rglob("*.ipynb")}
    assert lay_out(mine) == ""
    assert {path: path.stat().st_mtime_ns for path in mine.rglob("*.ipynb")} == before


def test_work_stays_and_the_newer_version_is_put_beside_it(course, mine):
    lay_out(mine)
    write(mine / NAME, "first version", "my work")
    assert lay_out(mine) == ""
    write(course / NAME, "second version")
    for _ in range(2):
        assert f"{NAME} has a newer version: 02_leak.new.ipynb" in lay_out(mine)
        assert sources(mine / NAME) == ["first version", "my work"]
        assert sources(mine / "02_leak.new.ipynb") == ["second version"]
    assert "the answer" not in (mine / "02_leak.new.ipynb").read_text()
    write(course / NAME, "third version")
    lay_out(mine)
    assert sources(mine / "02_leak.new.ipynb") == ["third version"]
    assert sorted(path.name for path in mine.glob("02*")) == [NAME, "02_leak.new.ipynb"]


def test_a_newer_version_that_the_learner_deleted_does_not_come_back(course, mine):
    lay_out(mine)
    write(mine / NAME, "my work")
    write(course / NAME, "second version")
    lay_out(mine)
    (mine / "02_leak.new.ipynb").unlink()
    assert lay_out(mine) == ""
    assert not (mine / "02_leak.new.ipynb").exists()


def test_work_in_the_newer_version_stays_too(course, mine):
    lay_out(mine)
    write(mine / NAME, "my work")
    write(course / NAME, "second version")
    lay_out(mine)
    write(mine / "02_leak.new.ipynb", "my second work")
    write(course / NAME, "third version")
    assert "02_leak.new2.ipynb" in lay_out(mine)
    assert sources(mine / "02_leak.new.ipynb") == ["my second work"]
    assert sources(mine / "02_leak.new2.ipynb") == ["third version"]


def test_a_newer_version_that_took_the_place_of_the_old_one_leaves_no_twin(course, mine):
    lay_out(mine)
    write(mine / NAME, "my work")
    write(course / NAME, "second version")
    lay_out(mine)
    shutil.copy(mine / "02_leak.new.ipynb", mine / NAME)
    assert lay_out(mine) == ""
    assert [path.name for path in mine.glob("02*")] == [NAME]


@pytest.mark.parametrize("extra", [[], [""]], ids=["run", "run to the end with Shift+Enter"])
def test_a_notebook_that_was_only_run_is_updated(extra, course, mine):
    lay_out(mine)
    write(mine / NAME, "first version", *extra)  # with outputs, as JupyterLab saves it
    write(course / NAME, "second version")
    assert f"Updated, since you had not changed them: {NAME}." in lay_out(mine)
    assert sources(mine / NAME) == ["second version"]
    assert "the answer" not in (mine / NAME).read_text()


def test_a_new_chapter_comes_with_the_next_run(course, mine):
    lay_out(mine)
    write(course / "08_new.ipynb", "first version")
    assert "New: 08_new.ipynb." in lay_out(mine)
    assert (mine / "08_new.ipynb").exists()


@pytest.mark.parametrize("word", ["02", "2", "02_leak", NAME, f"my-course/{NAME}"])
def test_reset_gives_a_fresh_notebook_and_keeps_the_old_one(word, course, mine):
    lay_out(mine)
    for n, old in enumerate(["02_leak.old.ipynb", "02_leak.old2.ipynb"]):
        write(mine / NAME, f"my work {n}")
        said = lay_out(mine, word)
        assert said == f"{NAME} is as new. What you had is kept in {old}."
        assert sources(mine / old) == [f"my work {n}"]
        assert sources(mine / NAME) == ["first version"]
    assert sources(mine / "02_leak.old.ipynb") == ["my work 0"]


def test_reset_takes_the_newer_version_and_removes_its_twin(course, mine):
    lay_out(mine)
    write(mine / NAME, "my work")
    write(course / NAME, "second version")
    lay_out(mine)
    lay_out(mine, "02")
    assert sources(mine / NAME) == ["second version"]
    assert sorted(path.name for path in mine.glob("02*")) == [NAME, "02_leak.old.ipynb"]
    assert lay_out(mine) == ""


def test_reset_of_an_untouched_notebook_keeps_no_old_one(course, mine):
    lay_out(mine)
    assert lay_out(mine, "02") == f"{NAME} is as new."
    assert [path.name for path in mine.glob("02*")] == [NAME]


@pytest.mark.parametrize("record", [None, "", "[]", "{"])
def test_without_its_record_the_copy_keeps_every_file(record, course, mine):
    lay_out(mine)
    write(mine / NAME, "my work")
    (mine / workspace.RECORD).unlink()
    if record is not None:
        (mine / workspace.RECORD).write_text(record)
    lay_out(mine)
    assert sources(mine / NAME) == ["my work"]


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"cells": [1]}', b"\xff"])
def test_a_notebook_that_cannot_be_read_counts_as_changed(broken, course, mine):
    lay_out(mine)
    (mine / NAME).write_bytes(broken)
    write(course / NAME, "second version")
    lay_out(mine)
    assert (mine / NAME).read_bytes() == broken
    assert sources(mine / "02_leak.new.ipynb") == ["second version"]


def test_a_full_disk_costs_neither_the_work_nor_the_old_version(course, mine, monkeypatch):
    lay_out(mine)
    write(mine / NAME, "my work")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("snnedu.core._files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        lay_out(mine, "02")
    assert sources(mine / NAME) == ["my work"]
    assert not list(mine.glob("*.part"))


@pytest.mark.bad_input
@pytest.mark.parametrize("word", ["09", "", "000", "no"])
def test_reset_of_an_unknown_notebook_names_those_there_are(word, course, mine):
    with pytest.raises(ValueError, match=r"number or name of one notebook.*00_start_here, 02_leak"):
        lay_out(mine, word)
    assert not mine.exists()


@pytest.mark.bad_input
def test_the_copy_must_not_be_the_course_itself(course):
    before = (course / NAME).read_bytes()
    with pytest.raises(ValueError, match="must not be the folder of the course itself"):
        lay_out(course)
    assert (course / NAME).read_bytes() == before


def test_the_copy_of_a_checkout_is_ignored_by_git():
    assert workspace.default_folder() == ROOT / "my-course"
    check = ["git", "check-ignore", "--quiet", f"my-course/{workspace.START}"]
    assert subprocess.run(check, cwd=ROOT).returncode == 0


def test_the_copy_of_an_installed_package_is_in_the_users_data_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(workspace, "PACKAGE", tmp_path / "site-packages" / "snnedu")
    assert workspace.default_folder() == Path(os.environ["SNNEDU_DATA"]) / "my-course"


def test_a_terminal_of_jupyterlab_means_the_copy_that_is_open(tmp_path, monkeypatch):
    monkeypatch.setenv("SNNEDU_COURSE", str(tmp_path / "open"))
    assert workspace.default_folder() == tmp_path / "open"


@pytest.mark.bad_input
def test_a_package_without_notebooks_says_how_to_get_them(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(workspace, "PACKAGE", tmp_path / "snnedu")
    assert cli.main(["copy", "--folder", str(tmp_path / "mine")]) == 1
    error = capsys.readouterr().err
    assert "The notebooks should be in" in error
    assert "pip install --force-reinstall" in error


def test_the_command_copies_without_opening_jupyterlab(course, mine, capsys):
    assert cli.main(["copy", "--folder", str(mine)]) == 0
    assert f"Ready: {mine}" in capsys.readouterr().out
    write(mine / NAME, "my work")
    assert cli.main(["copy", "--folder", str(mine), "--reset", "02"]) == 0
    assert "kept in 02_leak.old.ipynb" in capsys.readouterr().out
    assert sources(mine / NAME) == ["first version"]


def test_lab_opens_the_copy_with_what_was_reset_in_front(course, mine, monkeypatch):
    calls = []
    monkeypatch.setattr(cli, "_run", lambda command, env: calls.append(command) or 0)
    options = ["--folder", str(mine), "--reset", "02", "--reset=00"]
    for _ in range(2):
        assert cli.main(["lab", "--no-browser", *options, "--port", "0"]) == 0
        write(mine / NAME, "my work")
    assert f"--ServerApp.root_dir={mine}" in calls[1]
    assert f"--LabApp.default_url=/lab/tree/{NAME}" in calls[1]
    assert calls[1][-3:] == ["--no-browser", "--port", "0"]


@pytest.mark.parametrize("options", [["--lang", "de"], []], ids=["option", "variable"])
def test_lab_opens_the_start_page_in_a_language(options, course, mine, monkeypatch):
    calls = []
    monkeypatch.setattr(cli, "_run", lambda command, env: calls.append((command, env)) or 0)
    monkeypatch.setenv("SNNEDU_LANG", "en" if options else "de")
    arguments = ["lab", "--folder", str(mine), *options, "--port", "0"]
    assert cli.main(arguments) == 0
    (course / "de").mkdir()
    write(course / "de" / workspace.START, "erste Fassung")
    assert cli.main(arguments) == 0
    fronts = [command[-3].rpartition("/tree/")[2] for command, _ in calls]
    assert fronts == [workspace.START, f"de/{workspace.START}"]  # until there is a translation
    assert calls[1][1]["SNNEDU_LANG"] == "de"
    assert sources(mine / "de" / workspace.START) == ["erste Fassung"]
    assert workspace.named("de/00") == workspace.named("de/0") == f"de/{workspace.START}"
    assert workspace.named("00") == workspace.START


@pytest.mark.bad_input
def test_lab_refuses_a_language_without_a_catalogue(course, mine, capsys):
    with pytest.raises(SystemExit):
        cli.main(["lab", "--folder", str(mine), "--lang", "xx"])
    assert "invalid choice: 'xx'" in capsys.readouterr().err


@pytest.mark.bad_input
def test_copy_refuses_what_only_jupyterlab_understands(course, mine, capsys):
    with pytest.raises(SystemExit):
        cli.main(["copy", "--folder", str(mine), "--no-browser"])
    assert "`snnedu copy` does not know the option --no-browser" in capsys.readouterr().err
    assert not mine.exists()


def test_every_notebook_of_the_course_opens_without_outputs(tmp_path):
    workspace.lay_out(tmp_path)
    for path in sorted((ROOT / "tutorials").glob("*.ipynb")):
        mine = json.loads((tmp_path / path.name).read_text(encoding="utf-8"))
        assert [cell["outputs"] for cell in mine["cells"] if cell.get("outputs")] == []
        nbformat.validate(mine)
        theirs = nbformat.read(path, as_version=4).cells
        assert ["".join(cell["source"]) for cell in mine["cells"]] == [c.source for c in theirs]

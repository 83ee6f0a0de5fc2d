"""_files.py: a file is the old one or the new one, never half of one."""

import os
from pathlib import Path

import pytest

from snnedu.core._files import check_writable, replacing


def test_the_new_file_takes_the_place_of_the_old_one_at_the_end(tmp_path: Path):
    file = tmp_path / "folder" / "notes.txt"
    for text in ("old", "new"):
        with replacing(file) as part:
            assert part.parent == file.parent  # another disk could not be moved from at once
            part.write_text(text)
            assert not file.exists() or file.read_text() == "old"
        assert file.read_text() == text
    assert [*file.parent.iterdir()] == [file]


@pytest.mark.parametrize("error", [OSError("full"), ValueError("wrong"), KeyboardInterrupt()])
def test_what_was_there_survives_a_failure(tmp_path: Path, error: BaseException):
    file = tmp_path / "notes.txt"
    file.write_text("old")

    def fail():
        with replacing(file) as part:
            part.write_text("ne")
            raise error

    with pytest.raises(type(error)) as seen:
        fail()
    assert file.read_text() == "old"
    assert [*tmp_path.iterdir()] == [file]
    notes = getattr(seen.value, "__notes__", [])
    assert bool(notes) == isinstance(error, OSError)
    assert all("notes.txt is as it was. Free some space" in note for note in notes)


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")
def test_a_link_stays_a_link(tmp_path: Path):
    link, file = tmp_path / "link", tmp_path / "file"
    file.write_text("old")
    link.symlink_to(file)
    with replacing(link) as part:
        part.write_text("new")
    assert link.is_symlink()
    assert file.read_text() == "new"


def test_a_look_whether_a_file_can_be_written_leaves_nothing(tmp_path: Path):
    check_writable("checkpoint", tmp_path / "folder" / "run.pt")
    assert [*(tmp_path / "folder").iterdir()] == []


@pytest.mark.bad_input
def test_a_file_that_cannot_be_written_raises(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"`table` must be a file.*Choose another file or folder"):
        check_writable("table", tmp_path / "file" / "run.pt")
    with pytest.raises(ValueError, match="it is a folder"):
        check_writable("table", tmp_path)

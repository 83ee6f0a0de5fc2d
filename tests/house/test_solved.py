"""The tool that writes solved copies of the tutorials."""

import pytest

from tools.solved import main

pytestmark = pytest.mark.house


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], [], ["a", "b"]])
def test_what_is_no_folder_gets_an_explanation_and_writes_nothing(
    arguments, tmp_path, monkeypatch, capsys
):
    """It once wrote the copies into a folder called `--help`."""
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert "python -m tools.solved FOLDER" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []

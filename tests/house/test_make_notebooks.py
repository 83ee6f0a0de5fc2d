"""`make notebooks`: executed again, in place, and the second run changes no byte."""

from pathlib import Path

import nbformat
import pytest

from tools.notebooks import METADATA, WIDGET_VIEW, clean, find, main

pytestmark = pytest.mark.house

CELLS = [
    "import matplotlib.pyplot as plt, ipywidgets, os\nprint('one')\nprint('two')",
    "plt.figure(figsize=(2, 1))\nplt.plot([1, 2])\nplt.show()",
    "ipywidgets.IntSlider(3)",
    "os.listdir(os.environ['SNNEDU_DATA'])",
]


def test_a_second_run_changes_no_byte(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    path = _write(tmp_path, *CELLS)
    assert main([str(path)]) == 0
    first = path.read_bytes()
    assert main([str(path)]) == 0
    assert path.read_bytes() == first
    assert [line.split()[1] for line in capfd.readouterr().out.splitlines()] == [
        "changed",
        "unchanged",
    ]
    notebook = nbformat.reads(first.decode(), as_version=4)
    assert notebook.metadata == METADATA
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4]
    printed, figure, slider, progress = (cell.outputs[-1] for cell in notebook.cells)
    assert printed.text == "one\ntwo\n"
    assert "image/png" in figure.data
    assert list(slider.data) == ["text/plain"]  # its random id is gone
    assert progress.data["text/plain"] == "[]"  # a fresh learner


def test_what_interact_draws_is_stored_and_its_sliders_are_not(tmp_path: Path):
    drawing = "plt.figure(figsize=(2, 1))\n    plt.plot([a, 2])\n    print('drawn')"
    source = f"@ipywidgets.interact(a=(0, 3))\ndef draw(a=1):\n    {drawing}"
    path = _write(tmp_path, "import matplotlib.pyplot as plt, ipywidgets", source)
    assert main([str(path)]) == 0
    printed, figure = nbformat.read(path, as_version=4).cells[1].outputs
    assert printed.text == "drawn\n"
    assert "image/png" in figure.data


def test_a_notebook_that_raises_stays_as_it_was(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    path = _write(tmp_path, "1 / 0")
    before = path.read_bytes()
    assert main([str(path)]) == 1
    assert path.read_bytes() == before
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(SystemExit, match=r"No notebook is called '77'\. There are:"):
        find("77")


def test_what_differs_from_run_to_run_is_left_out():
    cell = nbformat.v4.new_code_cell("x", metadata={"tags": ["a"], "execution": {"t": "2026"}})
    cell.outputs = [
        nbformat.v4.new_output("stream", text="a"),
        nbformat.v4.new_output("stream", text="b"),
        nbformat.v4.new_output("stream", name="stderr", text="c"),
        nbformat.v4.new_output("display_data", data={WIDGET_VIEW: {}, "text/html": "<b>"}),
    ]
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {}})
    clean(notebook)
    assert notebook.metadata == METADATA
    assert cell.metadata == {"tags": ["a"]}
    assert [output.get("text") for output in cell.outputs] == ["ab", "c", None]
    assert cell.outputs[2].data == {"text/html": "<b>"}


def _write(folder: Path, *sources: str) -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    path = folder / "toy.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path

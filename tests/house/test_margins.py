"""tools/margins.py finds what depends on threads or processor, and leaves the rest alone."""

from pathlib import Path

import nbformat
import pytest

from tools import margins

pytestmark = pytest.mark.house
CELLS = [
    "import os\nthreads = int(os.environ['OMP_NUM_THREADS'])",
    "assert threads < 5",  # distances 4, 3, 1, 3
    "assert threads < 100 and 2 < 3",  # far away; the same under every setting
    "print('threads', threads)",
    "print('measured ≈', threads)",
    "assert threads < 3, 'not on four'",
]


def test_thin_margins_errors_and_differing_text_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert margins.main([_notebook(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    thin = [line for line in lines if line.startswith("THIN")]
    assert [line.split()[1:4] for line in thin] == [["threads", "<", "5"], ["threads", "<", "3"]]
    assert "1 < 5  2 < 5  4 < 5  2 < 5  margin 0.3" in thin[0]
    raised = [line for line in lines if line.startswith("RAISES")]
    assert raised == ["RAISES cell 6, 4 threads: AssertionError: not on four"]
    text = [line for line in lines if line.startswith("TEXT")]
    assert [line.partition(":")[0] for line in text] == [
        "TEXT   cell 4, 1 thread",
        "TEXT   cell 4, 4 threads",
    ]


def _notebook(folder: Path) -> str:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    for number, text in ((3, "threads 2\n"), (4, "measured ≈ 2\n")):
        stored = nbformat.v4.new_output("stream", name="stdout", text=text)
        notebook.cells[number].outputs = [stored]
    path = folder / "toy.ipynb"
    nbformat.write(notebook, path)
    return str(path)

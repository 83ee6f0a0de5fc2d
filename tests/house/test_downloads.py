"""What the book offers for download also runs where the course is missing, and links to the web."""

import importlib.util
import json
import re
import tomllib
from types import SimpleNamespace

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement

from tools import book, downloads

pytestmark = pytest.mark.house
NOTEBOOKS = sorted(book.TUTORIALS.glob("*.ipynb"))


def code_cells(content: bytes) -> list[str]:
    """Return the code of a notebook, which must be a valid one."""
    notebook = nbformat.reads(content.decode(), as_version=4)
    nbformat.validate(notebook)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("there", [True, False])
def test_the_first_cell_installs_the_course_only_where_it_is_missing(there, monkeypatch, capsys):
    first, *others = code_cells(downloads.standing_alone(NOTEBOOKS[2]))
    assert others == code_cells(NOTEBOOKS[2].read_bytes())
    commands = []
    shell = SimpleNamespace(run_line_magic=lambda name, line: commands.append((name, line)))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: there or None)
    exec(TransformerManager().transform_cell(first), {"get_ipython": lambda: shell})
    if there:
        assert commands == []
        assert capsys.readouterr().out == ""
    else:
        [(magic, line)] = commands
        assert magic == "pip"
        assert re.match("install .*snnedu/archive/HEAD.zip", line)
        assert "The course is installed." in capsys.readouterr().out


def test_the_cell_asks_pip_for_what_the_course_needs_without_another_jupyter():
    project = tomllib.loads((downloads.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {Requirement(need).name for need in project["optional-dependencies"]["course"]}
    own, *others = [Requirement(need.strip('"')) for need in downloads.packages()]
    assert {own.name, *(need.name for need in others), *downloads.THERE} == wanted
    assert own.url == downloads.ARCHIVE
    assert own.extras == {"fast", "nir", "scale", "sky"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_pictures_and_links_lead_to_the_web_where_the_files_are(path):
    cells = json.loads(downloads.standing_alone(path))["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    targets = re.findall(r"\]\(([^)\s]+)", text)
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []
    ours = f"{downloads.HOME}/blob/HEAD/tutorials/", f"{downloads.RAW}/"
    files = [target.split("/tutorials/")[1] for target in targets if target.startswith(ours)]
    assert files
    assert {name for name in files if not (book.TUTORIALS / name.split("#")[0]).exists()} == set()
    assert not any(cell.get("outputs") for cell in cells)


def test_a_page_that_jupyter_exports_has_the_title_of_its_chapter():
    notebook = json.loads(downloads.standing_alone(NOTEBOOKS[2]))
    assert notebook["metadata"]["title"] == "02 · The leaky neuron"

"""The notebook contract: each rule is seen to fail, and every notebook keeps them all."""

import copy
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.notebook_lint import (
    EVERY_NOTEBOOK,
    NUMBERED,
    TUTORIALS,
    Notebook,
    main,
    problems,
)
from tools import links
from tools.notebooks import METADATA, WIDGET_VIEW

pytestmark = pytest.mark.house

NOTEBOOKS = sorted((Path(__file__).parents[2] / "tutorials").glob("*.ipynb"))
DOI = "https://doi.org/10.1109/JPROC.2023.3308088"
PICTURE = "iVBORw0KGgo="


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_keeps_the_form(path: Path):
    found = problems(Notebook.read(path))
    assert not found, "\n".join(found)


def test_the_start_page_has_a_way_to_every_tutorial():
    start, *others = (path for path in NOTEBOOKS if path.name[0].isdigit())
    text = start.read_text(encoding="utf-8")
    assert [path.name for path in others if f"({path.name})" not in text] == []
    assert "(glossary.md)" in text


def test_the_onboarding_path_names_sections_that_are_written():
    start, *others = map(Notebook.read, NOTEBOOKS)
    text = "\n".join(cell.source for _, cell in start.prose)
    rows = re.findall(r"^\| \[(\d\d)\]\(\S+\) \| (\*\d · .+)$", text, re.M)
    assert len(rows) == 5
    assert sum(int(row.split("|")[1]) for _, row in rows) == 120  # the two hours of the text
    for number, row in rows:
        (chapter,) = [other for other in others if other.path.name.startswith(number)]
        named = re.findall(r"\*(\d · .+?)\*", row)
        assert named
        assert set(named) <= {head for head, _ in chapter.sections}
        for exercise in re.findall(r"exercise (\d\d\.\d), \*(.+?)\*", row):
            assert "### Exercise {} · {}".format(*exercise) in str(chapter.content)
        first, last = named[0][0], named[-1][0]
        walked = "".join(body for head, body in chapter.sections if first <= head[0] <= last)
        assert 0.5 + minutes_of(walked, row.count("exercise ")) <= int(row.split("|")[1]), number


@pytest.mark.parametrize("path", NOTEBOOKS[1:25], ids=lambda path: path.stem)
def test_a_chapter_takes_about_as_long_as_it_says(path: Path):
    chapter = Notebook.read(path)
    (said,) = re.findall(r"\*\*Time\*\* (\d+) minutes", str(chapter.content))
    text = "".join(body for head, body in chapter.sections if head != "References")
    assert minutes_of(text, text.count("### Exercise ")) == pytest.approx(int(said), rel=0.25)


def minutes_of(text: str, exercises: int) -> float:
    """Estimate how long somebody reads a text and runs its code, and works on its exercises."""
    code = re.findall(r"^    .*\S", text, re.M)
    prose = re.sub(r"^    .*|\]\(.*?\)", "", text, flags=re.M)
    asked = text.count("snn.predict(") + 2 * text.count("_explorer(") + 6 * exercises
    return len(prose.split()) / 130 + len(code) / 6 + asked


def test_a_good_notebook_passes(tmp_path: Path):
    assert problems(_good(tmp_path)) == []


def test_the_start_page_needs_no_references_and_no_length(tmp_path: Path):
    page = Notebook(tmp_path / "00_start_here.ipynb", _good(tmp_path).content)
    del page.content.cells[4:8]  # Unsettled and fillers
    page.content.cells[:] = [c for c in page.content.cells if "## References" not in c.source]
    _run(page.content)
    assert problems(_link(page)) == []


def test_a_glossary_needs_the_form_of_no_lesson(tmp_path: Path):
    page = Notebook(tmp_path / "glossary.ipynb", _good(tmp_path).content)
    page.content.cells[:] = page.content.cells[1:4]
    page.content.cells.insert(0, nbformat.v4.new_markdown_cell("# Glossary"))
    assert problems(page) == []
    _show(page.content.cells[2], html='<img src="data:,">')
    assert len(problems(page)) == 1


def test_command_line_names_file_and_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "01_good.ipynb"
    nbformat.write(_good(tmp_path).content, path)
    assert main([str(path)]) == 0
    content = _good(tmp_path).content
    content.cells[0].source = "No title"
    nbformat.write(content, path)
    assert main([str(path)]) == 1
    assert "01_good.ipynb: The first cell must start with the title" in capsys.readouterr().out


Break = Callable[[list[NotebookNode], NotebookNode], object]

# One rule, one way to break it. `c` is the list of cells, `nb` the notebook.
# Cells: 0 title, 1 set-up, 2 exercise, 3 figure, 4 Unsettled, 5 its measurement, fillers, recap…
BROKEN: list[tuple[str, Break]] = [
    ("has_a_title", lambda c, nb: c[0].update(source=c[0].source.replace("# 01", "01"))),
    ("has_a_title", lambda c, nb: c[4].update(source="# Second title\n" + c[4].source)),
    ("says_time_prerequisites_objectives", lambda c, nb: _swap(c[0], "**Time**", "Long")),
    ("says_time_prerequisites_objectives", lambda c, nb: _swap(c[0], "**Prerequisites**", "")),
    ("says_time_prerequisites_objectives", lambda c, nb: _swap(c[0], "**Objectives**", "")),
    ("says_what_comes_next", lambda c, nb: _swap(c[-1], "## Next", "## Later")),
    ("links_lead_somewhere", lambda c, nb: _swap(c[-1], "Rest.", "See [02](02_lif.ipynb).")),
    ("links_are_complete", lambda c, nb: _swap(c[0], "← 00 · Start", "← 00 · Begin")),
    ("links_are_complete", lambda c, nb: _swap(c[0], "[Glossary](glossary.md)", "")),
    ("links_are_complete", lambda c, nb: _swap(c[4], "or not (0).", "or not.")),
    ("links_are_complete", lambda c, nb: _swap(c[4], ' "An event', ") (")),
    ("sections_in_order", lambda c, nb: _swap(c[-4], "## Recap", "## Summary")),
    ("sections_in_order", lambda c, nb: c.insert(4, c.pop(-2))),
    ("unsettled_is_measured", lambda c, nb: c.pop(5)),
    ("unsettled_is_measured", lambda c, nb: _swap(c[4], DOI, "somebody said")),
    ("references_have_a_doi", lambda c, nb: _swap(c[-2], DOI, "somewhere")),
    ("references_have_a_doi", lambda c, nb: _swap(c[-2], "- ", "")),
    ("has_exercises_and_quiz", lambda c, nb: _swap(c[2], "snn.check", "check")),
    ("has_exercises_and_quiz", lambda c, nb: _swap(c[2], "snn.quiz", "quiz")),
    ("length_fits_a_lesson", lambda c, nb: c.pop(8)),
    ("length_fits_a_lesson", lambda c, nb: _swap(c[6], "word " * 1500, "")),
    ("length_fits_a_lesson", lambda c, nb: _swap(c[6], "word", "many words")),
    ("prose_numbers_are_shown", lambda c, nb: _swap(c[-4], "97 %", "99 %")),
    ("prose_numbers_are_shown", lambda c, nb: _swap(c[-4], "97 %", "0.123")),
    ("pictures_have_alt_text", lambda c, nb: _swap(c[4], "Who", "![](data:image/png;base64,)")),
    ("pictures_have_alt_text", lambda c, nb: c[3].outputs[0].metadata.clear()),
    ("pictures_have_alt_text", lambda c, nb: _show(c[3], html='<img src="data:image/png,x">')),
    ("pictures_have_alt_text", lambda c, nb: _show(c[3], html='<img src="data:," alt=" ">')),
    ("widgets_have_a_picture", lambda c, nb: _show(c[3], text="VBox(children=(IntSlider(),))")),
    ("pictures_are_not_hot_linked", lambda c, nb: _swap(c[4], "Who", "![a](http://a.org/a.png)")),
    ("pictures_are_not_hot_linked", lambda c, nb: _show(c[3], html='<script src="https://a.js">')),
    ("cells_are_short", lambda c, nb: c[2].update(source=c[2].source + "\nx = 1" * 14)),
    ("cells_are_short", lambda c, nb: c[2].update(source="x = '" + 100 * "x" + "'")),
    ("asks_one_question", lambda c, nb: c[2].update(source='snn.predict("1")\nsnn.predict("2")')),
    ("installs_nothing", lambda c, nb: c[2].update(source="%pip install torch")),
    ("installs_nothing", lambda c, nb: c[2].update(source="!ls")),
    ("installs_nothing", lambda c, nb: c[2].update(source="run(['pip', 'install', 'x'])")),
    ("uses_no_network", lambda c, nb: c[2].update(source="import urllib.request")),
    ("uses_no_network", lambda c, nb: c[2].update(source="fetch_openml('mnist_784')")),
    ("uses_no_network", lambda c, nb: c[2].update(source="MNIST('.', download=True)")),
    ("imports_come_first", lambda c, nb: c[2].update(source="import math")),
    ("is_plain_python", lambda c, nb: c[2].update(source="%matplotlib inline")),
    ("outputs_are_stored", lambda c, nb: c[2].update(execution_count=None)),
    ("outputs_are_stored", lambda c, nb: c[2].update(execution_count=7)),
    ("outputs_are_stored", lambda c, nb: c[1].update(outputs=[])),
    ("no_errors_and_warnings", lambda c, nb: _output(c[2], "error", ename="ValueError")),
    ("no_errors_and_warnings", lambda c, nb: _output(c[2], "stream", name="stderr", text="Oh")),
    ("nothing_of_this_machine", lambda c, nb: nb.metadata.language_info.update(version="3.11.2")),
    ("nothing_of_this_machine", lambda c, nb: nb.metadata.update(widgets={})),
    ("nothing_of_this_machine", lambda c, nb: c[2].metadata.update(execution={"shell": "2026"})),
    ("nothing_of_this_machine", lambda c, nb: _show(c[3], text="/home/ada/course/x.py")),
    ("nothing_of_this_machine", lambda c, nb: _show(c[3], text="C:\\course")),
    ("nothing_of_this_machine", lambda c, nb: _show(c[3], text="<f at 0x7f00a0b0c0d0>")),
    ("nothing_of_this_machine", lambda c, nb: _show(c[3], text="http://127.0.0.1:8888")),
    ("nothing_of_this_machine", lambda c, nb: c[3].outputs[0].data.update({WIDGET_VIEW: {}})),
    ("outputs_are_compared", lambda c, nb: _tag(c[2], "nbval-ignore-output")),
    ("outputs_are_compared", lambda c, nb: _tag(c[2], "raises-exception")),
    ("outputs_are_compared", lambda c, nb: c[2].update(source="# NBVAL_SKIP\nx = 1")),
    ("outputs_are_compared", lambda c, nb: [_uncompared_widget(c[n]) for n in (1, 2, 3, 5)]),
    ("file_is_small", lambda c, nb: _show(c[3], text="x" * 1_500_001)),
]


@pytest.mark.parametrize(("rule", "spoil"), BROKEN, ids=[rule for rule, _ in BROKEN])
def test_rule_fails_on_a_notebook_that_breaks_it(rule: str, spoil: Break, tmp_path: Path):
    notebook = _good(tmp_path)
    cells = copy.deepcopy(notebook.content)
    spoil(notebook.content.cells, notebook.content)
    assert notebook.content != cells, "the notebook is still whole"
    assert any(problem.endswith(f"[{rule}]") for problem in problems(notebook))


def test_every_rule_is_seen_to_fail():
    assert {rule.__name__ for rule in EVERY_NOTEBOOK + NUMBERED + TUTORIALS} == {
        name for name, _ in BROKEN
    }


@pytest.mark.parametrize(
    "text", ["0.5 of 2024-05-01", "β = 0.9 /time", "spikes/step", "see 10.1109/5.58356"]
)
def test_innocent_output_is_left_alone(text: str, tmp_path: Path):
    notebook = _good(tmp_path)
    _show(notebook.content.cells[3], text=text)
    assert problems(notebook) == []


def _good(folder: Path) -> Notebook:
    """Return a small tutorial that keeps every rule."""
    (folder / "glossary.md").write_text(
        "# Glossary\n\n## Terms\n\n### Spike\n\nAn event that is there (1) or not (0). 99 %\n"
    )
    start = nbformat.v4.new_markdown_cell("# 00 · Start\n\n**Time** 5 minutes")
    nbformat.write(nbformat.v4.new_notebook(cells=[start]), folder / "00_start_here.ipynb")
    text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    cells = [
        text("# 01 · Good\n\n**Time** 1 min · **Prerequisites** none\n\n**Objectives** pass"),
        code("import snnedu as snn\n\nprint('97 %')"),
        code("snn.check('01.1', 1)\nsnn.quiz('01')"),
        code("figure"),
        text(f"## Unsettled\n\nWho [spikes](glossary.md#Spike)? [Somebody]({DOI})"),
        code("measure(0.5)"),
        *[text("word " * (1500 if n == 0 else 1)) for n in range(25)],
        text("## Recap\n\nIt reached 97 %."),
        text("## Quiz"),
        text(f"## References\n\n- Eshraghian et al. 2023, {DOI}"),
        text("## Next\n\n[Start](00_start_here.ipynb). Rest."),
    ]
    content = nbformat.v4.new_notebook(cells=cells, metadata=copy.deepcopy(METADATA))
    _output(cells[1], "stream", name="stdout", text="97 %")
    _output(cells[3], "display_data", data={"image/png": PICTURE})
    cells[3].outputs[0].metadata = nbformat.from_dict({"image/png": {"alt": "A raster"}})
    _run(content)
    nbformat.write(content, folder / "01_good.ipynb")
    return _link(Notebook(folder / "01_good.ipynb", content))


def _link(notebook: Notebook) -> Notebook:
    """Write the links as `python -m tools.links` does."""
    sources = links.written(notebook.content, notebook.path)
    for cell, source in zip(notebook.content.cells, sources, strict=True):
        cell.source = source
    return notebook


def _run(content: NotebookNode) -> None:
    for count, cell in enumerate((c for c in content.cells if c.cell_type == "code"), start=1):
        cell.execution_count = count


def _swap(cell: NotebookNode, old: str, new: str) -> None:
    cell.source = cell.source.replace(old, new)


def _output(cell: NotebookNode, kind: str, **fields: object) -> None:
    cell.outputs.append(nbformat.v4.new_output(kind, **fields))


def _show(cell: NotebookNode, *, text: str = "", html: str = "") -> None:
    data = {"text/plain": text} | ({"text/html": html} if html else {})
    _output(cell, "display_data", data=data)


def _tag(cell: NotebookNode, tag: str) -> None:
    cell.metadata["tags"] = [tag]


def _uncompared_widget(cell: NotebookNode) -> None:
    _tag(cell, "nbval-ignore-output")
    _show(cell, text="VBox(children=())", html='<img src="data:," alt="A slider">')

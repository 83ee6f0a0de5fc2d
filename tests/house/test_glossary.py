"""One glossary for the course: its links lead somewhere, a term is linked where it first occurs.

It is Markdown, not a notebook: JupyterLab scrolls to a notebook's heading before that heading is
drawn, so that the first click on a link ended at the top of the page.
"""

import ast
import re
import shutil
from pathlib import Path

import nbformat
import pytest

from tools import links

pytestmark = pytest.mark.house
TUTORIALS = Path(__file__).parents[2] / "tutorials"
CHAPTERS = sorted(TUTORIALS.glob("0[1-9]*.ipynb")) + sorted(TUTORIALS.glob("[1-9]*.ipynb"))
# Words that also mean something plain; they are linked where the author finds it useful.
EVERYDAY = {"Exercise", "Gradient", "Loss", "Seed", "Spike", "Step"}
GREEK = {"α": "alpha", "β": "beta", "θ": "theta", "τ": "tau"}


def prose(path: Path) -> str:
    """Return what a reader reads: Markdown without headings, their links, code and formulas."""
    cells = nbformat.read(path, as_version=4).cells
    text = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
    text = text.partition("## References")[0]
    text = re.sub(r"^#.*$|^.*\]\(glossary\.md\) ·.*$|^.* · \[Glossary\].*$", "", text, flags=re.M)
    formulas = r"`[^`]*`|\$\$.*?\$\$|\$[^$]*\$"
    return re.sub(rf"{formulas}|https?:{links.NESTED}", "", text, flags=re.S)


def terms() -> dict[str, str]:
    """Return the terms with their anchors."""
    heads = re.findall(r"^### (.+)$", glossary(), re.M)
    return {head: head.replace(" ", "-") for head in heads}


def glossary() -> str:
    return (TUTORIALS / links.GLOSSARY).read_text(encoding="utf-8")


def pattern(term: str) -> str:
    """Return a regular expression for a term, its plural, or the short form in brackets."""
    name, _, short = term.partition(" (")
    words = re.escape(name).replace(r"\ ", r"\s+") + "s?"
    return rf"\b(?i:{words})\b" + (rf"|\b{re.escape(short.rstrip(')'))}s?\b" if short else "")


def unlinked(path: Path) -> list[str]:
    """Return the terms whose first occurrence is not within a link to the glossary."""
    text = prose(path)
    links = [m.span() for m in re.finditer(r"\[[^\]]*\]\(glossary\.(?:md|ipynb)#", text)]
    # Addresses are no prose; blanks in their place keep the positions.
    words = re.sub(r"\]\((?:[^()]|\([^)]*\))*\)", lambda m: "]" + " " * (len(m[0]) - 1), text)
    firsts = {term: re.search(pattern(term), words) for term in set(terms()) - EVERYDAY}
    return sorted(
        term
        for term, first in firsts.items()
        if first and not any(start <= first.start() < end for start, end in links)
    )


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_term_is_linked_where_it_first_occurs(path):
    assert len(prose(path)) > 3000
    assert unlinked(path) == []


@pytest.mark.parametrize("cited", ["[Ho](https://doi.org/1/x)", "([Ho](https://doi.org/1/a(2)b))"])
def test_a_term_after_a_citation_counts(cited, tmp_path):
    """The brackets after an address were once taken away with it, and the prose up to the next."""
    text = f"It fires {cited}. A raster shows it. (See [below](#x).)"
    cells = [nbformat.v4.new_markdown_cell(f"{text}\n\nA [raster](glossary.md#Raster).")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "1.ipynb")
    assert unlinked(tmp_path / "1.ipynb") == ["Raster"]


@pytest.mark.parametrize("path", sorted(TUTORIALS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_link_into_the_glossary_leads_to_a_term(path):
    assert links.unknown(nbformat.read(path, as_version=4), TUTORIALS) == []


def test_links_within_the_glossary_lead_to_a_term_or_section():
    sections = re.findall(r"^## (\w+)$", glossary(), re.M)
    anchors = re.findall(r"\]\(#((?:[^()]|\([^)]*\))+)\)", glossary())
    assert len(anchors) > 5
    assert set(anchors) <= {*terms().values(), *sections}


def test_every_term_has_a_text_that_fits_into_a_hover():
    texts = links.definitions(TUTORIALS)
    assert list(texts) == list(terms().values())
    for anchor, text in texts.items():
        assert 20 < len(text) <= 300, anchor
        assert not set(text) & set('"|$*`[]\\'), anchor  # would end the link, or its row of a table
        assert text.count("(") == text.count(")"), anchor


def test_links_are_written_once(tmp_path):
    for name in ("00_start_here.ipynb", "01_hello_spikes.ipynb", links.GLOSSARY):
        shutil.copy(TUTORIALS / name, tmp_path)
    path = tmp_path / "01_hello_spikes.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for _ in range(2):
        for cell, source in zip(notebook.cells, links.written(notebook, path), strict=True):
            cell.source = source
        text = "\n".join(cell.source for cell in notebook.cells)
        assert text.count("[← 00 · Start here](00_start_here.ipynb) · [Glossary]") == 1
        assert text.count('(glossary.md#Raster "A picture of spikes') == 1
        assert "glossary.ipynb" not in text


def test_a_row_takes_the_minutes_that_its_chapter_gives_itself(tmp_path):
    top = nbformat.v4.new_markdown_cell("# 02 · Leak\n\n**Time** 85 minutes · none")
    nbformat.write(nbformat.v4.new_notebook(cells=[top]), tmp_path / "02_leak.ipynb")
    badge = "HEAD?urlpath=lab/tree"
    readme = f"| 02 | [a](tutorials/02_leak.ipynb) | 60 | [b]({badge}/tutorials/02_leak.ipynb) |"
    assert links.rows(readme, tmp_path) == readme.replace("60", "85").replace(
        f"{badge}/tutorials", f"{badge}/my-course"
    )
    assert links.rows("| 02 | [a](02_leak.ipynb) | b | 60 min | ready |", tmp_path) == (
        "| 02 | [a](02_leak.ipynb) | b | 85 min | ready |"
    )
    planned = "| 08 | Objectives | losses | 50 min | planned |"
    assert links.rows(planned, tmp_path) == planned


def test_the_notation_names_what_the_code_calls_it():
    import snnedu as snn

    names = notation()

    lif = snn.Synaptic(0.9, 0.8)
    for symbol, attribute in (("β", "beta"), ("α", "alpha"), ("θ", "threshold")):
        assert names[symbol] == [attribute]
        assert hasattr(lif, attribute)
    assert lif.state_names == (*names["X"], *names["U"])


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_notebook_has_no_other_name_for_a_symbol(path):
    assert other_names(path) == set()


def test_a_symbol_or_an_outdated_name_counts_as_another_name(tmp_path):
    code = "U_rec = run(theta=15)\ndef step(I, mem): ...\nfor v_mem in cur_rec: S[0] = mem"
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), tmp_path / "1.ipynb"
    )
    assert other_names(tmp_path / "1.ipynb") == {"U_rec", "I", "v_mem", "S"}


def other_names(path: Path) -> set[str]:
    """Return the names of variables and arguments for which the notation has another one.

    `theta=15` in a call is a name that the author of that function chose.
    """
    named = {symbol: names for symbol, names in notation().items() if names}
    banned = {symbol for symbol, names in named.items() if symbol not in names} - {
        "h"
    }  # hidden, hour
    banned |= {spelled for symbol, spelled in GREEK.items() if spelled not in named[symbol]}
    banned |= {"membrane_potential", "vmem", "v_mem", "thresh", "vth", "spikes_rec"}
    cells = nbformat.read(path, as_version=4).cells
    trees = [ast.parse(cell.source) for cell in cells if cell.cell_type == "code"]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    used = {n.id for n in nodes if isinstance(n, ast.Name)}
    used |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    return {name for name in used if banned & {name.lower(), *re.split(r"_|\d+", name)}}


def notation() -> dict[str, list[str]]:
    """Return each symbol of the table, without its index, with its names in code."""
    table = re.findall(r"^\| (.+?) \| (.+?) \|", glossary(), re.M)
    return {
        re.sub(r"[\[(].*", "", symbol): re.findall(r"`(\w+)`", code)
        for symbols, code in table
        for symbol in symbols.split(", ")
    }

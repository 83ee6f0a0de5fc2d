"""One glossary for the course: its links lead somewhere, a term is linked where it first occurs."""

import re
from pathlib import Path

import nbformat
import pytest

TUTORIALS = Path(__file__).parent.parent / "tutorials"
CHAPTERS = sorted(TUTORIALS.glob("0[1-9]*.ipynb")) + sorted(TUTORIALS.glob("[1-9]*.ipynb"))
# Words that also mean something plain; they are linked where the author finds it useful.
EVERYDAY = {"Exercise", "Gradient", "Kernel", "Latency code", "Loss", "Rate code", "Reset", "Seed",
            "Step", "Batch", "Weight", "Threshold", "Spike", "Decay", "Encoder", "Epoch", "Raster",
            "Recurrent", "Axon"}  # fmt: skip


def prose(path: Path) -> str:
    """Return what a reader reads: Markdown without headings, code and formulas."""
    cells = nbformat.read(path, as_version=4).cells
    text = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
    text = text.partition("## References")[0]
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    return re.sub(r"`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|https?:\S+", "", text, flags=re.S)


def terms() -> dict[str, str]:
    """Return the terms with their anchors."""
    heads = re.findall(r"^### (.+)$", glossary(), re.M)
    return {head: head.replace(" ", "-") for head in heads}


def glossary() -> str:
    cells = nbformat.read(TUTORIALS / "glossary.ipynb", as_version=4).cells
    return "\n\n".join(cell.source for cell in cells)


def pattern(term: str) -> str:
    """Return a regular expression for a term, its plural, or the short form in brackets."""
    name, _, short = term.partition(" (")
    words = re.escape(name).replace(r"\ ", r"\s+") + "s?"
    return rf"\b(?i:{words})\b" + (rf"|\b{re.escape(short.rstrip(')'))}s?\b" if short else "")


def unlinked(path: Path) -> list[str]:
    """Return the terms whose first occurrence is not within a link to the glossary."""
    text = prose(path)
    links = [m.span() for m in re.finditer(r"\[[^\]]*\]\(glossary\.ipynb#", text)]
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


@pytest.mark.parametrize("path", sorted(TUTORIALS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_link_into_the_glossary_leads_to_a_term(path):
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    anchors = re.findall(r"\]\((?:glossary\.ipynb)?#((?:[^()]|\([^)]*\))+)\)", text)
    assert set(anchors) <= set(terms().values())


def test_the_notation_names_what_the_code_calls_it():
    table = re.findall(r"^\| (.+?) \| (.+?) \|", glossary(), re.M)
    names = {symbol: re.findall(r"`(\w+)`", code) for symbol, code in table}
    import snnedu as snn

    lif = snn.Synaptic(0.9, 0.8)
    for symbol, attribute in (("β", "beta"), ("α", "alpha"), ("θ", "threshold")):
        assert names[symbol] == [attribute]
        assert hasattr(lif, attribute)
    assert lif.state_names == (*names["X[t]"], *names["U[t]"])


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_notebook_has_no_other_name_for_a_symbol(path):
    cells = nbformat.read(path, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    for other in (
        "membrane_potential",
        "v_mem",
        "vmem",
        "u_rec",
        "s_rec",
        "spikes_rec",
        "thresh",
        "vth",
    ):
        assert not re.search(rf"\b{other}\b", code), f"the notation has another name for {other}"

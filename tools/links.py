"""Write what one place decides in all notebooks and in README. Nothing is executed.

    python -m tools.links        # after a chapter was added or renamed, or took another time

- Below each title: the way to the chapter before, to the glossary, to the chapter after, and to
  the chapter in other languages.
- Each link into the glossary leads to its term, and shows the term's sentence on hover.
- The minutes that a chapter gives itself stand in the map of 00 and in README's table.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).parent.parent
TUTORIALS = ROOT / "tutorials"
GLOSSARY = "glossary.md"
NESTED = r"(?:[^\s()]|\([^\s()]*\))+"  # an address may hold one pair of brackets
TO_GLOSSARY = re.compile(rf'\]\(glossary\.(?:md|ipynb)#({NESTED})(?:\s+"[^"]*")?\)')
WAY = re.compile(rf"\A(?:\[[^\]]*\]\({NESTED}\)[ ·]*)+\n\n")  # a paragraph of links alone
ROW = re.compile(r"^\| \d\d \| \[[^\]]*\]\((?:tutorials/)?(\d\d_\w+\.ipynb)\).*$", re.M)
MINUTES = re.compile(r"\*\*Time\*\* (\d+) minutes")


def main() -> int:
    """Write the links of every notebook and of README; return 1 if a term is missing."""
    missing = 0
    for path in sorted(TUTORIALS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for cell, source in zip(notebook.cells, written(notebook, path), strict=True):
            cell.source = source
        _replace(path, nbformat.writes(notebook) + "\n")
        for anchor in unknown(notebook, path.parent):
            missing += 1
            print(f"{path.name} links to {anchor}, which is no term of {GLOSSARY}.")
    readme = ROOT / "README.md"
    _replace(readme, rows(readme.read_text(encoding="utf-8"), TUTORIALS))
    return int(missing > 0)


def written(notebook: NotebookNode, path: Path) -> list[str]:
    """Return the sources of the cells with their links as they must be."""
    terms = definitions(path.parent)
    sources = [
        _with_hover(cell.source, terms) if cell.cell_type == "markdown" else cell.source
        for cell in notebook.cells
    ]
    if re.match(r"\d\d_", path.name):
        sources[0] = _with_way(sources[0], path)
    if path.name.startswith("00_"):
        sources = [rows(source, path.parent) for source in sources]
    return sources


def unknown(notebook: NotebookNode, folder: Path) -> list[str]:
    """Return the anchors that are linked and are no term."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return sorted(set(TO_GLOSSARY.findall(text)) - set(definitions(folder)))


def definitions(folder: Path) -> dict[str, str]:
    """Return each anchor of the glossary with its text, without marks."""
    if not (folder / GLOSSARY).exists():
        return {}
    text = (folder / GLOSSARY).read_text(encoding="utf-8").partition("\n## Terms\n")[2]
    terms = re.findall(r"^### (.+)\n\n(.+)$", text, re.M)
    return {head.replace(" ", "-"): _plain(body) for head, body in terms}


def rows(text: str, folder: Path) -> str:
    """Put the minutes of each chapter, and its Binder address, into the row that links to it."""

    def row(match: re.Match[str]) -> str:
        path = folder / match[1]
        time = MINUTES.search(_top(path)) if path.exists() else None
        number, line = match[0][:5], match[0][5:]
        if time:
            line = re.sub(r"\| \d+( min)? \|", rf"| {time[1]}\1 |", line)
        return number + line.replace("lab/tree/tutorials/", "lab/tree/my-course/")

    return ROW.sub(row, text)


def _with_hover(source: str, terms: dict[str, str]) -> str:
    def link(match: re.Match[str]) -> str:
        hover = terms.get(match[1])
        return f"]({GLOSSARY}#{match[1]}" + (f' "{hover}")' if hover else ")")

    return TO_GLOSSARY.sub(link, source)


def _plain(text: str) -> str:
    """Return what fits between the quotation marks of a link."""
    text = re.sub(rf"\[([^\]]*)\]\({NESTED}\)", r"\1", text)
    return text.replace("`", "").replace("**", "").replace('"', "'")


def _with_way(source: str, path: Path) -> str:
    """Put the links to the neighbors below the title."""
    title, _, rest = source.partition("\n\n")
    return f"{title}\n\n{_way(path)}\n\n{WAY.sub('', rest)}"


def _way(path: Path) -> str:
    names = [other.name for other in sorted(path.parent.glob("[0-9][0-9]_*.ipynb"))]
    place = names.index(path.name)
    before, after = names[max(place - 1, 0) : place], names[place + 1 : place + 2]
    links = [f"[← {_title(path.with_name(name))}]({name})" for name in before]
    links += [f"[Glossary]({GLOSSARY})"]
    links += [f"[{_title(path.with_name(name))} →]({name})" for name in after]
    links += [f"[{_language(code)}]({code}/{path.name})" for code in languages(path)]
    return " · ".join(links)


def languages(path: Path) -> list[str]:
    """Return the codes of the languages into which a chapter is translated."""
    return sorted(other.parent.name for other in path.parent.glob(f"??/{path.name}"))


def _language(code: str) -> str:
    """Return what a language calls itself."""
    from babel import Locale

    return str(Locale.parse(code).get_display_name(code)).capitalize()


def _title(path: Path) -> str:
    return _top(path).partition("\n")[0].removeprefix("# ")


def _top(path: Path) -> str:
    return nbformat.read(path, as_version=4).cells[0].source


def _replace(path: Path, text: str) -> None:
    if text != path.read_text(encoding="utf-8"):
        path.write_text(text, encoding="utf-8")
        print(f"{path.name}: changed")


if __name__ == "__main__":
    sys.exit(main())

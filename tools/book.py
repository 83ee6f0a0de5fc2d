"""Make the web book from the stored notebooks: static pages that ask nothing of the network.

    python -m tools.book [folder]      # build/book by default; open its index.html

Sphinx and MyST-NB make the pages. Before, the notebooks are laid out beside the pages of `book/`,
each as `tools.book_pages` changes it. Warnings of Sphinx stop the build.
"""

import os
import re
import shutil
import sys
import tempfile
from importlib.resources import as_file, files
from pathlib import Path
from unittest import mock

import nbformat

from snnedu.course import guide
from snnedu.course.check import withheld
from snnedu.course.exercise import titles
from snnedu.course.fields import Fields
from snnedu.widgets.explorer import Explorer
from tools import marks, recordings
from tools.book_pages import page
from tools.downloads import standing_alone

ROOT = Path(__file__).parents[1]
TUTORIALS = ROOT / "tutorials"
OUT = ROOT / "build" / "book"
PART = re.compile(r"\*\*(Part [^*]+)\*\*|\]\((\d\d_\w+)\.ipynb\)")


def main(arguments: list[str]) -> int:
    """Write the book; return Sphinx's exit status."""
    out = Path(*arguments) if arguments else OUT
    with tempfile.TemporaryDirectory(prefix="snnedu-book-") as temporary:
        source = Path(temporary) / "source"
        lay_out(source)
        return build(source, out)


def lay_out(source: Path) -> None:
    """Put into `source` what Sphinx reads: pages, changed notebooks, scripts, downloads."""
    shutil.copytree(
        ROOT / "book", source, ignore=shutil.ignore_patterns("recordings", "slides", "teachers.md")
    )
    shutil.copytree(TUTORIALS / "images", source / "images")
    shutil.copy(TUTORIALS / "glossary.md", source)
    (source / "extra" / "notebooks").mkdir(parents=True)
    notebooks = sorted(TUTORIALS.glob("*.ipynb"))
    # A new learner: no guess of whoever makes the book is in it.
    with (
        tempfile.TemporaryDirectory(prefix="snnedu-") as home,
        mock.patch.dict(os.environ, {"SNNEDU_DATA": home, "SNNEDU_LEARNER": "0"}),
    ):
        for path in notebooks:
            (source / "extra" / "notebooks" / path.name).write_bytes(standing_alone(path))
            changed = page(nbformat.read(path, as_version=4), path.name, recordings.stored(path))
            nbformat.write(changed, source / path.name)
    cover = (source / "index.md").read_text(encoding="utf-8")
    cover = re.sub(r"<!-- an explorer .* -->", lambda _: first_explorer(), cover)
    cover += contents([path.stem for path in notebooks])
    if not withheld():
        cover += _toctree("For teachers", ["teachers"])
        _teachers(source, [path.stem for path in notebooks])
    (source / "index.md").write_text(cover, encoding="utf-8")
    write_scripts(source / "static")


def _teachers(source: Path, notebooks: list[str]) -> None:
    """Add the instructor's guide, a page for each chapter, which only its cover page leads to.

    Neither the list of chapters nor the search has these pages: they hold the answers.
    """
    known = titles()
    lines = [f"- [{known[name[:2]]}](guide_{name[:2]}.md)" for name in notebooks]
    cover = (ROOT / "book" / "teachers.md").read_text(encoding="utf-8")
    text = "\n".join([cover, "## Guide to each chapter\n", *lines, ""])
    (source / "teachers.md").write_text(text, encoding="utf-8")
    for name in notebooks:
        number = name[:2]
        title, _, rest = guide.chapter(number, "#").partition("\n")
        title = title.replace("# ", f"{HIDDEN}# Guide to ")
        links = f"[For teachers](teachers.md) · [The chapter]({name}.ipynb)"
        text = f"{title}\n\n{links}\n{rest}"
        (source / f"guide_{number}.md").write_text(text, encoding="utf-8")


HIDDEN = "---\nnosearch: true\norphan: true\n---\n"


def build(source: Path, out: Path) -> int:
    """Run Sphinx; all warnings are shown, and any of them is a failure."""
    from sphinx.cmd.build import build_main

    jobs = str(min(4, os.cpu_count() or 1))
    shutil.rmtree(out, ignore_errors=True)
    options = ["--jobs", jobs, "--fail-on-warning", "--quiet"]
    status = build_main([*options, "-d", str(source / "doctrees"), str(source), str(out)])
    shutil.rmtree(out / "_sources", ignore_errors=True)  # MyST-NB's copies of the changed notebooks
    return status


def contents(chapters: list[str]) -> str:
    """Return the lists of chapters, in the parts that the map of 00 has."""
    tour = nbformat.read(TUTORIALS / "00_start_here.ipynb", as_version=4)
    parts, part = {}, ""
    for name, chapter in PART.findall(tour.cells[-1].source):
        part = name or part
        if chapter:
            parts.setdefault(chapter, part)  # its first link: a row of the map
    groups = {"Start": ["00_start_here"]}
    for chapter in chapters:
        if chapter != "00_start_here":
            groups.setdefault(parts.get(chapter, "More"), []).append(chapter)
    groups.setdefault("More", []).extend(["glossary", "places"])
    return "".join(_toctree(*group) for group in groups.items())


def first_explorer() -> str:
    """Return the first explorer of chapter 02 as it is stored: it runs by itself."""
    chapter = nbformat.read(TUTORIALS / "02_lif_neuron.ipynb", as_version=4)
    outputs = (output for cell in chapter.cells for output in cell.get("outputs", []))
    pieces = (output.get("data", {}).get("text/html", "") for output in outputs)
    return f"````{{raw}} html\n{next(p for p in pieces if 'standAlone(' in p)}\n````"


def anchor(title: str) -> str:
    """Return the anchor of a heading, as JupyterLab makes it."""
    return title.replace(" ", "-")


def _toctree(caption: str, names: list[str]) -> str:
    lines = "\n".join(names)
    return f"\n```{{toctree}}\n:caption: {caption}\n:maxdepth: 1\n\n{lines}\n```\n"


def write_scripts(static: Path) -> None:
    """Add MathJax and the views of the course's widgets."""
    _write_view(static / "fields.js", "renderFields", str(Fields._esm))
    _write_view(static / "explorer.js", "renderExplorer", str(Explorer._esm))
    styles = [str(Fields._css), str(Explorer._css), marks.style()]
    (static / "widgets.css").write_text("".join(styles), encoding="utf-8")
    (static / "mathjax").mkdir()
    for name in ("es5/tex-svg-full.js", "LICENSE"):
        with as_file(files("mathjax") / "static" / "mathjax" / name) as file:
            shutil.copy(file, static / "mathjax")


def _write_view(path: Path, name: str, module: str) -> None:
    """Write a view as a plain script: a page from disk loads no modules."""
    plain = module.replace("export default { render };", "return render;")
    plain = re.sub(r"^export ", "", plain, flags=re.MULTILINE)
    path.write_text(f"const {name} = (() => {{\n{plain}}})();\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

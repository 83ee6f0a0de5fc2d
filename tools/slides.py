"""Make slides from the stored notebooks: pages of reveal.js that ask nothing of the network.

    python -m tools.slides [02 07]      # all chapters by default, into build/slides

nbconvert writes the pages from what `tools.slide_rules` makes of a page of the web book, with the
template of `book/slides/`. Explorers, predictions and quizzes answer as they do in the book. The
files of reveal.js come from the package sphinx-revealjs, which ships them as they are.
"""

import os
import re
import shutil
import sys
import tempfile
from html import escape
from importlib.resources import as_file, files
from pathlib import Path
from unittest import mock

import nbformat
from nbconvert.exporters import SlidesExporter
from traitlets.config import Config

from snnedu.app.workspace import named
from tools import recordings
from tools.book import ROOT, TUTORIALS, write_scripts
from tools.book_pages import page
from tools.slide_rules import SHOWN, slides

OUT = ROOT / "build" / "slides"
STYLE = ROOT / "book" / "slides"


def main(names: list[str], out: Path = OUT) -> int:
    """Write the slides of some chapters, or of all, and a page that lists them."""
    chosen = [TUTORIALS / named(name) for name in names] or sorted(TUTORIALS.glob("*.ipynb"))
    shutil.rmtree(out, ignore_errors=True)
    lay_out(out)
    titles = {path.stem: write(path, out) for path in chosen}
    lines = "".join(f'<li><a href="{name}.html">{escape(t)}</a></li>' for name, t in titles.items())
    (out / "index.html").write_text(LIST.format(lines), encoding="utf-8")
    print(f"Written: slides of {len(titles)} chapters. Open {out / 'index.html'}")
    return 0


LIST = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Slides</title></head>
<body style="font: 20px/1.6 sans-serif; max-width: 40em; margin: 2em auto">
<h1>Slides</h1><p>Arrow keys lead on, Escape shows all slides, S opens the speaker's view.</p>
<ul>{}</ul></body></html>
"""


def lay_out(out: Path) -> None:
    """Put beside the pages what they load: reveal.js, MathJax, the widgets, pictures."""
    static = out / "static"
    static.mkdir(parents=True)
    write_scripts(static)
    for name in ("slides.css", "slides.js"):
        shutil.copy(STYLE / name, static)
    shutil.copy(ROOT / "book" / "static" / "book.js", static)
    shutil.copytree(TUTORIALS / "images", out / "images")
    with as_file(files("sphinx_revealjs") / "_static" / "revealjs") as reveal:
        for name in ("dist/reveal.js", "dist/reveal.css", "dist/theme/white.css",
                     "plugin/notes/notes.js", "LICENSE"):  # fmt: skip
            (static / "reveal" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(reveal / name, static / "reveal" / name)
    theme = static / "reveal" / "dist" / "theme" / "white.css"  # without its font of 2 MB
    theme.write_text(re.sub(r"@import [^;]*;", "", theme.read_text("utf-8")), encoding="utf-8")


def write(path: Path, out: Path) -> str:
    """Write the slides of one notebook; return its title."""
    notebook = nbformat.read(path, as_version=4)
    title = notebook.cells[0].source.partition("\n")[0].removeprefix("# ")
    with (  # a new learner: no guess of whoever makes the slides is in them
        tempfile.TemporaryDirectory(prefix="snnedu-") as home,
        mock.patch.dict(os.environ, {"SNNEDU_DATA": home, "SNNEDU_LEARNER": "0"}),
    ):
        made = slides(page(notebook, path.name, recordings.stored(path)))
    made.metadata["title"] = title
    made.metadata.pop("widgets", None)
    text, _ = exporter().from_notebook_node(made)
    (out / f"{path.stem}.html").write_text(text, encoding="utf-8")
    return title


def exporter() -> SlidesExporter:
    """Return nbconvert's exporter with our template and without prompts."""
    settings = Config()
    settings.SlidesExporter.reveal_url_prefix = "static/reveal"
    settings.SlidesExporter.reveal_theme = "white"
    settings.TagRemovePreprocessor.enabled = True
    settings.TagRemovePreprocessor.remove_input_tags = {SHOWN}
    made = SlidesExporter(
        config=settings, template_name="slides", extra_template_basedirs=[str(ROOT / "book")]
    )
    made.exclude_input_prompt = made.exclude_output_prompt = True
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

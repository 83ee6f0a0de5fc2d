"""What the web book offers for download: notebooks that also run where the course is missing.

In VS Code, on Colab or in a Jupyter of one's own, a notebook lies alone: its first cell installs
the course, and its pictures and links lead to the web. Nobody writes that cell into 25 notebooks.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from snnedu.app.workspace import cleared
from tools.make import CPU_WHEELS

ROOT = Path(__file__).parents[1]
HOME = "https://github.com/snnedu/snnedu"
ARCHIVE = f"{HOME}/archive/HEAD.zip"  # pip needs no git for it
RAW = "https://raw.githubusercontent.com/snnedu/snnedu/HEAD/tutorials"
THERE = ("jupyterlab", "ipywidgets")  # what opened the notebook brings its own
TARGET = re.compile(r"(!?)(\[[^\]]*\])\((?!https?:|#)([^)\s]+)")
INSTALL = """\
# This cell installs the course where it is missing: in VS Code, on Colab, in a Jupyter of your own.
# That needs a network and some minutes, most of them for PyTorch. Elsewhere it does nothing.
from importlib.util import find_spec

if find_spec("snnedu") is None:
    %pip install --quiet --extra-index-url {wheels} {packages}
    print("The course is installed. Run the next cell.")"""


def standing_alone(path: Path) -> bytes:
    """Return a notebook without outputs that installs what it needs and links to the web."""
    notebook = json.loads(cleared(path))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = TARGET.sub(_to_the_web, "".join(cell["source"]))
    cells = notebook["cells"]
    notebook["metadata"]["title"] = _title(cells[0])
    source = INSTALL.format(wheels=CPU_WHEELS, packages=" ".join(packages()))
    first = next((n for n, cell in enumerate(cells) if cell["cell_type"] == "code"), len(cells))
    install = {"cell_type": "code", "id": "install", "metadata": {}, "outputs": []}
    cells.insert(first, {**install, "execution_count": None, "source": source})
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def packages() -> list[str]:
    """Return what pip must install, quoted: the extra `course`, but not another Jupyter."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own, *others = project["optional-dependencies"]["course"]
    kept = [need for need in others if not need.startswith(THERE)]
    return [f'"{need}"' for need in (f"{own} @ {ARCHIVE}", *kept)]


def _title(cell: dict[str, Any]) -> str:
    """Return what stands in the first line: the title of the page that Jupyter exports."""
    return "".join(cell["source"]).partition("\n")[0].removeprefix("# ")


def _to_the_web(link: re.Match[str]) -> str:
    """Return a link or a picture with the address that it has on the web."""
    picture, text, target = link.groups()
    return f"{picture}{text}({RAW if picture else f'{HOME}/blob/HEAD/tutorials'}/{target}"

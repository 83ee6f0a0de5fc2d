"""Run some cells of a chapter as a learner's kernel would, with her own answers and changes."""

from pathlib import Path
from typing import Any

import nbformat
from matplotlib import pyplot as plt

TUTORIALS = Path(__file__).parents[2] / "tutorials"


def run_cells(chapter: str, ids: str, changes: dict[str, str] | None = None, **names: Any) -> dict:
    """Run the code cells with these ids (between blanks) in order, and return all names.

    Each text in `changes` is replaced; it must be there. `names` is what earlier cells define.
    """
    (path,) = TUTORIALS.glob(f"{chapter}_*.ipynb")
    cells = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}
    source = "\n\n".join(cells[name] for name in ids.split())
    for old, new in (changes or {}).items():
        assert old in source
        source = source.replace(old, new)
    exec(source, names)
    plt.close("all")
    return names

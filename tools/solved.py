"""Write copies of the tutorials in which every exercise is solved, to be run like the originals.

    python -m tools.solved FOLDER

A cell with the tag `exercise:02.1` ends with `name = snn.check("02.1", name)`. What stands above
that line, the stub, is replaced by the reference solution.
"""

import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from snnedu.course.exercise import exercise, tagged

TUTORIALS = Path(__file__).parent.parent / "tutorials"


def main(arguments: list[str]) -> int:
    """Write the solved copies into the folder named on the command line; return 2 without one."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(TUTORIALS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        count = solve(notebook)
        nbformat.write(notebook, folder / path.name)
        print(f"{path.name}: {count} exercises solved")
    return 0


def solve(notebook: NotebookNode) -> int:
    """Put the solutions in; return how many. What the cells print then is not compared."""
    solved = 0
    for cell in notebook.cells:
        asked = tagged(cell.metadata.get("tags", []))
        if asked:
            cell.source = _filled(cell.source, asked[0])
            cell.metadata["tags"] = ["nbval-ignore-output"]
            solved += 1
    return solved


def _filled(source: str, number: str) -> str:
    check = [line for line in source.splitlines() if f'snn.check("{number}"' in line]
    if len(check) != 1:
        raise ValueError(
            f'The cell of exercise {number} needs one line with `snn.check("{number}", ...)`. '
            f"Found {len(check)}."
        )
    return f'{exercise(number).code()}\n\n\n{check[0]}\nassert "{number}" in snn.solved()'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

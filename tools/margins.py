"""Execute notebooks under other threads and processors: does what they assert hold with a margin?

    python -m tools.margins [NAME ...]          # all of tutorials/ without a name

Training magnifies rounding, so that the number of threads and the vector instructions of a
processor change the results a little. For each notebook this prints

- every comparison that an `assert` makes, with its two sides under each setting, and the margin:
  the distance to the bound, in units of the spread between the settings. `THIN` is a margin
  below 2: bound and effect are too close, a machine of another kind may break them;
- cells that raise;
- text that nbval compares and that differs; and digits in the prose that a setting does not print.

It exits with 1 if there is any of these. It takes four times as long as the notebooks.
"""

import ast
import json
import math
import operator
import os
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from itertools import zip_longest
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
from nbformat import NotebookNode

from tools.notebooks import TUTORIALS, clean, execute, find

ROOT = Path(__file__).parent.parent
SETTINGS = {  # threads, further environment
    "1 thread": (1, {}),
    "2 threads": (2, {}),
    "4 threads": (4, {}),
    "no AVX": (2, {"ATEN_CPU_CAPABILITY": "default"}),
}
THIN = 2.0
FINE = "       "  # what a line starts with that needs no look
COMPARE: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}
BY_SIGN = dict(COMPARE.values())
START = "import sys; sys.path.insert(0, {root!r}); import tools.margins as _m; _m.watch({log!r})"
Sides = tuple[float, float]  # the smaller side and the larger one, as the assert wants them
Comparison = tuple[str, str, int]  # its text, the sign, the how many-th time that it ran


def main(names: list[str]) -> int:
    """Report on the named notebooks, or all; return 1 if anything needs a look."""
    paths = [find(name) for name in names] or sorted(TUTORIALS.glob("*.ipynb"))
    found = 0
    for path in paths:
        print(f"\n=== {path.name} ===", flush=True)
        runs = {name: run(path, *setting) for name, setting in SETTINGS.items()}
        logs = {name: log for name, (_, log) in runs.items()}
        for line in [*margins(logs), *problems(path, runs)]:
            print(line, flush=True)
            found += not line.startswith(FINE)
    return int(found > 0)


def run(path: Path, threads: int, extra: dict[str, str]) -> tuple[NotebookNode, list[list[Any]]]:
    """Execute a notebook under one setting; return it, and what its asserts compared."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, extra):
        log = Path(folder) / "compared"
        log.touch()
        start = nbformat.v4.new_code_cell(START.format(root=str(ROOT), log=str(log)))
        notebook.cells.insert(0, start)
        execute(notebook, path.parent, threads, allow_errors=True)
        del notebook.cells[0]
        clean(notebook)
        return notebook, [json.loads(line) for line in log.read_text().splitlines()]


# ---------------------------------------------------------------- inside the kernel


def watch(log: str) -> None:
    """Have every comparison of every assert in the cells to come written to a file."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    assert shell is not None, "`watch` is for a kernel."
    shell.ast_transformers.append(_Asserts())
    shell.user_ns["_compared"] = lambda *given: compared(Path(log), *given)


class _Asserts(ast.NodeTransformer):
    """Turns `assert a < b` into `assert _compared("a < b", a, "<", b)`."""

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        node.test = ast.fix_missing_locations(_Comparisons().visit(node.test))
        return node


class _Comparisons(ast.NodeTransformer):
    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        if not all(type(sign) in COMPARE for sign in node.ops):
            return node
        given: list[ast.expr] = [ast.Constant(ast.unparse(node)), node.left]
        for sign, right in zip(node.ops, node.comparators, strict=True):
            given += [ast.Constant(COMPARE[type(sign)][0]), right]
        return ast.Call(ast.Name("_compared", ast.Load()), given, [])


def compared(log: Path, text: str, *given: Any) -> Any:
    """Compare as Python does, `a < b < c`; note the two sides of each sign."""
    result = True
    for left, sign, right in zip(given[::2], given[1::2], given[2::2], strict=False):
        _note(log, text, left, sign, right)
        result = result and BY_SIGN[sign](left, right)
    return result


def _note(log: Path, text: str, left: Any, sign: str, right: Any) -> None:
    smaller, larger = (left, right) if sign[0] == "<" else (right, left)
    row = [text, sign, *_closest(smaller, larger)]
    with log.open("a") as file:
        file.write(json.dumps(row) + "\n")


def _closest(smaller: Any, larger: Any) -> Sides:
    """Return the two numbers, or of two tensors the pair with the least room."""
    import torch

    small, large = torch.broadcast_tensors(
        torch.as_tensor(smaller).double(), torch.as_tensor(larger).double()
    )
    least = (large - small).argmin()
    return small.flatten()[least].item(), large.flatten()[least].item()


# ---------------------------------------------------------------- the report


def margins(logs: dict[str, list[list[Any]]]) -> Iterator[str]:
    """Yield a line for every comparison: its sides under each setting, and the margin."""
    for (text, sign, nth), sides in _by_comparison(logs).items():
        room = [large - small for small, large in sides.values()]
        spread = max(room) - min(room)
        margin = math.inf if spread == 0 else min(room) / spread
        values = "  ".join(f"{small:.4g} < {large:.4g}" for small, large in sides.values())
        thin = margin < THIN or min(room) < 0 or len(room) < len(logs)
        word = "THIN   " if thin else FINE
        yield f"{word}{text}  [{sign}, run {nth}]: {values}  margin {margin:.1f}"


def _by_comparison(logs: dict[str, list[list[Any]]]) -> dict[Comparison, dict[str, Sides]]:
    found: dict[Comparison, dict[str, Sides]] = {}
    for name, log in logs.items():
        count: dict[tuple[str, str], int] = defaultdict(int)
        for text, sign, small, large in log:
            count[text, sign] += 1
            found.setdefault((text, sign, count[text, sign]), {})[name] = small, large
    return found


def problems(path: Path, runs: dict[str, tuple[NotebookNode, list[list[Any]]]]) -> Iterator[str]:
    """Yield cells that raise, text that differs, and digits in the prose that are not shown."""
    from tests.notebook_lint import Notebook, prose_numbers_are_shown

    stored = nbformat.read(path, as_version=4)
    for name, (notebook, _) in runs.items():
        for number, (cell, old) in enumerate(zip(notebook.cells, stored.cells, strict=True), 1):
            if cell.cell_type != "code":
                continue
            yield from (f"RAISES cell {number}, {name}: {e}" for e in _errors(cell))
            if "nbval-ignore-output" not in cell.metadata.get("tags", []):
                yield from (f"TEXT   cell {number}, {name}: {d}" for d in _differences(old, cell))
        shown = prose_numbers_are_shown(Notebook(path, notebook))
        yield from (f"PROSE  {name}: {problem}" for problem in shown)


def _errors(cell: NotebookNode) -> Iterator[str]:
    for output in cell.outputs:
        if output.output_type == "error":
            yield f"{output.ename}: {output.evalue}"


def _differences(stored: NotebookNode, cell: NotebookNode) -> Iterator[str]:
    rules = ConfigParser(interpolation=None)
    rules.read(ROOT / "tests" / "nbval.cfg", encoding="utf-8")
    old, new = (_text(c, rules).splitlines() for c in (stored, cell))
    for a, b in zip_longest(old, new, fillvalue="no such line"):
        if a != b:
            yield f"{a[:100]!r} is stored, {b[:100]!r} came"


def _text(cell: NotebookNode, rules: ConfigParser) -> str:
    """Return what a cell says, as nbval compares it."""
    said = [o.get("text", "") or o.get("data", {}).get("text/html", "") for o in cell.outputs]
    text = "\n".join(said)
    for section in rules.sections():
        text = re.sub(rules[section]["regex"], rules[section]["replace"], text)
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

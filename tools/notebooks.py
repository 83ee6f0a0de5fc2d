"""Execute the tutorials again, in place, so that what is stored is what their code gives today.

    python -m tools.notebooks [NAME ...]        # all of tutorials/ without a name

A second run changes no byte: whatever differs from run to run (versions, times, the random ids of
widgets) is left out. Without a kernel, a reader sees a widget's static picture instead.
"""

import copy
import os
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import nbformat
from nbformat import NotebookNode

TUTORIALS = Path(__file__).parent.parent / "tutorials"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
KEPT_CELL_METADATA = {"jupyter", "tags", "translates"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
CELL_TIMEOUT = 1200  # seconds: only a hang takes so long, however busy the machine is
THREADS = 2  # of the kernel whose outputs are stored; `make test` runs with others


def main(names: list[str]) -> int:
    """Execute the named notebooks, or all; return 1 if one raises."""
    paths = [find(name) for name in names] or every()
    failed = 0
    for path in paths:
        start = time.monotonic()
        try:
            changed = renew(path)
        except Exception as error:  # whatever a cell raised: report it and continue
            failed += 1
            print(f"{path.name}: FAILED, left as it was.\n{error}", file=sys.stderr)
        else:
            word = "changed" if changed else "unchanged"
            print(f"{path.name}: {word} ({time.monotonic() - start:.0f} s)", flush=True)
    return int(failed > 0)


def every() -> list[Path]:
    """Return all notebooks, translations (`de/00_start_here.ipynb`) last."""
    return [*sorted(TUTORIALS.glob("*.ipynb")), *sorted(TUTORIALS.glob("??/*.ipynb"))]


def find(name: str) -> Path:
    """Return the notebook of that path, or the one whose name starts so: `01`."""
    found = [Path(name)] if Path(name).exists() else sorted(TUTORIALS.glob(f"{name}*.ipynb"))
    if not found:
        known = ", ".join(path.stem for path in sorted(TUTORIALS.glob("*.ipynb")))
        raise SystemExit(f"No notebook is called {name!r}. There are: {known}.")
    return found[0]


def renew(path: Path) -> bool:
    """Execute one notebook in a fresh kernel and store it; return whether the file changed."""
    before = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(before, as_version=4)
    execute(notebook, path.parent)
    clean(notebook)
    nbformat.validate(notebook)
    after = nbformat.writes(notebook) + "\n"
    if after != before:
        path.write_text(after, encoding="utf-8")
    return after != before


def execute(
    notebook: NotebookNode, folder: Path, threads: int = THREADS, *, allow_errors: bool = False
) -> None:
    """Run all cells in a fresh kernel, that of a new learner; raise what a cell raises."""
    from nbclient import NotebookClient

    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        allow_errors=allow_errors,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
    )
    client.comm_open_handlers.clear()  # what `interact` draws becomes a picture of the cell
    with (
        tempfile.TemporaryDirectory(prefix="snnedu-") as home,
        mock.patch.dict(os.environ, kernel_environment(home, threads), clear=True),
    ):
        client.execute()


def kernel_environment(home: str, threads: int = THREADS) -> dict[str, str]:
    """Return the environment for a kernel of a new learner, whose progress is kept in `home`.

    Her variants of the exercises are always the same. The rest is as `snnedu lab` sets it.
    """
    from snnedu.app.cli import FOR_KERNELS  # not at the top: the form is checked without snnedu

    # A kernel draws into the notebook unless the environment names another backend.
    left_out = ("MPLBACKEND", "SNNEDU_LANG")  # a notebook's language is its own
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    ours = {**FOR_KERNELS, "OMP_NUM_THREADS": str(threads)}
    return {**kept, **ours, "SNNEDU_DATA": home, "SNNEDU_LEARNER": "0"}


def clean(notebook: NotebookNode) -> None:
    """Leave out what differs from run to run."""
    notebook.metadata = nbformat.from_dict(copy.deepcopy(METADATA))
    for cell in notebook.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in KEPT_CELL_METADATA}
        if cell.cell_type == "code":
            cell.outputs = _joined([o for o in cell.outputs if not _is_sliders(o)])
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET_VIEW, None)


def _is_sliders(output: NotebookNode) -> bool:
    """Tell the sliders of `interact`, which are a line of code where no kernel runs."""
    return output.get("data", {}).get("text/plain", "").startswith("interactive(")


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join what was printed in pieces: where it is cut depends on the speed of the machine."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

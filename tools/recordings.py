"""Record what explorers that run Python answer, for the web book, which has no Python.

    python -m tools.recordings 01 07      # executes these notebooks; writes book/recordings/*.json

An explorer is asked at every position of its sliders, or at every second, third, … where there are
too many, or where the recording would be too large for a page; the dashboard of a training after
each epoch. A recording belongs to the code up to its cell: once that has changed, the book shows
the picture again until it is recorded anew.
"""

import base64
import gzip
import hashlib
import json
import math
import sys
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode

from snnedu.widgets.dashboard import Dashboard
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Slider
from tools.notebooks import execute, find

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "book" / "recordings"
MIME = "application/vnd.snnedu.recording+json"
MOST = 11_000  # positions of all controls together
FEWEST = 60  # with fewer positions a recording says little: the picture stays
LARGEST = 300_000  # bytes of one recording: a phone loads them all with its page
DRAWN = 50  # an array of more numbers is only drawn; fewer may be told as text
START = f"""import sys
sys.path.insert(0, {str(ROOT)!r})
from tools import recordings
recordings.start()"""


def main(names: list[str]) -> int:
    """Execute the named notebooks; write what their explorers answer."""
    FOLDER.mkdir(exist_ok=True)
    for path in map(find, names):
        notebook = nbformat.read(path, as_version=4)
        del notebook.cells[last(notebook) + 1 :]
        digests = [digest(notebook, number) for number in range(len(notebook.cells))]
        notebook.cells.insert(0, nbformat.v4.new_code_cell(START))
        execute(notebook, path.parent)
        found = {
            mark: output.data[MIME]
            for mark, cell in zip(digests, notebook.cells[1:], strict=True)
            for output in cell.get("outputs", [])
            if MIME in output.get("data", {})
        }
        text = json.dumps(found, ensure_ascii=False, indent=0)
        (FOLDER / f"{path.stem}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{path.stem}: {len(found)} recordings, {len(text) / 1000:.0f} kB", flush=True)
    return 0


def stored(path: Path) -> dict[str, Any]:
    """Return the recordings of a notebook by the digests of their cells; {} if there are none."""
    file = FOLDER / f"{path.stem}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def last(notebook: NotebookNode) -> int:
    """Return the number of the last cell whose stored output is a widget that runs Python."""
    outputs = [
        (number, output.get("data", {}))
        for number, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
    ]
    return max((number for number, data in outputs if runs_python(data)), default=-1)


def runs_python(data: Mapping[str, str]) -> bool:
    """Tell from a stored output whether it is an explorer or a dashboard that needs Python."""
    is_widget = data.get("text/plain", "").startswith(("Explorer(", "Dashboard("))
    return is_widget and "<script>" not in data["text/html"]


def digest(notebook: NotebookNode, number: int) -> str:
    """Return a short text that changes with the code up to a cell."""
    cells = notebook.cells[: number + 1]
    code = "\0".join(cell.source for cell in cells if cell.cell_type == "code")
    return f"{number}-{hashlib.sha256(code.encode()).hexdigest()[:12]}"


def start() -> None:
    """Let every explorer of this kernel store its recording beside its picture."""
    plain = Explorer._repr_mimebundle_

    def with_recording(self: Explorer, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = plain(self, **options)
        wanted = self._spec["model"] is None and "text/html" in data
        found = record(self) if wanted else None
        return ({**data, MIME: found} if found else data), metadata

    Explorer._repr_mimebundle_ = with_recording


def record(explorer: Explorer) -> dict[str, Any] | None:
    """Return all that the view of an explorer needs, and the answers to its positions.

    As many positions as LARGEST has room for, MOST at the most; `None` if that is too few.
    """
    shown = replay(explorer) if isinstance(explorer, Dashboard) else explorer
    few = _recorded(shown, 3 * FEWEST)  # they tell how much room the others need
    if not few["fewer"] and _size(few) <= LARGEST:
        return few
    most = min(MOST, 3 * FEWEST * LARGEST // _size(few))
    while most >= FEWEST:
        recording = _recorded(shown, most)
        if _size(recording) <= LARGEST:
            return recording
        most = most * 4 // 5
    return None


def _recorded(explorer: Explorer, most: int) -> dict[str, Any]:
    controls = thinned(explorer.controls, most)
    names = [control.name for control in explorer.controls]
    answers = (
        explorer._try(dict(zip(names, position, strict=True)))
        for position in product(*(values for values, _ in controls))
    )
    described = [
        {**told, **changed}
        for told, (_, changed) in zip(explorer._spec["controls"], controls, strict=True)
    ]
    spec = {**explorer._spec, "controls": described, "stop": False}
    fewer = any(changed for _, changed in controls)
    return {"spec": spec, "values": explorer.values, "fewer": fewer, **packed(answers)}


def _size(recording: dict[str, Any]) -> int:
    return len(json.dumps(recording))


def thinned(
    controls: Iterable[Slider | Choice], most: int = MOST
) -> list[tuple[list[Any], dict[str, Any]]]:
    """Return the positions of each control, `most` in all, and what changes in its description."""
    controls = list(controls)
    strides = [1] * len(controls)
    while math.prod(map(len, map(_positions, controls, strides))) > most:
        counts = [
            len(_positions(control, stride)) if isinstance(control, Slider) else 0
            for control, stride in zip(controls, strides, strict=True)
        ]
        if max(counts) < 2:  # only sliders have positions to leave out
            break
        strides[counts.index(max(counts))] += 1
    return [
        (values, _changed(control, stride, values))
        for control, stride in zip(controls, strides, strict=True)
        for values in [_positions(control, stride)]
    ]


def _positions(control: Slider | Choice, stride: int) -> list[Any]:
    """Return each `stride`-th position of a control, the first value among them."""
    if isinstance(control, Choice):
        return list(control.options)
    assert control.value is not None  # set by Slider itself
    count = round((control.max - control.min) / control.step)
    first = round((control.value - control.min) / control.step) % stride
    steps = range(first, count + 1, stride)
    return [control.clean(round(control.min + n * control.step, control.digits)) for n in steps]


def _changed(control: Slider | Choice, stride: int, values: list[Any]) -> dict[str, Any]:
    if isinstance(control, Choice) or stride == 1:
        return {}
    return {
        "min": values[0],
        "max": values[-1],
        "step": round(stride * control.step, control.digits),
    }


def packed(answers: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return answers as two compressed texts: what they are, and their numbers, each array once."""
    known: dict[bytes, int] = {}
    index, size, parts = [], 0, []
    for answer in answers:
        arrays = []
        for (name, shape), raw in zip(
            answer.get("arrays", []), answer.get("buffers", []), strict=True
        ):
            if raw not in known:
                known[raw], size = size, size + len(raw)
                numbers = np.frombuffer(raw, np.float32)
                parts.append(_rounded(numbers) if numbers.size > DRAWN else numbers)
            arrays.append([name, shape, known[raw]])
        index.append([arrays, answer.get("texts", {}), answer.get("error", "")])
    numbers = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    # All first bytes, then all second ones, …: what is alike stands side by side.
    planes = numbers.view(np.uint8).reshape(-1, 4).T.tobytes()
    texts = {"index": json.dumps(index, separators=(",", ":")).encode(), "planes": planes}
    return {
        name: base64.b64encode(gzip.compress(raw, mtime=0)).decode() for name, raw in texts.items()
    }


def _rounded(numbers: np.ndarray) -> np.ndarray:
    """Return float32 numbers with 12 of their 24 binary digits: none can be told on a screen."""
    bits = numbers.view(np.uint32).astype(np.uint64) + 0x800
    return (bits & 0xFFFFF000).astype(np.uint32).view(np.float32)


def replay(dashboard: Dashboard) -> Explorer:
    """Return an explorer of a finished training: a slider goes through its epochs."""
    reports = dashboard._reports
    epochs = reports[-1].epoch if reports else 2

    def upto(epoch: int) -> dict[str, Any]:
        dashboard._reports = [report for report in reports if report.epoch <= epoch]
        try:
            curves = dashboard._curves()
        finally:
            dashboard._reports = reports
        return {**curves, "note": curves["note"] if epoch == epochs else ""}

    return Explorer(
        lambda epoch: upto(epoch),  # without a name that could be shown as code to copy
        [Slider("epoch", 1, epochs, 1, value=epochs, label="up to epoch")],
        dashboard.panels,
        title=dashboard.title,
        columns=dashboard.columns,
        outcome=dashboard.outcome,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

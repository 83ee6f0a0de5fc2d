"""What explorers that run Python answer is recorded for the book: all, or as much as fits."""

import base64
import gzip
import json
from itertools import pairwise
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from hypothesis import given, strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from snnedu.core.training import Report
from snnedu.widgets.dashboard import Dashboard
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Bars, Choice, Slider
from tools import book, recordings

pytestmark = pytest.mark.house
CONTROLS = [
    Slider("a", 0, 4, 1, value=3),
    Choice("kind", ("up", "down")),
    Slider("b", 0.0, 1.0, 0.5),
]


def double(a: int, kind: str, b: float) -> dict:
    if a == 4:
        raise ValueError("four is too many")
    return {"x": [2.0 * a, b], "kind_was": kind}


def unpacked(recording: dict) -> list[tuple[dict, str]]:
    """Return the answers as the page reads them: arrays and texts by name, and the error."""
    index, planes = (gzip.decompress(base64.b64decode(recording[k])) for k in ("index", "planes"))
    numbers = np.frombuffer(planes, np.uint8).reshape(4, -1).T.copy().view(np.float32).ravel()
    answers = []
    for arrays, texts, error in json.loads(index):
        cut = {n: numbers[at // 4 : at // 4 + int(np.prod(s))].reshape(s) for n, s, at in arrays}
        answers.append(({**cut, **texts}, error))
    return answers


def test_every_position_is_recorded_the_last_control_changing_first():
    answers = unpacked(recordings.record(Explorer(double, CONTROLS, [Bars("x")])))
    positions = [(a, kind, b) for a in range(5) for kind in ("up", "down") for b in (0.0, 0.5, 1.0)]
    assert len(answers) == len(positions)
    for (a, kind, b), (outputs, error) in zip(positions, answers, strict=True):
        if a == 4:
            assert "four is too many" in error
        else:
            assert outputs["x"].tolist() == [2 * a, b]
            assert outputs["kind_was"] == kind


@given(count=st.integers(2, 3000), start=st.integers(0, 3000), other=st.integers(1, 900))
def test_thinned_sliders_keep_their_first_value_and_fit(count, start, other):
    start = min(start, count)
    sliders = [Slider("n", 0, count, 1, value=start), Slider("m", 0, other, 1, value=0)]
    (values, changed), (others, _) = recordings.thinned(sliders)
    assert len(values) * len(others) <= recordings.MOST
    assert start in values
    steps = {b - a for a, b in pairwise(values)}
    if changed:
        assert (changed["min"], changed["max"]) == (values[0], values[-1])
        assert steps <= {changed["step"]}
    else:
        assert values == list(range(count + 1))


def test_a_recording_says_whether_it_has_fewer_positions(monkeypatch):
    explorer = Explorer(double, CONTROLS, [Bars("x")])
    assert not recordings.record(explorer)["fewer"]
    monkeypatch.setattr(recordings, "FEWEST", 4)
    monkeypatch.setattr(recordings, "MOST", 12)
    thin = recordings.record(explorer)
    assert thin["fewer"]
    assert len(unpacked(thin)) <= 12


def test_a_large_recording_has_as_many_positions_as_fit(monkeypatch):
    noise = np.random.default_rng(0).normal(size=(2000, 50))  # does not compress
    explorer = Explorer(lambda n: {"x": noise[n]}, [Slider("n", 0, 1999, 1, value=7)], [Bars("x")])
    assert len(unpacked(recordings.record(explorer))) > 900
    monkeypatch.setattr(recordings, "LARGEST", 120_000)
    recording = recordings.record(explorer)
    assert len(json.dumps(recording)) <= 120_000
    answers = unpacked(recording)
    assert len(answers) >= recordings.FEWEST
    control = recording["spec"]["controls"][0]
    first, step = int(control["min"]), int(control["step"])
    assert np.allclose(answers[3][0]["x"], noise[first + 3 * step], atol=1e-6)
    monkeypatch.setattr(recordings, "LARGEST", 15_000)
    assert recordings.record(explorer) is None


def test_only_cells_up_to_the_last_widget_that_needs_python_are_executed():
    widget = {"text/plain": "Explorer(n=1)", "text/html": "<img>"}
    live = {**widget, "text/html": "<img><script>1</script>"}
    picture = {"text/plain": "A picture.", "text/html": "<img>"}
    cells = [
        new_code_cell("f()", outputs=[new_output("display_data", data=data)])
        for data in (picture, widget, live, picture)
    ]
    assert recordings.last(new_notebook(cells=cells)) == 1
    assert recordings.last(new_notebook(cells=cells[2:])) == -1


def test_what_is_only_drawn_is_rounded_and_takes_less_room(monkeypatch):
    noise = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    kinds = {"long": noise, "spikes": noise > 1, "steps": np.arange(1000), "short": noise[:50]}
    explorer = Explorer(lambda n: kinds, [Slider("n", 0, 1, 1)], [Bars("short")])
    recording = recordings.record(explorer)
    outputs, _ = unpacked(recording)[0]
    assert 0 < np.abs(outputs["long"] / noise - 1).max() < 1 / 4000
    for name in ("spikes", "steps", "short"):
        assert (outputs[name] == kinds[name]).all()
    monkeypatch.setattr(recordings, "DRAWN", 2000)
    assert len(recording["planes"]) < 0.8 * len(recordings.record(explorer)["planes"])


def test_equal_arrays_are_stored_once():
    index = recordings.record(
        Explorer(lambda n: {"x": [1.0] * 9}, [Slider("n", 0, 99, 1)], [Bars("x")])
    )
    planes = gzip.decompress(base64.b64decode(index["planes"]))
    assert len(planes) == 9 * 4


def test_a_training_is_replayed_epoch_by_epoch():
    network = SimpleNamespace(named_modules=lambda: [], named_parameters=lambda: [])
    dashboard = Dashboard(network)  # pyright: ignore[reportArgumentType]
    for epoch in (1, 2, 3):
        for batch in (1, 2):
            dashboard(
                Report(
                    epoch=epoch,
                    batch=batch,
                    loss=1 / epoch,
                    accuracy=0.5,
                    rates={},
                    grad_norms={},
                    samples=16,
                )
            )
    answers = unpacked(recordings.record(dashboard))
    assert [max(outputs["batch"]) for outputs, _ in answers] == [2, 4, 6]
    assert [outputs["loss"][-1] for outputs, _ in answers] == pytest.approx([1, 1 / 2, 1 / 3])
    assert [float(outputs["epoch"]) for outputs, _ in answers] == [1, 2, 3]
    assert len(dashboard._reports) == 6


def test_a_digest_changes_with_the_code_before_a_cell_and_not_after_it():
    cells = [new_code_cell("a = 1"), new_markdown_cell("text"), new_code_cell("show(a)")]
    notebook = new_notebook(cells=[*cells, new_code_cell("later")])
    before = recordings.digest(notebook, 2)
    notebook.cells[1].source, notebook.cells[3].source = "other text", "other"
    assert recordings.digest(notebook, 2) == before
    notebook.cells[0].source = "a = 2"
    assert recordings.digest(notebook, 2) != before


@pytest.mark.parametrize("path", sorted(recordings.FOLDER.glob("*.json")), ids=lambda p: p.stem)
def test_stored_recordings_belong_to_the_notebook_as_it_is(path):
    source = book.TUTORIALS / f"{path.stem}.ipynb"
    notebook = nbformat.read(source, as_version=4)
    known = {recordings.digest(notebook, number) for number in range(len(notebook.cells))}
    stored = recordings.stored(source)
    assert stored
    assert set(stored) <= known, f"Record it again: python -m tools.recordings {path.stem[:2]}"

"""From a slider's move to new pixels in JupyterLab: explorers beside ipywidgets' plain `interact`.

All three are in one notebook in one Chromium and show the same neuron. They take turns: one move
each, until the frame with the new picture is done. Then each is dragged through 60 values.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.timing import Goal, Result

NEURON = """
import matplotlib.pyplot as plt, numpy as np, torch, snnedu as snn
def neuron(beta):
    spk, mem = snn.Leaky(beta).unroll(torch.full((200, 1), 0.3))
    return {"mem": mem[:, 0], "spk": spk[:, 0]}"""
CONTROLS = '[snn.Slider("beta", 0.0, 1.0, 0.01, value=0.2)], [snn.Traces("mem", spikes="spk")]'
CELLS = [
    NEURON,
    f'snn.Explorer("leaky", {CONTROLS}, constants={{"steps": 200}})',
    f"snn.Explorer(neuron, {CONTROLS})",
    """
import ipywidgets
@ipywidgets.interact(beta=ipywidgets.FloatSlider(0.2, min=0, max=1, step=0.01))
def show(beta):
    out = neuron(beta)
    plt.figure(figsize=(8, 2))
    plt.plot(out["mem"])
    plt.plot(np.flatnonzero(out["spk"]), np.ones(int(out["spk"].sum())), "|")
    plt.show()""",
]
NAMES = ["browser engine", "kernel engine", "interact"]


def run(quick: bool) -> list[Result]:
    """Return latencies and drags, and what they say about the goals."""
    from tests.lab import Lab

    with tempfile.TemporaryDirectory() as folder:
        notebooks, home = Path(folder, "notebooks"), Path(folder, "home")
        notebooks.mkdir()
        home.mkdir()
        with Lab(notebooks, home) as lab:
            notebook = lab.open(lab.write("widgets.ipynb", CELLS))
            notebook.run_all()
            page = notebook.page
            page.locator(".jp-OutputArea img").wait_for()
            page.wait_for_timeout(2000)
            waits = page.evaluate(SCRIPT, ["measure", 12 if quick else 60])
            drags = [page.evaluate(SCRIPT, ["drag", number]) for number in range(len(NAMES))]
    rows = [_row(*row) for row in zip(NAMES, waits, drags, strict=True)]
    about = "From a slider's move to the picture, in ms; and of a drag, 60 values at 30 a second."
    return [Result("Sliders in JupyterLab", about, rows, _goals(rows))]


def _row(name: str, waits: list[float], drag: dict[str, int]) -> dict[str, Any]:
    waits = sorted(waits)
    p95 = waits[int(0.95 * (len(waits) - 1))]
    return {"widget": name, "p50": statistics.median(waits), "p95": p95, **drag}


def _goals(rows: list[dict[str, Any]]) -> list[Goal]:
    goals: list[Goal] = []
    for row, p50, p95, values in zip(rows, (12, 30), (20, 75), (60, 30), strict=False):
        name = row["widget"]
        goals += [
            Goal(f"{name}, slider to pixels, p50", row["p50"], p50, "ms", at_most=True),
            Goal(f"{name}, slider to pixels, p95", row["p95"], p95, "ms", at_most=True),
            Goal(f"{name}, values of a drag shown", row["values shown"], values, "of 60"),
            Goal(f"{name}, blank frames", row["blank frames"], 0, "", at_most=True),
        ]
    return goals


SCRIPT = """
([way, number]) => {
    const wait = (ms) => new Promise(done => setTimeout(done, ms));
    const explorer = (root) => {
        const input = root.querySelector("input"), canvas = root.querySelector("canvas");
        const row = () => canvas.getContext("2d")
            .getImageData(0, canvas.height / 2, canvas.width, 1).data;
        return {
            root, home() { input.value = 0; input.dispatchEvent(new Event("input")); },
            press() { input.stepUp(); input.dispatchEvent(new Event("input")); },
            shown: () => root.dataset.shown,
            blank: () => { const line = row(); return line.every((v, i) => v === line[i % 4]); },
        };
    };
    const key = (root, key) => root.querySelector(".noUi-handle").dispatchEvent(
        new KeyboardEvent("keydown", {key, bubbles: true}));
    const interact = (root) => ({
        root, home: () => key(root, "Home"), press: () => key(root, "ArrowRight"),
        shown: () => { const img = root.querySelector("img"); return img?.complete && img.src; },
        blank: () => !root.querySelector("img"),
    });
    const [browser, kernel] = [...document.querySelectorAll(".snnedu")].map(explorer);
    const widgets = [browser, kernel, interact(document.querySelector(".widget-interact"))];

    async function moved(widget) {  // one move, until the frame that shows it is done
        const before = widget.shown(), start = performance.now();
        widget.press();
        while (!widget.shown() || widget.shown() === before) {
            await new Promise(requestAnimationFrame);
            const {port1, port2} = new MessageChannel();  // comes right after the frame is drawn
            await new Promise(done => { port1.onmessage = done; port2.postMessage(0); });
            if (performance.now() - start > 5000) throw Error("No new picture within 5 s.");
        }
        return performance.now() - start;
    }
    async function measure(turns) {
        const waits = widgets.map(() => []);
        for (let turn = 0; turn < turns; turn++) {
            for (const [i, widget] of widgets.entries()) {
                widget.root.scrollIntoView({block: "center"});
                await wait(120 + 17 * Math.random());
                waits[i].push(await moved(widget));
            }
        }
        return waits;
    }
    async function drag(number) {
        const widget = widgets[number], seen = new Set();
        widget.root.scrollIntoView({block: "center"});
        widget.home();
        await wait(1500);
        const first = widget.shown();
        let blank = 0;
        const watch = setInterval(() => {
            if (widget.shown() && widget.shown() !== first) seen.add(widget.shown());
            if (widget.blank()) blank++;
        }, 4);
        for (let i = 0; i < 60; i++) { widget.press(); await wait(33); }
        await wait(1500);
        clearInterval(watch);
        return {"values shown": seen.size, "blank frames": blank};
    }
    return {measure, drag}[way](number);
}
"""

"""Make the pictures of the README: a raster animation, and an explorer as JupyterLab shows it.

python -m tools.pictures
"""

import sys
import tempfile
from pathlib import Path

import matplotlib
import torch
from torch import nn

import snnedu as snn

PICTURES = Path(__file__).parent.parent / "pictures"
STEPS = 40


def main() -> int:
    """Write both pictures."""
    PICTURES.mkdir(exist_ok=True)
    matplotlib.use("agg")
    animate(PICTURES / "raster.gif")
    photograph(PICTURES / "explorer.png")
    return 0


def animate(path: Path) -> None:
    """Train on digits, then draw one being recognised: hidden spikes, and a count a class."""
    from celluloid import Camera
    from matplotlib import pyplot as plt

    train, (x_test, labels) = snn.data.digits()
    torch.manual_seed(0)
    net = snn.Sequential(nn.Linear(64, 60), snn.Leaky(0.9), nn.Linear(60, 10), snn.Leaky(0.9))
    snn.fit(net, train, epochs=8, encode=lambda x: snn.spikegen.rate(x, STEPS), progress=False)
    seven = int((labels == 7).nonzero()[0])
    recordings = net.record(snn.spikegen.rate(x_test[seven : seven + 1], STEPS, seed=0))
    hidden, out = (recordings[name].spk[:, 0].detach() for name in ("1", "3"))
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(7.2, 2.8), width_ratios=(3, 2), layout="constrained"
    )
    left.set(xlim=(0, STEPS), ylim=(-1, 60), xlabel="time (steps)", ylabel="hidden neuron")
    right.set(ylim=(0, STEPS), xticks=range(10), xlabel="class", ylabel="spikes so far")
    camera = Camera(figure)
    for t in range(STEPS):
        when, who = hidden[: t + 1].nonzero(as_tuple=True)
        left.plot(when, who, "|", color=snn.viz.COLORS[0], ms=4)
        counts = out[: t + 1].sum(0)
        colors = [snn.viz.COLORS[1] if c == counts.argmax() else "#bbbbbb" for c in range(10)]
        right.bar(range(10), counts, color=colors)
        camera.snap()
    camera.animate(interval=100).save(path, writer="pillow", dpi=90)


def photograph(path: Path) -> None:
    """Open an explorer in JupyterLab, move its slider, and keep what is seen."""
    from tests.lab import Lab

    folder = tempfile.TemporaryDirectory
    with folder() as notebooks, folder() as home, Lab(Path(notebooks), Path(home)) as lab:
        lab.write("explorer.ipynb", ["import snnedu as snn\nsnn.lif_explorer(beta=0.95)"])
        notebook = lab.open("explorer.ipynb")
        notebook.run_all()
        explorer = notebook.page.locator(".snnedu").first
        explorer.wait_for()
        notebook.page.wait_for_timeout(500)
        explorer.screenshot(path=path)


if __name__ == "__main__":
    sys.exit(main())

"""The picture in RESULTS.md: time of a layer against time steps, batch and neurons."""

from pathlib import Path

from benchmarks.lif import LIMIT, PLAIN
from benchmarks.timing import Result

TITLE = "Leaky neurons, forward and backward (learner's environment)"
BASE = {"T": 100, "B": 64, "N": 1000}  # what stays fixed while one of them changes
NAMES = {"T": "time steps", "B": "batch", "N": "neurons"}
STYLES = {  # Okabe-Ito colors, and a marker each
    "snntorch": ("#E69F00", "o"), "spikingjelly": ("#56B4E9", "s"), "norse": ("#009E73", "^"),
    "sinabs": ("#CC79A7", "D"), PLAIN: ("#0072B2", "v"), "snnedu": ("#D55E00", "*"),
    LIMIT: ("#000000", ""),
}  # fmt: skip


def draw(results: list[Result], path: Path) -> None:
    """Draw forward + backward, as a learner runs it; raise `ValueError` where it is missing."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    table = [row for result in results if result.title == TITLE for row in result.rows]
    if not table:
        raise ValueError(f"Nothing to draw: no result is called {TITLE!r}.")
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True, layout="constrained")
    for axis, (key, label) in zip(axes, NAMES.items(), strict=True):
        rows = [r for r in table if all(r[k] == v for k, v in BASE.items() if k != key)]
        for name, (color, marker) in STYLES.items():
            points = [(row[key], row[name]) for row in rows if name in row]
            if points:
                axis.loglog(*zip(*points, strict=True), color=color, marker=marker, label=name,
                            linestyle="--" if name == LIMIT else "-", linewidth=1.2)  # fmt: skip
        fixed = ", ".join(f"{k} = {v}" for k, v in BASE.items() if k != key)
        axis.set(xlabel=f"{label}, {key}", title=fixed)
        sizes = sorted({row[key] for row in rows})
        axis.set_xticks(sizes, sizes)
        axis.minorticks_off()
    axes[0].set_ylabel("forward + backward (ms)")
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=7, fontsize=7
    )
    figure.savefig(path, dpi=80)
    plt.close(figure)

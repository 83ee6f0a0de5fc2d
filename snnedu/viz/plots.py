"""Pictures of spikes, membranes and weights: tensors in, matplotlib `Axes` out.

    ax = viz.raster(spk_rec)             # draws into a new figure, or into `ax=`
    ax.set_title("Hidden layer")         # it is an ordinary Axes

Recordings are `[time, neurons]` or `[time, batch, neurons]`; of a batch, `sample` is shown.

Alt text. Every picture made here is described in words made from its data; `alt=` says it better.
`viz.describe(ax, "…")` does the same for a figure that you drew yourself. A described figure
shows itself in a notebook as `<img alt="…">` (text/html: nowhere else do JupyterLab and nbconvert
look for alt text), as image/png with the same text in the output's metadata (for print and for
viewers without HTML) and as the text alone. The Axes shows nothing of its own, so a cell may end
in `viz.raster(spk_rec)`.

Colors and dashes are those of `style`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from jaxtyping import Shaped
from torch import Tensor

from snnedu.core import _check
from snnedu.viz import alt_text, marks, notebook_output, player, recording
from snnedu.viz.recording import Array
from snnedu.viz.style import COLORS, GRAY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Recording = Shaped[Tensor, "time *_batch_neurons"]  # each recording has neurons of its own


def raster(
    spk_rec: Recording,
    ax: Axes | None = None,
    *,
    sample: int = 0,
    dt: float | None = None,
    color: str = COLORS[0],
    top_down: bool = False,
    alt: str | None = None,
) -> Axes:
    """Draw each spike as a tick: time to the right, one row for each neuron.

    `top_down` puts neuron 0 on top: for pixels, which are counted from the top of their image.

    Of signed spikes (`spikegen.delta(x, off_spike=True)`), those of +1 stand on the middle of the
    neuron's row, and those of -1 hang from it, in another color.
    `dt` is the length of a step in ms; without it the axis counts steps.
    Raises `ValueError` if `spk_rec` holds anything but 0, 1 and -1.
    """
    spikes = recording.spikes("spk_rec", spk_rec, sample, signed=True)
    step, label = _clock(dt)
    ax = _axes(ax)
    marks.raster(ax, spikes, step=step, color=color, top_down=top_down)
    ax.set(xlabel=label, ylabel="neuron")
    if (spikes < 0).any():
        _legend(ax)
    return describe(ax, alt or f"Raster plot. {alt_text.of_spikes(spikes)}")


def traces(
    mem_rec: Recording,
    spk_rec: Recording | None = None,
    ax: Axes | None = None,
    *,
    threshold: float | None = None,
    neurons: Iterable[int] | None = None,
    sample: int = 0,
    dt: float | None = None,
    unit: str | None = None,
    alt: str | None = None,
) -> Axes:
    """Draw membrane potentials over time, the threshold as a line, each spike as a dot.

    `neurons` chooses up to six (default: the first three). `dt` is the length of a step in ms,
    `unit` the unit of the membrane, for example "mV". All recordings are of the same shape.
    Raises `ValueError` if `mem_rec` holds NaN or infinity, and says from which step on.
    """
    mem = recording.finite("mem_rec", mem_rec, sample)
    spikes = None if spk_rec is None else recording.spikes("spk_rec", spk_rec, sample)
    if spikes is not None and spikes.shape != mem.shape:
        raise ValueError(
            f"`traces(mem_rec, spk_rec)` needs recordings of the same neurons and steps. Received "
            f"{mem.shape} and {spikes.shape}. Pass both from one layer."
        )
    chosen = _chosen(neurons, mem.shape[1])
    step, label = _clock(dt)
    ax = _axes(ax)
    time = [t * step for t in range(len(mem))]
    marks.lines(ax, time, {f"neuron {neuron}": mem[:, neuron] for neuron in chosen}, threshold)
    if spikes is not None:
        for neuron, color in zip(chosen, COLORS, strict=False):
            fired = spikes[:, neuron].nonzero()[0]
            ax.plot(fired * step, mem[fired, neuron], "o", color=color, ms=5)
        ax.plot([], [], "o", color=GRAY, ms=5, label="spike")
    ax.set(xlabel=label, ylabel="membrane potential" + (f" ({unit})" if unit else ""))
    if len(chosen) > 1 or threshold is not None or spikes is not None:
        _legend(ax)
    return describe(ax, alt or alt_text.of_traces(mem, spikes, chosen, threshold, unit))


def spike_count(
    spk_rec: Recording,
    ax: Axes | None = None,
    *,
    labels: Sequence[str] | None = None,
    sample: int = 0,
    color: str = COLORS[0],
    alt: str | None = None,
) -> Axes:
    """Draw how often each neuron spiked as one bar; `labels` names neurons or classes.

    Raises `ValueError` if `spk_rec` holds anything but 0 and 1: of signed spikes pass
    `spk_rec.abs()`, which counts both signs alike.
    """
    from matplotlib.ticker import MaxNLocator

    counts = recording.spikes("spk_rec", spk_rec, sample).sum(axis=0)
    names = _names(labels, len(counts))
    ax = _axes(ax)
    bars = ax.bar(range(len(counts)), counts, color=color, width=0.8)
    ax.set(xlabel="neuron" if labels is None else "class", ylabel="spikes")
    ax.set_xlim(-0.6, len(counts) - 0.4)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    if labels is not None or len(counts) <= 20:
        ax.set_xticks(range(len(counts)), names)
        ax.tick_params(axis="x", length=0)
        ax.bar_label(bars, fontsize="small", color=GRAY)
        ax.margins(y=0.12)
    return describe(ax, alt or alt_text.of_counts(counts, names, ax.get_xlabel()))


def weights(
    weight: Shaped[Tensor, "outputs inputs"],
    ax: Axes | None = None,
    *,
    shape: tuple[int, int] | None = None,
    alt: str | None = None,
) -> Axes:
    """Draw a weight matrix as an image: negative blue, zero near white, positive orange.

    With `shape=(8, 8)`, the rows and columns of the input image, each output neuron's weights are
    laid out as that image instead: its receptive field.
    """
    import numpy as np

    values = recording.numbers("weight", weight)
    if values.ndim != 2 or not np.isfinite(values).all() or values.size == 0:
        raise ValueError(
            f"`weight` must be a matrix [out, in] of finite numbers. Received shape "
            f"{values.shape}, {(~np.isfinite(values)).sum()} not finite. For a convolution pass "
            f"`weight.flatten(1)`."
        )
    image = values if shape is None else _fields(values, shape)
    ax = _axes(ax)
    largest = float(np.abs(values).max()) or 1.0
    drawn = ax.imshow(
        image, marks.shades(), vmin=-largest, vmax=largest, aspect="equal" if shape else "auto",
        interpolation="nearest",
    )  # fmt: skip
    _figure(ax).colorbar(drawn, ax=ax, label="weight")
    if shape is None:
        ax.set(xlabel="input neuron", ylabel="output neuron")
    else:
        ax.spines[:].set_visible(False)
        ax.set(xticks=[], yticks=[], xlabel=f"receptive fields of {len(values)} neurons")
    return describe(ax, alt or alt_text.of_weights(values))


def animate(
    spk_rec: Recording,
    mem_rec: Recording | None = None,
    *,
    evidence: Recording | None = None,
    labels: Sequence[str] | None = None,
    threshold: float | None = None,
    neurons: Iterable[int] | None = None,
    sample: int = 0,
    dt: float | None = None,
    top_down: bool = False,
    fps: float = 20.0,
    rows: str = "neuron",
    alt: str | None = None,
) -> player.Animation:
    """Return a raster plot that fills step by step; a browser plays, pauses and scrubs it.

    Signed spikes are drawn as in `raster`. Below them stands `mem_rec`, as in `traces`. Beside them
    stands `evidence` `[time, classes]` or `[time, batch, classes]`, one bar for each class, named
    by `labels`: what the network has gathered up to a step, for example `spk_out.cumsum(0)`. Bars
    stand in the order of the neurons: number 0 at the bottom, or on top with `top_down`.
    `fps` is the number of steps shown in a second, `rows` what a row stands for.
    Only the data are stored, not pictures of each step.
    """
    spikes = recording.spikes("spk_rec", spk_rec, sample, signed=True)
    _check.positive("fps", fps)
    figure, panels = player.panels(mem_rec is not None, evidence is not None)
    raster(spk_rec, panels[0], sample=sample, dt=dt, top_down=top_down)
    panels[0].set_ylabel(rows)
    film = player.spikes(spikes, dt) | {"fps": fps, "topDown": top_down, "rows": rows}
    text = f"Animated raster plot. {alt_text.of_spikes(spikes)}"
    if mem_rec is not None:
        mem = recording.finite("mem_rec", mem_rec, sample)
        _same_steps("mem_rec", mem, spikes)
        chosen = _chosen(neurons, mem.shape[1])
        film |= player.membranes(mem[:, chosen], chosen, threshold)
        traces(mem_rec, None, panels[1], threshold=threshold, neurons=chosen, sample=sample, dt=dt)
        text += " " + alt_text.of_traces(mem, None, chosen, threshold, None)
        panels[1].legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=4, fontsize=7, frameon=False
        )
    if evidence is not None:
        gathered = recording.finite("evidence", evidence, sample)
        _same_steps("evidence", gathered, spikes)
        names = _names(labels, gathered.shape[1])
        film |= player.evidence(gathered, names)
        last = gathered[-1]
        colors = [COLORS[int(last.min() < value == last.max())] for value in last]
        panels[-1].barh(range(len(names)), last, color=colors, tick_label=names)
        ends = -0.5, len(names) - 0.5
        panels[-1].set_ylim(*(reversed(ends) if top_down else ends))
        text += " " + alt_text.of_evidence(last, names)
    return player.Animation(film, notebook_output.picture(figure)[0], alt or text)


def embed(camera: Any, *, fps: float = 20.0, alt: str) -> player.Animation:
    """Return the pictures that a `celluloid.Camera` took, to be played, paused and scrubbed.

        camera = celluloid.Camera(figure)
        for x in ...:
            ax.plot(x)                # a new line each time; `ax.text` for a changing title
            camera.snap()
        viz.embed(camera, alt="A wave that travels to the right.")

    Closes the figure, so that it does not show once more with all pictures in one.
    Warns where celluloid recorded nothing, or the same picture again and again.
    """
    _check.positive("fps", fps)
    return player.from_camera(camera, fps, _in_words(alt))


def describe(ax: Axes | Figure, alt: str) -> Axes:
    """Give `ax` its alt text, which its figure then carries into the notebook; return `ax`.

    A figure may be described as a whole: its first Axes then carry the words.
    """
    parts = getattr(ax, "axes", None)
    first = parts[0] if isinstance(parts, list) and parts else parts
    if not hasattr(first, "plot"):
        raise TypeError(
            f"`describe(ax, alt)` takes matplotlib Axes, or a figure that has some. Received "
            f"{type(ax).__name__}. Pass `plt.gca()` for what you have just drawn."
        )
    ax = cast("Axes", first)
    notebook_output.attach(_figure(ax), ax, _in_words(alt))
    return ax


# ---------------------------------------------------------------- what callers pass in


def _in_words(alt: str) -> str:
    if not str(alt or "").strip():
        raise ValueError(
            f"`alt` must say in words what the picture shows. Received {alt!r}. "
            f"One or two sentences are enough: what is drawn, and what can be seen in it."
        )
    return alt.strip()


def _same_steps(name: str, recording: Array, spikes: Array) -> None:
    if len(recording) != len(spikes):
        raise ValueError(
            f"`{name}` must have as many steps as `spk_rec`. Received {len(recording)} and "
            f"{len(spikes)}. Pass recordings of one run."
        )


def _chosen(neurons: Iterable[int] | None, there: int) -> list[int]:
    chosen = list(range(min(3, there)) if neurons is None else neurons)
    if not 1 <= len(chosen) <= len(COLORS) or not all(0 <= n < there for n in chosen):
        raise ValueError(
            f"`neurons` must name 1 to {len(COLORS)} of the neurons 0 to {there - 1}. "
            f"Received {chosen}. Pass `neurons=[0]` for the first."
        )
    return chosen


def _names(labels: Sequence[str] | None, neurons: int) -> list[str]:
    names = [str(name) for name in (range(neurons) if labels is None else labels)]
    if len(names) != neurons:
        raise ValueError(
            f"`labels` must name each of the {neurons} neurons. Received {len(names)} names. "
            f"Pass one name for each, or leave `labels` out."
        )
    return names


def _clock(dt: float | None) -> tuple[float, str]:
    """Return the length of a step, and what the time axis is called."""
    if dt is None:
        return 1.0, "time (steps)"
    _check.positive("dt", dt)
    return dt, "time (ms)"


def _axes(ax: Axes | None) -> Axes:
    """Return `ax`, or the Axes of a new figure."""
    import matplotlib.pyplot as plt

    if ax is None:
        ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")[1]
        ax.spines[["top", "right"]].set_visible(False)
    if not hasattr(ax, "get_figure"):
        raise TypeError(
            f"`ax` must be matplotlib Axes. Received {type(ax).__name__}. Pass those of "
            f"`plt.subplots()`, and other arguments by name, such as `threshold=1`."
        )
    _figure(ax)  # the Axes may have been removed from theirs
    return ax


def _figure(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError(
            "`ax` must stand in a figure. Received Axes that were removed from theirs. "
            "Make new ones with `plt.subplots()`."
        )
    return figure


def _legend(ax: Axes) -> None:
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _fields(
    values: Shaped[Array, "outputs inputs"], shape: tuple[int, int]
) -> Shaped[Array, "height width"]:
    """Lay out each row of `values` as an image; return one image of all, with gaps of NaN."""
    import numpy as np

    rows, columns = shape
    if rows * columns != values.shape[1]:
        raise ValueError(
            f"`shape` must have as many pixels as there are inputs: {values.shape[1]}. "
            f"Received {shape}, which has {rows * columns}. Pass `shape=(8, 8)` for 64 inputs."
        )
    across = int(np.ceil(np.sqrt(2 * len(values))))
    down = -(-len(values) // across)
    sheet = np.full((down * (rows + 1) - 1, across * (columns + 1) - 1), np.nan)
    for number, field in enumerate(values):
        top, left = number // across * (rows + 1), number % across * (columns + 1)
        sheet[top : top + rows, left : left + columns] = field.reshape(shape)
    return sheet

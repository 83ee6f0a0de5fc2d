"""What an `Explorer` is declared with: controls to move, panels to watch.

Everything here is a plain description. The browser draws it (`explorer.js`); `draw` draws the same
with matplotlib where there is no browser: on GitHub, in print, in a test.
"""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from numbers import Real
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from snnedu.core import _check
from snnedu.core.translation import translated
from snnedu.viz import COLORS, marks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Number = float | int
Value = Number | str
Limits = tuple[Number | None, Number | None]  # None: as far as the data reach
Array = NDArray[np.float32]
Outputs = Mapping[str, Array | str]
Known = Mapping[str, Any]  # outputs, settings and constants
Declared = TypeVar("Declared", bound="Slider | Choice | Panel")
TEXTS = ("label", "unit", "title", "xlabel", "ylabel")  # what a control or a panel says
LABELS = ("series",)


@dataclass(frozen=True)
class Slider:
    """A number to drag: `Slider("beta", 0, 1, 0.01, value=0.9, label="decay β", unit="per step")`.

    The model gets an `int` where `min`, `max` and `step` are. Without `value`: the middle.
    """

    name: str
    min: Number
    max: Number
    step: Number = 0.01
    value: Number | None = None
    label: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        if not (self.min < self.max and self.step > 0):
            raise ValueError(
                f"A `Slider` needs min < max and step > 0. Received min={self.min}, "
                f"max={self.max}, step={self.step}. Write Slider({self.name!r}, 0, 1, 0.01)."
            )
        if self.value is None:
            middle = self.min + round((self.max - self.min) / 2 / self.step) * self.step
            object.__setattr__(self, "value", round(middle, self.digits))
        self.clean(self.value)

    @property
    def digits(self) -> int:
        """Decimals that the step asks for."""
        return max(0, -int(Decimal(str(self.step)).as_tuple().exponent))

    def clean(self, value: object) -> Number:
        """Return `value` as the model gets it; raise `ValueError` outside [min, max]."""
        number = float(value) if isinstance(value, (int, float)) else float("nan")
        if not self.min <= number <= self.max:
            raise ValueError(
                f"`{self.name}` must be a number from {self.min} to {self.max}. "
                f"Received {value!r}. Widen its Slider, or choose a value between these."
            )
        whole = all(isinstance(end, int) for end in (self.min, self.max, self.step))
        return round(number) if whole else number

    def extremes(self) -> tuple[Value, ...]:
        """Return the smallest and the largest value."""
        return self.clean(self.min), self.clean(self.max)

    def describe(self) -> dict[str, Any]:
        """Return what the browser needs to know."""
        return {**asdict(self), "label": self.label or self.name, "digits": self.digits}


@dataclass(frozen=True)
class Choice:
    """One of several words: `Choice("reset_mechanism", ("subtract", "zero"), label="reset")`."""

    name: str
    options: Sequence[str]
    value: str | None = None
    label: str = ""

    def __post_init__(self) -> None:
        if not self.options:
            raise ValueError(f"A `Choice` needs options. Received none for {self.name!r}. Add two.")
        if self.value is None:
            object.__setattr__(self, "value", self.options[0])
        self.clean(self.value)

    def clean(self, value: object) -> str:
        """Return `value`; raise `ValueError` unless it is one of the options."""
        _check.one_of(self.name, value, self.options)
        return str(value)

    def extremes(self) -> tuple[Value, ...]:
        """Return every option."""
        return tuple(self.options)

    def describe(self) -> dict[str, Any]:
        """Return what the browser needs to know."""
        return {**asdict(self), "label": self.label or self.name, "unit": ""}


# What several explorers let a learner choose.
DRIVES = Choice("drive", ("constant", "step", "pulses", "ramp", "noise"), label="input")
RESETS = Choice("reset_mechanism", ("subtract", "zero", "none"), label="reset")


@dataclass(frozen=True, kw_only=True)
class Panel:
    """What every panel has: words around it, and a height in pixels.

    `given`: it shows what goes in, not what comes out: it is seen before a prediction is made.
    """

    title: str = ""
    xlabel: str = ""
    ylabel: str = ""
    height: int = 170
    given: bool = False

    kind = ""

    def describe(self) -> dict[str, Any]:
        """Return what the browser needs to know."""
        return {"kind": self.kind, **asdict(self)}

    def check(self, known: Known) -> None:
        """Raise `ValueError` where `known` cannot fill this panel."""
        raise NotImplementedError

    def draw(self, ax: "Axes", known: Known) -> None:
        """Draw on `ax` with matplotlib; `known` has settings and outputs."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Lines(Panel):
    """What `Traces` and `Curve` have in common."""

    x: str | None  # None: over time, in steps of `dt`
    series: str | Sequence[str] | Mapping[str, str]
    threshold: Number | str | None = None
    spikes: str | None = None
    point: tuple[str, str] | None = None
    xlim: Limits | None = None
    ylim: Limits | None = None
    dt: Number = 1

    kind = "lines"

    def __post_init__(self) -> None:
        _check.positive("dt", self.dt)
        _check_limits(xlim=self.xlim, ylim=self.ylim)

    def describe(self) -> dict[str, Any]:
        """Return what the browser needs to know."""
        return {**Panel.describe(self), "series": named(self.series)}

    def check(self, known: Known) -> None:
        """Raise `ValueError` where `known` cannot fill this panel."""
        needed = filter(None, (self.x, self.spikes, *named(self.series)))
        _of_one_length({name: _array(known, name, 1) for name in needed})
        for name in (self.threshold, *(self.point or ())):
            if isinstance(name, str):
                _number(known, name)

    def draw(self, ax: "Axes", known: Known) -> None:
        """Draw on `ax` with matplotlib."""
        series = {label: known[name] for name, label in named(self.series).items()}
        x = known[self.x] if self.x else self.dt * np.arange(len(next(iter(series.values()))))
        level = self.threshold
        level = _number(known, level) if isinstance(level, str) else level
        marks.lines(ax, x, series, level, "θ")
        if self.spikes:
            times = x[known[self.spikes] != 0]
            over = ax.get_xaxis_transform()  # at the upper edge, whatever the data
            heights = np.full(times.shape, 0.97)
            ax.plot(
                times,
                heights,
                "|",
                color=COLORS[1],
                transform=over,
                label=translated("spike"),
                mew=2,
            )
        if self.point:
            place = [_number(known, name) for name in self.point]
            ax.plot(*place, "o", color=COLORS[1], markersize=8, markeredgecolor="white")
        from matplotlib.ticker import MaxNLocator

        if not self.x and float(self.dt).is_integer():  # there are no halves of steps
            ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 2.5, 5, 10]))
        ax.set(xlim=self.xlim or (None, None), ylim=self.ylim or (None, None))
        if len(series) > 1 or self.spikes or level is not None:
            _legend(ax)


@dataclass(frozen=True)
class Traces(Lines):
    """Lines over time: `Traces("mem", threshold="threshold", spikes="spk")`.

    `series` is a name, several, or {name: label}, each an array [time]. `threshold` is a number, or
    the name of a control or output: a dashed line. `spikes` names an array [time]: a mark for each.
    `dt` is the time from one value to the next, in the unit of `xlabel`.
    """

    series: str | Sequence[str] | Mapping[str, str]
    threshold: Number | str | None = None
    spikes: str | None = None
    ylim: Limits | None = None
    dt: Number = 1
    x: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Curve(Lines):
    """Lines over another quantity: `Curve("x", {"y": "slope"}, point=("x0", "y0"))`.

    `x` names an array, `series` one or more of its length; `point` names the coordinates of a
    moving dot, each a number among the outputs or controls.
    """

    x: str
    series: str | Sequence[str] | Mapping[str, str]
    point: tuple[str, str] | None = None
    xlim: Limits | None = None
    ylim: Limits | None = None


@dataclass(frozen=True)
class Raster(Panel):
    """A tick for every spike: `Raster("spk", groups={"excitatory": 80, "inhibitory": 20})`.

    `name` is an array [time, neurons] or [time]; `groups` {label: size} colors the neurons in
    order. `top_down` puts neuron 0 on top: for pixels, as in their image. Spikes of -1 are drawn as
    in `viz.raster`.
    """

    name: str
    groups: Mapping[str, int] | None = None
    top_down: bool = False

    kind = "raster"

    def describe(self) -> dict[str, Any]:
        """Return what the browser needs to know."""
        return {**Panel.describe(self), "groups": dict(self.groups or {})}

    def check(self, known: Known) -> None:
        """Raise `ValueError` where `known` cannot fill this panel."""
        _array(known, self.name, 1, 2)

    def draw(self, ax: "Axes", known: Known) -> None:
        """Draw on `ax` with matplotlib."""
        spk = _array(known, self.name, 1, 2).reshape(len(known[self.name]), -1)
        marks.raster(ax, spk, self.groups, top_down=self.top_down)
        if len(ax.lines) > 1:
            _legend(ax)


@dataclass(frozen=True)
class Bars(Panel):
    """One bar a value: `Bars("counts", labels=("cat", "dog"))`, with `name` an array [bars]."""

    name: str
    labels: Sequence[str] = ()
    ylim: Limits | None = None

    kind = "bars"

    def __post_init__(self) -> None:
        _check_limits(ylim=self.ylim)

    def describe(self) -> dict[str, Any]:
        """Return what the browser needs to know."""
        return {**Panel.describe(self), "labels": list(self.labels)}  # "abc" is three labels

    def check(self, known: Known) -> None:
        """Raise `ValueError` where `known` cannot fill this panel."""
        tops = _array(known, self.name, 1)
        if self.labels and len(self.labels) != len(tops):
            raise ValueError(
                f"`Bars` needs a label for each bar. Received {len(self.labels)} labels and "
                f"{len(tops)} values in {self.name!r}. Give as many labels as values."
            )

    def draw(self, ax: "Axes", known: Known) -> None:
        """Draw on `ax` with matplotlib."""
        tops = _array(known, self.name, 1)
        names = list(self.labels) or [str(i) for i in range(len(tops))]
        bars = ax.bar(names, tops, color=COLORS[0])
        ax.bar_label(bars, fmt="{:.3g}", fontsize=8 if len(tops) < 6 else 7)
        ax.set_ylim(*(self.ylim or (None, None)))


@dataclass(frozen=True)
class Image(Panel):
    """An image in gray, with square pixels, black for high: `Image("ink", clim=(0, 1))`.

    It has numbers at its sides where it has an `xlabel`. `gray=False` is for a matrix: it fills
    the panel, blue for low and orange for high.
    """

    name: str
    clim: tuple[Number, Number] | None = None
    gray: bool = True

    kind = "image"

    def check(self, known: Known) -> None:
        """Raise `ValueError` where `known` cannot fill this panel."""
        _array(known, self.name, 2)

    def draw(self, ax: "Axes", known: Known) -> None:
        """Draw on `ax` with matplotlib."""
        low, high = self.clim or (None, None)
        colors, aspect = ("gray_r", "equal") if self.gray else (marks.shades(), "auto")
        ax.imshow(known[self.name], colors, aspect=aspect, vmin=low, vmax=high)  # pyright: ignore
        if self.gray and not self.xlabel:
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(True)


def draw(panels: Sequence[Panel], known: Known, columns: int, title: str) -> "Figure":
    """Draw all panels as one matplotlib figure, `columns` side by side."""
    from matplotlib.figure import Figure

    rows = -(-len(panels) // columns)
    heights = [max(p.height for p in panels[r * columns : (r + 1) * columns]) for r in range(rows)]
    figure = Figure(figsize=(7, sum(heights) / 95 + 0.5), layout="constrained")
    grid = figure.add_gridspec(rows, columns, height_ratios=heights)
    for number, panel in enumerate(panels):
        ax = figure.add_subplot(grid[divmod(number, columns)])
        ax.spines[["top", "right"]].set_visible(False)
        panel.draw(ax, known)
        high = 18 if _legend_meets(ax, panel.title, 460 / columns) else 6
        ax.set_title(panel.title, fontsize=9, fontweight="bold", loc="left", pad=high)
        ax.set_xlabel(panel.xlabel, fontsize=8)
        ax.set_ylabel(panel.ylabel, fontsize=8)
        ax.tick_params(labelsize=8)
    lines = [part for line in title.split("\n") for part in textwrap.wrap(line, 96)]
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=9)
    return figure


def localized(declared: Declared) -> Declared:
    """Return a control or panel with the texts around it in the learner's language.

    The options of a `Choice` stay: they are values, as the model and the code to copy need them.
    """
    texts = {name: getattr(declared, name) for name in TEXTS if hasattr(declared, name)}
    shown: dict[str, Any] = {name: translated(text) for name, text in texts.items()}
    for name in LABELS:
        labels = getattr(declared, name, None)
        if isinstance(labels, Mapping):
            shown[name] = {key: translated(label) for key, label in labels.items()}
    return replace(declared, **shown) if shown != texts else declared


def fill(
    template: str,
    known: Mapping[str, Any],
    controls: Iterable[Slider | Choice] = (),
    as_code: bool = False,
) -> str:
    """Put values into a template: `{beta}` with its slider's decimals, `{rate:.1f}` with one.

    In code, texts are put in quotes, but not `{kind:s}`. An unknown name stays as it is.
    The browser does the same (`fill` in explorer.js).
    """
    digits = {one.name: one.digits for one in controls if isinstance(one, Slider)}

    def one(field: re.Match[str]) -> str:
        value = known.get(field[1])
        if isinstance(value, str):
            return f'"{value}"' if as_code and not field[3] else value
        if value is None or np.size(value) != 1:
            return field[0]
        number = float(np.asarray(value).reshape(()))
        if field[2]:
            return f"{number:.{field[2]}f}"
        if field[1] in digits:
            return f"{number:.{digits[field[1]]}f}"
        return f"{float(f'{number:.4g}'):.15g}"

    return re.sub(r"\{(\w+)(?::\.(\d)f|:(s))?\}", one, template)


def named(series: str | Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    """Return {name: label} of one name, several, or such a mapping."""
    if isinstance(series, str):
        return {series: series}
    return dict(series) if isinstance(series, Mapping) else {name: name for name in series}


def _number(known: Known, name: str) -> float:
    """Return the number `name`; raise `ValueError` where it is not one number."""
    _check.one_of("name in a panel", name, known)
    if isinstance(known[name], str) or np.size(known[name]) != 1:
        raise ValueError(
            f"{name!r} in a panel must be one number. Received {_shape(known[name])}. "
            f"Return it as `float({name})`, or name another output."
        )
    return float(np.asarray(known[name]).reshape(()))


def _array(known: Known, name: str, *axes: int) -> Array:
    """Return the array `name`; raise `ValueError` where it cannot be drawn."""
    _check.one_of("name in a panel", name, known)
    array = known[name]
    if not isinstance(array, np.ndarray) or array.ndim not in axes or array.size == 0:
        wanted = " or ".join({1: "[time]", 2: "[time, neurons]"}[n] for n in axes)
        raise ValueError(
            f"The panel of {name!r} needs an array {wanted} that is not empty. "
            f"Received {_shape(array)}. "
            f"Choose one neuron of one batch, for example `{name}[:, 0, 0]`."
        )
    return array


def _check_limits(**limits: object) -> None:
    for name, pair in limits.items():
        numbers = pair if isinstance(pair, (tuple, list)) else ()
        known = len(numbers) == 2 and all(isinstance(n, (Real, NoneType)) for n in numbers)
        if pair is not None and not known:
            raise ValueError(
                f"`{name}` must be two numbers, the lower and the upper end. Received {pair!r}. "
                f"Write {name}=(0, 1)."
            )


def _shape(value: object) -> str:
    return "text" if isinstance(value, str) else f"shape {np.shape(value)}"  # pyright: ignore


def _of_one_length(arrays: Mapping[str, Array]) -> None:
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"The lines of one panel need one length. Received {lengths}. "
            f"Return arrays of equal length, or put them in separate panels."
        )


def _legend_meets(ax: "Axes", title: str, width: float) -> bool:
    """Return whether a legend has no room beside the title; `width` of both, in points."""
    legend = ax.get_legend()
    words = [text.get_text() for text in legend.get_texts()] if legend else []
    return bool(words) and 6.2 * len(title) + sum(20 + 4.5 * len(word) for word in words) > width


def _legend(ax: "Axes") -> None:
    ax.legend(
        loc="lower right", bbox_to_anchor=(1, 0.98), borderaxespad=0.2, ncols=6, fontsize=7,
        frameon=False, handlelength=1.4, handletextpad=0.4, columnspacing=0.8,
    )  # fmt: skip

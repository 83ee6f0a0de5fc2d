"""Exercises of 23 · Open questions: an effect, a control, an Explorer, a neuron that moves."""

from collections.abc import Callable, Iterator
from functools import partial
from math import exp, log
from typing import Any

import torch
from torch import Tensor, nn

import snnedu as snn
from snnedu.core.intervals import students_t
from snnedu.course.attempt import Attempt, WrongAnswer, first_line
from snnedu.course.chapters.c23_open_questions import experiments
from snnedu.course.diagnosis import ROUNDED, refuse
from snnedu.course.exercise import Exercise

Layers = Any  # a list, a tuple or a `Sequential` of modules


def my_effect(a: Tensor, b: Tensor, t: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return the effect size of `a` minus `b`, and the ends of the interval of the mean gain."""
    gains = a - b
    half = t * gains.std() / len(gains) ** 0.5
    return gains.mean() / gains.std(), gains.mean() - half, gains.mean() + half


def my_control(tau: float, gain: Any, leaky: Any) -> list[nn.Module]:
    """Return the layers of a neuron whose gain is learned, and whose leak is not."""
    return [gain(1 / tau, learn=True), leaky(1 - 1 / tau)]


def my_explorer(model: Any) -> snn.Explorer:
    """Return an Explorer of `model(beta, threshold)`."""
    controls = [snn.Slider("beta", 0.5, 0.95), snn.Slider("threshold", 0.5, 1.5)]
    panel = snn.Curve("cur", "rate", xlabel="current", ylabel="spikes per step", ylim=(0, 1))
    return snn.Explorer(model, controls, [panel])


def my_move(beta: float, threshold: float) -> tuple[float, float, float]:
    """Return τ, the gain and the amount of a neuron that divides by τ and resets at once."""
    tau = 1 / (1 - beta)
    return tau, tau, threshold / beta


# --------------------------------------------------------------------------------------- 23.1

OF_ALL = "Your spread divides by the number of seeds. From a sample, divide by one less: that is what a tensor's `std()` does, and NumPy's with `ddof=1`."
NO_ROOT = "Your interval does not shrink with the number of seeds. The spread of a *mean* is the spread of the gains divided by √n."
BY_N = "You divide the spread by n. The spread of a mean is that of the gains divided by √n."
NO_T = "Your interval leaves out t. One spread of the mean to each side holds only about two thirds of all cases."
UNPAIRED = "You add up the spreads of both options. Both have the same seeds: subtract seed by seed first, and take the spread of these gains."
D_UNPAIRED = "Your interval is right. In your first number you use the spreads of both options: take the spread of the gains there, too."
A_ALONE = "You use the spread of `a` alone. Subtract seed by seed first, and take the spread of these gains."
BOTH_OF_ALL = "Your interval is right. For the effect size you use a spread that divides by n: from a sample, divide by one less, as a tensor's `std()` does."
AROUND_0 = "Your interval lies around 0. It should lie around the mean gain: add and subtract half its length."
AROUND_SIZE = "Your interval lies around the size of the mean gain, without its sign. A harm has a negative mean."
D_IN_INTERVAL = "Your interval is made from the effect size. It is the mean gain ± t · spread / √n, in the unit of the gains."
TURNED = "Your gain has the other sign. It is `a` minus `b`."
T_VALUE = "Your effect size grows with the number of seeds. Divide the mean gain by the spread of the gains, not by that of their mean."
AROUND_D = (
    "Your interval lies around the effect size. It should lie around the mean gain, in its unit."
)
VARIANCE = "You use the variance. The spread is its square root, the standard deviation."
LAST = "Your numbers are right, but in another order: the effect size first, then the lower and the upper end."
ENDS = "Your last two numbers are swapped: the lower end comes before the upper one."
ROOT_LESS = "Only the standard deviation divides by n - 1. The spread of a mean divides by √n."
FIXED_T = "You use a factor of your own. Use `t`: it depends on the number of seeds, and on how sure the interval should be."
FIXED_N = "Your function works for eight seeds only, as in the text. Use `len(gains)`."
TWICE = "Your interval is twice as wide as it should be. It reaches t spreads of the mean to *each* side."
HALF = "Your interval is half as wide as it should be. It reaches t spreads of the mean to *each* side."
ABSOLUTE = "You drop the sign of the effect size. A harm has a negative one."
SIGN_LOST = (
    "You drop the sign of the mean gain. A harm has a negative one, in d and in the interval."
)
POINTS = "Your interval is in points. Leave it in the unit of the accuracies, between 0 and 1."
NEITHER = "Neither d nor the interval is right yet."
GAINS = "Subtract seed by seed, then take mean and `std()` of these gains."
INTERVAL = "It is the mean gain ± t · spread / √n, and n is the number of seeds."
MEAN_FIRST = "Your first number is the mean gain. The effect size is the mean gain divided by the spread of the gains."


def _draw_accuracies() -> Iterator[tuple[Tensor, Tensor, float]]:
    """Draw accuracies of two options that share their seeds; t of 95 % and of 90 %; a harm, too."""
    for seeds, t, gain in ((8, 2.365, 0.05), (5, 2.132, -0.1)):
        luck = 0.8 + 0.1 * torch.rand(seeds)
        yield luck + gain + 0.02 * torch.randn(seeds), luck + 0.02 * torch.randn(seeds), t


def _effect(
    a: Tensor,
    b: Tensor,
    t: float,
    *,
    spread: Callable[[Tensor], Tensor] = torch.std,
    root: float = 0.5,
    by: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    gains = a - b
    size = by(a, b) if by else spread(gains)
    half = t * size / len(gains) ** root
    return gains.mean() / size, gains.mean() - half, gains.mean() + half


def _t_value(a: Tensor, b: Tensor, t: float) -> tuple[Tensor, Tensor, Tensor]:
    size, low, high = my_effect(a, b, t)
    return size * len(a) ** 0.5, low, high


def _around_d(a: Tensor, b: Tensor, t: float) -> tuple[Tensor, Tensor, Tensor]:
    size, low, high = my_effect(a, b, t)
    half = (high - low) / 2
    return size, size - half, size + half


def _mean_first(a: Tensor, b: Tensor, t: float) -> tuple[Tensor, Tensor, Tensor]:
    return (a - b).mean(), *my_effect(a, b, t)[1:]


def _last(a: Tensor, b: Tensor, t: float) -> tuple[Tensor, Tensor, Tensor]:
    size, low, high = my_effect(a, b, t)
    return low, high, size


def _ends(a: Tensor, b: Tensor, t: float) -> tuple[Tensor, Tensor, Tensor]:
    size, low, high = my_effect(a, b, t)
    return size, high, low


def _absolute(a: Tensor, b: Tensor, t: float) -> tuple[Tensor, Tensor, Tensor]:
    size, low, high = my_effect(a, b, t)
    return size.abs(), low, high


def _root_of(seeds: Callable[[int], int], a: Tensor, b: Tensor, t: float) -> Any:
    return my_effect(a, b, t * (len(a) / seeds(len(a))) ** 0.5)


def _both(a: Tensor, b: Tensor) -> Tensor:
    return (a.var() + b.var()) ** 0.5


def _with_factor(factor: float, a: Tensor, b: Tensor, t: float) -> Any:
    return my_effect(a, b, factor)


def _pooled(a: Tensor, b: Tensor) -> Tensor:
    return _both(a, b) / 2**0.5


def _average(a: Tensor, b: Tensor) -> Tensor:
    return (a.std() + b.std()) / 2


def _size_pooled(a: Tensor, b: Tensor, t: float) -> tuple[Tensor, Tensor, Tensor]:
    return (a - b).mean() / _pooled(a, b), *my_effect(a, b, t)[1:]


def _around_0(a: Tensor, b: Tensor, t: float) -> tuple[Tensor, Tensor, Tensor]:
    size, low, high = my_effect(a, b, t)
    return size, (low - high) / 2, (high - low) / 2


def _around_size(a: Tensor, b: Tensor, t: float) -> tuple[Tensor, Tensor, Tensor]:
    size, low, high = my_effect(a, b, t)
    middle, half = ((low + high) / 2).abs(), (high - low) / 2
    return size, middle - half, middle + half


def _sign_lost(a: Tensor, b: Tensor, t: float) -> tuple[Tensor, Tensor, Tensor]:
    size, low, high = _around_size(a, b, t)
    return size.abs(), low, high


def _d_and_root(a: Tensor, b: Tensor, t: float) -> tuple[Tensor, Tensor, Tensor]:
    size = my_effect(a, b, t)[0]
    half = t / len(a) ** 0.5
    return size, size - half, size + half


def _of_all(a: Tensor, b: Tensor, t: float) -> tuple[Tensor, Tensor, Tensor]:
    """Take the spread of all, and √(n - 1) for the mean: the interval is right by this."""
    return (a - b).mean() / (a - b).std(correction=0), *my_effect(a, b, t)[1:]


def _say_which_is_right(got: Tensor, right: Tensor, *case: Any) -> str:
    """Return the general reply, after what is right of d and the interval."""
    size, *ends = torch.isclose(got.double(), right.double(), rtol=1e-4).tolist()
    if all(ends):
        return f"Your interval is right, d is not. {GAINS}"
    return f"Your d is right, the interval is not. {INTERVAL}" if size else f"{NEITHER} {GAINS}"


def _rounded(a: Tensor, b: Tensor, t: float, places: int = 2) -> list[float]:
    return [round(float(each), places) for each in my_effect(a, b, t)]


def _by_hand(a: Tensor, b: Tensor, t: float) -> list[float]:
    gains = [x - y for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    n = len(gains)
    mean = sum(gains) / n
    spread = (sum((gain - mean) ** 2 for gain in gains) / (n - 1)) ** 0.5
    return [mean / spread, mean - t * spread / n**0.5, mean + t * spread / n**0.5]


def _in_numpy(a: Tensor, b: Tensor, t: float) -> Any:
    import numpy as np

    gains = a.double().numpy() - b.double().numpy()
    half = t * gains.std(ddof=1) / np.sqrt(gains.size)
    return np.array([gains.mean() / gains.std(ddof=1), gains.mean() - half, gains.mean() + half])


# --------------------------------------------------------------------------------------- 23.2

NOTHING = (
    "Nothing is learned in your neuron. The gain should be: `learn=True`, as the question says."
)
LEAK_TOO = "Your leak is learned as well. A control changes one thing: β should stay at 1 - 1/τ."
NO_GAIN = "Your current is not multiplied. The neuron of the paper takes in a share 1/τ of it."
SWAPPED = "You swapped the two shares: 1/τ comes in, and 1 - 1/τ stays."
STARTS_AT_TAU = (
    "Your β is right, but your gain does not start at 1/τ. Both neurons must start alike."
)
BETA_OFF = (
    "Your gain is right, but your neuron should keep a share 1 - 1/τ of its membrane potential."
)
ONE_TAU = "Your numbers fit τ = 16 alone. Use `tau`: the neuron is built for both starts."
AFTER = "Your gain comes after the neuron, so it multiplies spikes. It should multiply the current."
NO_NEURON = "A neuron is missing after the gain: `leaky(…)`."
TWO_GAINS = "Return one gain and one neuron. You return {} layers that multiply."
NOT_LAYERS = "Return the layers of one neuron in a list: a gain, then a leaky neuron."
SUBTRACTS = "Your neuron is not the one of `leaky`: that one resets to 0, as in the paper."


def _draw_taus() -> Iterator[tuple[float, Tensor]]:
    for least in (3.0, 8.0):
        tau = least + 2 * torch.rand(()).item()
        yield tau, 4 * torch.rand(12, 2, 5)


def _run_control(answer: Attempt, tau: float, cur_rec: Tensor) -> Tensor:
    """Return spikes, membranes, and how the spikes' gradient reaches what is learned."""
    layers = answer.changing(tau, experiments.Gain, experiments.leaky)
    several = isinstance(layers, list | tuple | nn.Sequential | nn.ModuleList)
    layers = list(layers) if several else [layers]
    if not layers or not all(isinstance(layer, nn.Module) for layer in layers):
        raise WrongAnswer(NOT_LAYERS)
    gains = sum(isinstance(layer, experiments.Gain) for layer in layers)
    last_multiplies = isinstance(layers[-1], experiments.Gain)
    refuse({AFTER: last_multiplies and len(layers) > gains, NO_NEURON: last_multiplies})
    refuse({TWO_GAINS.format(gains): gains > 1})
    try:
        spk_rec, mem_rec = snn.Sequential(*layers)(cur_rec)
    except Exception as error:
        raise WrongAnswer(
            f"Your layers do not run one after another: {first_line(error)}."
        ) from None
    learned = [p for layer in layers for p in layer.parameters() if p.requires_grad]
    grads = torch.autograd.grad(spk_rec.sum(), learned) if learned else ()
    total = sum((grad.sum() for grad in grads), torch.tensor(0.0))
    rest = torch.stack([total.detach(), torch.tensor(float(len(learned)))])
    return torch.cat([spk_rec.flatten().detach(), mem_rec.flatten().detach(), rest])


def _built(tau: float, gain: Any, leaky: Any, start: Any, beta: Any, **learn: bool) -> Layers:
    return [gain(start(tau), **(learn or {"learn": True})), leaky(beta(tau))]


def _share(tau: float) -> float:
    return 1 / tau


def _rest(tau: float) -> float:
    return 1 - 1 / tau


def _learns_leak(tau: float, gain: Any, leaky: Any) -> Layers:
    lif = snn.Leaky(
        1 - 1 / tau, learn_beta=True, reset_mechanism="zero", spike_grad=snn.surrogate.atan(2.0)
    )
    return [gain(1 / tau, learn=True), lif]


def _subtracts(tau: float, gain: Any, leaky: Any) -> Layers:
    return [gain(1 / tau, learn=True), snn.Leaky(1 - 1 / tau, spike_grad=snn.surrogate.atan(2.0))]


def _scaled(tau: float, gain: Any, leaky: Any) -> Layers:
    first, second = gain(1 / tau, learn=True), leaky((tau - 1) / tau)
    return nn.Sequential(first, second)


# --------------------------------------------------------------------------------------- 23.3

CALLED = "`snn.Explorer` needs the function itself: `model`, not `model(…)`."
OTHER = "Your Explorer shows another function. Pass it the `model` that your function is given."
NOT_EXPLORER = "Return an `snn.Explorer`."
BOTH_CONTROLS = (
    'The model has two arguments. Each needs a control of its name: "beta" and "threshold".'
)
FAILS = "At {settings} your model fails: {error} Choose a range in which every value works."
NO_SUCH_NAME = 'Your panel names something that the model does not return. It returns "cur" and "rate": name these.'
TUPLES = (
    'A control is an `snn.Slider`, as in `snn.Slider("beta", 0.5, 0.95)`. You pass something else.'
)
ONE_PANEL = "Return one panel. You have {}."
NARROW = "Your slider for `{name}` can hardly move. Let it show several values."
OVER_INDEX = 'Your panel draws the rate against its position in the array. `snn.Curve("cur", …)` draws it against the current.'
NO_RATE = 'Your panel does not show the rate. `snn.Curve` takes the name of x, then that of y: "cur" and "rate".'
MOVING = "The y axis of your panel follows the curve. Fix it with `ylim`, so that a change is seen."
LISTS = "Put both controls in a list, then the panel in a list of its own, even if it is alone."
KEYWORDS = 'Ranges by name belong to `interact`. An `snn.Explorer` takes a list of sliders: `[snn.Slider("beta", …), …]`.'
NUMBERS = 'Your panel holds numbers. It needs names, "cur" and "rate": the Explorer calls `model` itself at each setting.'
ORDER = "The order is: the function, a list of controls, a list of panels."
RANGE = '`snn.Slider` takes its range without parentheses: `snn.Slider("beta", 0.5, 0.95)`.'
PANELS = 'A panel is an `snn.Curve`, as in `snn.Curve("cur", "rate", ylim=(0, 1))`. You pass something else.'
ONE_STAYS = "At some settings your Explorer does not show what `model` returns: perhaps a slider moves nothing. Pass it `model` itself."
FLAT = "Your y axis is much longer than the curve is high. A rate lies between 0 and 1."
CUT_X = "Your x axis cuts the curve off. The current runs from 0 to 1."
CUT = "Your y axis cuts the curve off. A rate lies between 0 and 1."


def check_explorer(answer: Attempt) -> None:
    """Let it explore models of ours: each control moves them, and the panel shows it all."""
    for _ in range(2):
        model = _rates(1 + torch.rand(()).item())
        explorer = _explorer(answer, model)
        _judge(explorer)
        refuse({OTHER: not _alike(explorer, model, dict(explorer.values))})
        moved = all(_alike(explorer, model, settings) for settings in explorer.extremes())
        refuse({ONE_STAYS: not moved})


def _rates(gain: float) -> Callable[[float, float], dict[str, Tensor]]:
    def rates(beta: float, threshold: float) -> dict[str, Tensor]:
        """Return the firing rate of a leaky neuron [spikes per step] under constant currents."""
        cur = torch.linspace(0, 1, 41)
        spk_rec, _ = snn.Leaky(beta, threshold).unroll(gain * cur.expand(50, 1, 41))
        return {"cur": cur, "rate": spk_rec.mean((0, 1))}

    return rates


def _alike(explorer: snn.Explorer, model: Any, settings: dict[str, Any]) -> bool:
    shown = torch.as_tensor(explorer.run(**settings)["rate"])
    return torch.equal(shown, model(**settings)["rate"])


def _explorer(answer: Attempt, model: Any) -> snn.Explorer:
    try:
        explorer = answer.changing(model)
    except WrongAnswer as reply:
        said = str(reply)
        refuse(
            {
                NO_SUCH_NAME: "`name in a panel` must be one of" in said,
                ORDER: "Received Curve in" in said or "Received Slider in" in said,
                TUPLES: "`controls` must be a list" in said,
                PANELS: "`panels` must be a list" in said,
                RANGE: "Slider.__init__() missing" in said,
                CALLED: "must be the name of a built-in model or a function" in said,
                LISTS: "is not iterable" in said or "Explorer.__init__() takes" in said,
                KEYWORDS: any(
                    f"unexpected keyword argument '{name}'" in said
                    for name in ("beta", "threshold")
                ),
                f"{said} {ORDER}": "Explorer.__init__() " in said,
                BOTH_CONTROLS: "must be one of 'beta', 'threshold'" in said,
            }
        )
        raise
    refuse({NOT_EXPLORER: not isinstance(explorer, snn.Explorer)})
    return explorer


def _judge(explorer: snn.Explorer) -> None:
    controls = {control.name: control for control in explorer.controls}
    refuse({BOTH_CONTROLS: set(controls) != {"beta", "threshold"}})
    for name, control in controls.items():
        narrow = isinstance(control, snn.Slider) and control.max - control.min < 3 * control.step
        refuse({NARROW.format(name=name): narrow})
    drawn = [panel for panel in explorer.panels if isinstance(panel, snn.Curve)]
    refuse(
        {
            NUMBERS: any(
                isinstance(name, Tensor) for panel in drawn for name in (panel.x, panel.series)
            )
        }
    )
    for settings in explorer.extremes():
        _try(explorer, settings)
    panels = len(explorer.panels)
    curves = [panel for panel in explorer.panels if isinstance(panel, snn.Curve)]
    shown = [panel for panel in curves if panel.x == "cur" and "rate" in _names(panel.series)]
    traces = any(isinstance(p, snn.Traces) and "rate" in _names(p.series) for p in explorer.panels)
    refuse({OVER_INDEX: traces and not shown, NO_RATE: not shown})
    refuse({ONE_PANEL.format(panels): panels > 1})
    for panel in shown:
        low, high = panel.ylim or (None, None)
        refuse({MOVING: low is None or high is None})
        left, right = panel.xlim or (None, None)
        refuse(
            {
                CUT: low > 0 or high < 1,  # pyright: ignore
                FLAT: low < -1 or high > 2,  # pyright: ignore
                CUT_X: (left or 0) > 0 or (1 if right is None else right) < 1,
            }
        )


def _try(explorer: snn.Explorer, settings: dict[str, Any]) -> None:
    try:
        explorer.run(**settings)
    except Exception as error:
        refuse({NO_SUCH_NAME: "`name in a panel`" in str(error)})
        said = ", ".join(f"{name} = {value}" for name, value in settings.items())
        raise WrongAnswer(FAILS.format(settings=said, error=f"{first_line(error)}.")) from None


def _names(series: Any) -> list[str]:
    return [series] if isinstance(series, str) else list(series)


def _explore(
    model: Any,
    beta: Any = (0.5, 0.95),
    threshold: Any = (0.5, 1.5),
    panel: Any = None,
) -> Any:
    controls = [snn.Slider("beta", *beta), snn.Slider("threshold", *threshold)]
    panel = panel or snn.Curve("cur", "rate", ylim=(0, 1))
    return snn.Explorer(model, controls, [panel])


_CONTROLS = [snn.Slider("beta", 0.5, 0.95), snn.Slider("threshold", 0.5, 1.5)]
_PANEL = snn.Curve("cur", "rate", ylim=(0, 1))


def _interactive(model: Any) -> Any:
    from ipywidgets import interactive

    return interactive(model, beta=(0.5, 0.95), threshold=(0.5, 1.5))


def _no_list(model: Any) -> Any:
    return snn.Explorer(model, _CONTROLS, _PANEL)  # pyright: ignore


def _given(controls: Any, model: Any) -> Any:
    return snn.Explorer(model, controls, [_PANEL])


def _one_control(model: Any) -> Any:
    panel = snn.Curve("cur", "rate", ylim=(0, 1))
    slider = snn.Slider("beta", 0.5, 0.95)
    return snn.Explorer(model, [slider], [panel], constants={"threshold": 1.0})


def _with_choice(model: Any) -> snn.Explorer:
    """Add labels, units and a title, and let the learner choose among thresholds."""
    beta = snn.Slider("beta", 0.5, 0.99, 0.01, value=0.9, label="decay β", unit="per step")
    threshold = snn.Slider("threshold", 0.4, 2.0, 0.1, value=1.0, label="threshold θ")
    series = {"rate": "spikes per step"}
    curve = snn.Curve("cur", series, xlabel="current", ylim=(-0.05, 1.05))
    return snn.Explorer(model, (threshold, beta), (curve,), title="Rates")


# --------------------------------------------------------------------------------------- 23.4

TAU_EXP = "Your τ belongs to β = exp(-1/τ). This neuron keeps 1 - 1/τ of its membrane in a step: solve that for τ."
TAU_BETA = "You divide by β. The neuron loses 1 - β in a step, and 1/τ is what it loses."
TAU_TURNED = "Your τ is turned over. 1/τ is what the neuron loses in a step, 1 - β."
GAIN_ONE = (
    "Your g is 1. Their neuron takes in a τ-th of its current, so that it would hear too little."
)
GAIN_TURNED = "Your g is turned over. Their neuron divides the current by τ: undo this."
GAIN_BETA = "Your g is 1/β. What must be undone is the division of the current by τ."
NOT_ALL_OF_IT = "You subtract θ. What their neuron subtracts at once leaks as the membrane does: one step later β r is left, and this must be θ."
TOO_LITTLE = "You subtract β θ, less than θ. It leaks once more before the next step: in the end β r must be θ."
ONLY_AT_ONE = "Your r is right for θ = 1 alone. It grows with the `threshold` that is passed."
SCALED_AMOUNT = "You multiply r by g. But g scales currents alone: the membrane and its threshold keep their size."
ADDED = "You add the share of θ that leaks. What you add leaks, too: β r must be θ."
OTHER_ORDER = "Your numbers are right, but in another order: τ, g, r."
APART = "This neuron would not spike as ours does. Write both equations for a step after a spike, and compare what stands before U, I and S."


def _draw_neurons() -> Iterator[tuple[float, float]]:
    """Draw decays and thresholds; none is near 1/2, where 1/β and 1/(1 - β) are one number."""
    for low, high in ((0.8, 0.95), (0.6, 0.75), (0.2, 0.4)):
        beta = low + (high - low) * torch.rand(()).item()
        yield beta, 0.3 + 0.4 * torch.rand(()).item()


def _moved(
    tau: Callable[[float], float] = lambda beta: 1 / (1 - beta),
    gain: Callable[[float], float] = lambda beta: 1 / (1 - beta),
    amount: Callable[[float, float], float] = lambda beta, threshold: threshold / beta,
) -> Callable[[float, float], tuple[float, float, float]]:
    return lambda beta, threshold: (tau(beta), gain(beta), amount(beta, threshold))


def _say_what_is_right(got: Tensor, right: Tensor, *case: Any) -> str:
    """Return the general reply, after the numbers of the three that are right."""
    close = torch.isclose(got.double(), right.double(), rtol=1e-4).tolist()
    fine = [name for name, same in zip(("τ", "g", "r"), close, strict=True) if same]
    said = f"Your {' and '.join(fine)} {'are' if fine[1:] else 'is'} right, the rest is not. "
    return f"{said if fine else ''}{APART}"


def _both_from(tau: Callable[[float], float]) -> Any:
    return _moved(tau, tau)


EXERCISES = [
    Exercise(
        id="23.1",
        title="An effect and its interval",
        name="my_effect",
        solution=my_effect,
        cases=_draw_accuracies,
        mistakes={
            OF_ALL: partial(_effect, spread=lambda gains: gains.std(correction=0)),
            NO_ROOT: partial(_effect, root=0.0),
            BY_N: partial(_effect, root=1.0),
            NO_T: lambda a, b, t: my_effect(a, b, 1.0),
            UNPAIRED: [partial(_effect, by=each) for each in (_both, _pooled, _average)],
            D_UNPAIRED: [
                _size_pooled,
                lambda a, b, t: ((a - b).mean() / _both(a, b), *my_effect(a, b, t)[1:]),
                lambda a, b, t: ((a - b).mean() / _average(a, b), *my_effect(a, b, t)[1:]),
            ],
            A_ALONE: partial(_effect, by=lambda a, b: a.std()),
            BOTH_OF_ALL: _of_all,
            AROUND_0: _around_0,
            AROUND_SIZE: _around_size,
            D_IN_INTERVAL: _d_and_root,
            ROUNDED: [_rounded, partial(_rounded, places=1), partial(_rounded, places=3)],
            TURNED: lambda a, b, t: my_effect(b, a, t),
            T_VALUE: _t_value,
            AROUND_D: _around_d,
            VARIANCE: partial(_effect, spread=torch.var),
            LAST: _last,
            ENDS: _ends,
            ROOT_LESS: partial(_root_of, lambda n: n - 1),
            FIXED_N: partial(_root_of, lambda n: 8),
            FIXED_T: [
                *(partial(_with_factor, factor) for factor in (1.96, 2.0, 2.365)),
                lambda a, b, t: my_effect(a, b, students_t(len(a) - 1)),
            ],
            TWICE: lambda a, b, t: my_effect(a, b, 2 * t),
            HALF: lambda a, b, t: my_effect(a, b, t / 2),
            ABSOLUTE: _absolute,
            SIGN_LOST: _sign_lost,
            POINTS: lambda a, b, t: my_effect(100 * a, 100 * b, t),
            MEAN_FIRST: _mean_first,
        },
        otherwise=_say_which_is_right,
        accepts=(_by_hand, _in_numpy),
        hints=(
            "Both options have the same seeds. What is left of a lucky seed when you subtract seed by seed?",
            "The effect size is a mean divided by a spread. The interval reaches t spreads of the *mean* to each side.",
            "`gains = a - b`. With `gains.mean()`, `gains.std()` and `len(gains) ** 0.5` you have all parts.",
        ),
        right="You can now tell a gain from luck.",
    ),
    Exercise(
        id="23.2",
        by_hand=True,
        title="A control",
        name="my_control",
        solution=my_control,
        cases=_draw_taus,
        run=_run_control,
        mistakes={
            NOTHING: lambda tau, gain, leaky: [gain(1 / tau), leaky(1 - 1 / tau)],
            LEAK_TOO: [_learns_leak, lambda tau, gain, leaky: experiments.learned(tau)],
            NO_GAIN: lambda tau, gain, leaky: [leaky(1 - 1 / tau)],
            SWAPPED: partial(_built, start=_rest, beta=_share),
            STARTS_AT_TAU: [
                partial(_built, start=_rest, beta=_rest),
                lambda tau, gain, leaky: [gain(0.5, learn=True), leaky(1 - 1 / tau)],
            ],
            BETA_OFF: [
                partial(_built, start=_share, beta=_share),
                lambda tau, gain, leaky: [gain(1 / tau, learn=True), leaky(0.9)],
                lambda tau, gain, leaky: [gain(1 / tau, learn=True), leaky(exp(-1 / tau))],
            ],
            ONE_TAU: lambda tau, gain, leaky: [gain(1 / 16, learn=True), leaky(1 - 1 / 16)],
            SUBTRACTS: _subtracts,
            AFTER: lambda tau, gain, leaky: [leaky(1 - 1 / tau), gain(1 / tau, learn=True)],
            NO_NEURON: lambda tau, gain, leaky: [gain(1 / tau, learn=True)],
            TWO_GAINS.format(2): lambda tau, gain, leaky: [
                gain(1 / tau, learn=True),
                gain(1 / tau),
                leaky(1 - 1 / tau),
            ],
            NOT_LAYERS: lambda tau, gain, leaky: 1 / tau,
        },
        otherwise="Your neuron does not start as the paper's does, or something else is learned. Gain: 1/τ, learned. β: 1 - 1/τ, fixed.",
        accepts=(
            lambda tau, gain, leaky: nn.ModuleList([gain(1 / tau, True), leaky(1 - 1 / tau)]),
            _scaled,
        ),
        hints=(
            "Write down what the paper's neuron changes when it learns τ. There are two things. Keep one of them fixed.",
            "`gain(start, learn=True)` is a layer that multiplies, `leaky(beta)` is a layer that leaks. Which values have they at first?",
            "Two layers in a list: the gain starts at 1/τ and is learned; β is 1 - 1/τ.",
        ),
        right="One thing is changed, everything else is as it was.",
    ),
    Exercise(
        id="23.3",
        by_hand=True,
        title="A function becomes an Explorer",
        name="my_explorer",
        solution=my_explorer,
        check=check_explorer,
        mistakes={
            CALLED: lambda model: _explore(model(0.9, 1.0)),
            NOT_EXPLORER: [
                lambda model: model,
                lambda model: [snn.Slider("beta", 0.5, 0.95), snn.Curve("cur", "rate")],
                _interactive,
            ],
            BOTH_CONTROLS: [
                _one_control,
                lambda model: snn.Explorer(model, [snn.Slider("β", 0.5, 0.95)], [_PANEL]),
            ],
            OVER_INDEX: partial(_explore, panel=snn.Traces("rate", ylim=(0, 1))),
            NO_RATE: [
                partial(_explore, panel=snn.Curve("rate", "cur", ylim=(0, 1))),
                partial(_explore, panel=snn.Bars("rate", ylim=(0, 1))),
            ],
            MOVING: partial(_explore, panel=snn.Curve("cur", "rate")),
            CUT: partial(_explore, panel=snn.Curve("cur", "rate", ylim=(0, 0.5))),
            OTHER: lambda model: _explore(_rates(0.5)),
            ONE_STAYS: lambda model: _explore(lambda beta, threshold: model(beta, 1.0)),
            LISTS: [
                _no_list,
                lambda model: snn.Explorer(model, *_CONTROLS, _PANEL),  # pyright: ignore
            ],
            KEYWORDS: lambda model: snn.Explorer(model, beta=(0.5, 0.95), threshold=(0.5, 1.5)),  # pyright: ignore
            NUMBERS: lambda model: _explore(model, panel=snn.Curve(*model(0.9, 1.0).values())),
            ORDER: [
                lambda model: snn.Explorer(model, [_PANEL], _CONTROLS),  # pyright: ignore
                lambda model: snn.Explorer(model, [*_CONTROLS, _PANEL], []),  # pyright: ignore
            ],
            PANELS: lambda model: snn.Explorer(model, _CONTROLS, ["cur", "rate"]),  # pyright: ignore
            RANGE: lambda model: _explore(model, beta=((0.5, 0.95),)),
            FLAT: partial(_explore, panel=snn.Curve("cur", "rate", ylim=(0, 100))),
            CUT_X: partial(_explore, panel=snn.Curve("cur", "rate", ylim=(0, 1), xlim=(0, 0.3))),
            NO_SUCH_NAME: [
                partial(_explore, panel=snn.Curve("x", "y", ylim=(0, 1))),
                partial(_explore, panel=snn.Curve("current", "rate", ylim=(0, 1))),
            ],
            TUPLES: [
                partial(_given, [("beta", 0.5, 0.95), ("threshold", 0.5, 1.5)]),
                partial(_given, ["beta", "threshold"]),
            ],
            ONE_PANEL.format(2): lambda model: snn.Explorer(model, _CONTROLS, [_PANEL, _PANEL]),
            NARROW.format(name="beta"): partial(_explore, beta=(0.5, 0.9, 0.2)),
        },
        wrong=(
            partial(_explore, beta=(0.5, 1.5)),
            partial(_explore, threshold=(-1.0, 1.0)),
        ),
        accepts=(_with_choice, partial(_explore, threshold=(0.5, 3.0, 0.5))),
        hints=(
            "Three parts: the function, its controls, its panels. A control has the name of an argument, a panel the names of what is returned.",
            '`snn.Slider("beta", 0.5, 0.95)` is a control. `snn.Curve("cur", "rate", ylim=(0, 1))` is a panel.',
            "`snn.Explorer(model, [one slider, the other slider], [panel])`. β stays below 1, θ above 0.",
        ),
        right="Any function of yours can be explored now.",
    ),
    Exercise(
        id="23.4",
        title="Move a neuron",
        name="my_move",
        solution=my_move,
        cases=_draw_neurons,
        mistakes={
            TAU_EXP: [
                _both_from(lambda beta: -1 / log(beta)),
                _moved(lambda beta: -1 / log(beta)),
            ],
            TAU_BETA: _both_from(lambda beta: 1 / beta),
            TAU_TURNED: [_both_from(lambda beta: 1 - beta), _moved(lambda beta: 1 - beta)],
            GAIN_ONE: [
                _moved(gain=lambda beta: 1.0),
                _moved(gain=lambda beta: 1.0, amount=lambda beta, threshold: threshold),
            ],
            GAIN_TURNED: _moved(gain=lambda beta: 1 - beta),
            GAIN_BETA: _moved(gain=lambda beta: 1 / beta),
            NOT_ALL_OF_IT: _moved(amount=lambda beta, threshold: threshold),
            TOO_LITTLE: _moved(amount=lambda beta, threshold: beta * threshold),
            ONLY_AT_ONE: _moved(amount=lambda beta, threshold: 1 / beta),
            SCALED_AMOUNT: [
                _moved(amount=lambda beta, threshold: threshold / beta / (1 - beta)),
                _moved(amount=lambda beta, threshold: threshold / (1 - beta)),
            ],
            ADDED: _moved(amount=lambda beta, threshold: threshold * (2 - beta)),
            OTHER_ORDER: [
                lambda beta, threshold: my_move(beta, threshold)[::-1],
                lambda beta, threshold: (1 / (1 - beta), threshold / beta, 1 / (1 - beta)),
            ],
        },
        otherwise=_say_what_is_right,
        accepts=(
            lambda beta, threshold: torch.tensor(my_move(beta, threshold)),
            lambda beta, threshold: list(my_move(beta, threshold)),
        ),
        hints=(
            "Put V into the first equation. What stands there before U[t-1], before I[t] and before S[t-1]? In ours: β, 1 and -θ.",
            "Three conditions: 1 - 1/τ = β, g/τ = 1, and (1 - 1/τ) r = θ.",
        ),
        right="Two conventions less that can surprise you.",
    ),
]

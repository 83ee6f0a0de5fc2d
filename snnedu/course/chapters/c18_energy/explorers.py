"""The explorer of this chapter: below which spike rate a layer of spikes costs less."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnedu.course.predict import in_explorer
from snnedu.silicon.energy import PRICES, Prices
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Curve, Slider

INPUTS = 100
RULES = ("operations and memory", "operations only")
Line = NDArray[np.float64]


def energy_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Drag steps, rate, fan-out, prices and rules of a layer with 100 inputs; see who is cheaper.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    times = np.arange(1, 26)

    def compare(
        steps: int, rate: float, outputs: int, busy: float, prices: str, rule: str
    ) -> dict[str, Any]:
        chosen, memory = PRICES[prices], rule == RULES[0]
        dense = busy / 100 * INPUTS * per_input(chosen, outputs, memory, multiply=True)
        spike = INPUTS * per_input(chosen, outputs, memory, multiply=False)
        update = outputs * per_update(chosen, outputs, memory)
        line = np.clip(100 * (dense - times * update) / (times * spike), 0, 100)
        cost = rate / 100 * steps * spike + steps * update
        here = float(line[steps - 1])
        cheaper = "cheaper" if cost < dense else "more expensive"
        return {"times": times, "line": line, "here": here, "cost": cost / dense,
                "cheaper": cheaper, "limit": _limit(here, steps)}  # fmt: skip

    return Explorer(
        partial(compare),  # without a name, it shows no code to copy
        [
            Slider("steps", 1, 25, 1, value=5, label="steps T"),
            Slider("rate", 0, 100, 1, value=60, label="spike rate", unit="% of steps"),
            Slider("outputs", 10, 1000, 10, value=100, label="fan-out", unit="neurons"),
            Slider("busy", 5, 100, 5, value=100, label="dense: inputs not 0", unit="%"),
            Choice("prices", tuple(PRICES)),
            Choice("rule", RULES, label="counted"),
        ],
        [
            Curve(
                "times", {"line": "break even"}, point=("steps", "rate"), xlim=(0, 26),
                ylim=(0, 100), xlabel="steps T", height=240,
                title="Spike rate (% of steps): below the line, spikes are cheaper",
            ),
        ],
        title="Where do spikes break even?",
        outcome="With T = {steps}, {limit}. At {rate} % (the dot) the spiking layer costs {cost:.2f} times as much as the dense one.",
        alt="Break-even spike rate against steps, for a layer with 100 inputs and {outputs} "
        "outputs, prices {prices}, {rule}: with T = {steps}, {limit}. A layer that fires at "
        "{rate} % lies where spikes are {cheaper}.",
        **(in_explorer(ask) if ask else {}),
        **more,
    )  # fmt: skip


def _limit(rate: float, steps: int) -> str:
    """Say which rate breaks even, or that none does."""
    if 0 < rate < 100:
        return f"{rate:.1f} % would break even: {rate / 100 * steps:.2f} spikes an input"
    return f"spikes are {'cheaper' if rate else 'more expensive'} at every rate"


def per_input(prices: Prices, outputs: int, memory: bool, multiply: bool) -> float:
    """Return what one input that is not zero costs, pJ: an operation for each output.

    With `memory`, each operation also reads a weight, and reads and writes a sum; the input itself
    is read once. As in `operations.count`, where zeros are skipped.
    """
    each = prices.add + (prices.multiply if multiply else 0.0)
    if not memory:
        return outputs * each
    each += prices.access(INPUTS * outputs) + 2 * prices.access(outputs)
    return outputs * each + prices.access(max(INPUTS, outputs))


def per_update(prices: Prices, outputs: int, memory: bool) -> float:
    """Return what one neuron costs at one step, pJ: leak, compare, read and write the membrane."""
    each = prices.multiply + 2 * prices.add
    return each + (2 * prices.access(outputs) if memory else 0.0)

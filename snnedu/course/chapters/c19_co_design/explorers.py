"""The explorer of this chapter: one neuron in integers, beside the same neuron in floats."""

from functools import partial
from typing import Any

import torch

from snnedu.core.neurons import Leaky
from snnedu.course.predict import in_explorer
from snnedu.silicon.integer_steps import OVERFLOWS, ROUNDINGS, int_leaky_step
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Slider, Traces

STEPS = 60
BURST, INHIBITION = slice(20, 22), slice(40, 42)  # when strong input comes
COUNTED = slice(20, 26)  # the pulse, and while it lasts


def integer_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Compare a leaky neuron in integers with one in floats, under a burst and an inhibition.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        partial(_compared),  # without a name, so that no line of code is offered
        [
            Slider("burst", 0.0, 2.5, 0.1, value=1.8, label="pulse and inhibition", unit="θ"),
            Slider("k", 1, 6, 1, value=3, label="shift k"),
            Slider("state_bits", 4, 12, 1, value=8, label="bits of the membrane"),
            Choice("headroom", ("2 θ", "4 θ", "8 θ"), label="largest membrane"),
            Choice("overflow", OVERFLOWS[::-1], label="overflow"),
            Choice("rounding", ROUNDINGS[1:] + ROUNDINGS[:1], label="rounding of the leak"),
        ],
        [
            Traces(
                {"mem": "integers"},
                spikes="spk",
                threshold=1.0,
                title="Membrane of the chip, U / θ, and its spikes",
                xlabel="step",
                ylim=(-6, 6),
                height=220,
            ),
            Traces(
                {"ideal": "floats"},
                spikes="ideal_spk",
                threshold=1.0,
                title="The same neuron in floats",
                xlabel="step",
                ylim=(-6, 6),
                height=160,
                given=True,
            ),
        ],
        title="One neuron, in integers and in floats",
        outcome="θ is the integer {theta}. Spikes in steps 20 to 25: {count} in integers, {wanted} in floats.",
        alt="Two membranes over 60 steps, a pulse at steps 20 and 21, and inhibition at 40 and 41. Spikes in steps 20 to 25: {count} in integers with {state_bits} bits, {wanted} in floats.",
        **(in_explorer(ask) if ask else {}),
        **more,
    )


def _compared(
    burst: float, k: int, state_bits: int, headroom: str, overflow: str, rounding: str
) -> dict[str, Any]:
    """Run both neurons; the chip's numbers in units of its threshold."""
    cur_rec = torch.full((STEPS, 1), 0.15)
    cur_rec[BURST] += burst
    cur_rec[INHIBITION] -= burst
    theta = (2 ** (state_bits - 1) - 1) // int(headroom[0])
    theta = max(theta, 1)
    mem, rows = torch.zeros(1, dtype=torch.int32), []
    for cur in (theta * cur_rec).round().int():
        spk, mem = int_leaky_step(
            cur[None],
            mem.view(1, 1),
            shift=k,
            threshold=theta,
            state_bits=state_bits,
            rounding=rounding,
            overflow=overflow,
            reset_mechanism="subtract",
        )
        rows.append((spk.item(), mem.item() / theta))
    spk, mem = torch.tensor(rows).T
    ideal_spk, ideal = Leaky(1 - 2.0**-k).unroll(cur_rec[:, None])
    return {
        "spk": spk, "mem": mem, "ideal_spk": ideal_spk[:, 0, 0], "ideal": ideal[:, 0, 0],
        "theta": theta, "count": int(spk[COUNTED].sum()), "wanted": int(ideal_spk[COUNTED].sum()),
    }  # fmt: skip

"""The explorer of this chapter: a neuron, written to a file, and read by somebody else."""

from functools import partial
from typing import Any

import torch

from snnedu.core.neurons import Leaky
from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Slider, Traces

STEPS, WRITER = 60, 1.0  # of the run; the time step of the network that is written, in ms
READERS = ("snnedu (knows our metadata)", "NIR's rules", "NIR's rules, r ignored")
FORMS = ("τ/dt", "1 (the weights carry it)")


def exchange_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Compare a neuron with what another program makes of its file.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        partial(_exchanged),  # without a name, so that no line of code is offered
        [
            Slider("tau", 2.0, 40.0, 1.0, value=10.0, label="time constant τ", unit="ms"),
            Choice("reset_mechanism", ("subtract", "zero", "none"), label="reset, original"),
            Choice("r", FORMS, label="r in the file"),
            Choice("reader", READERS, value=READERS[1], label="who reads"),
            Slider("dt", 0.1, 2.0, 0.1, value=1.0, label="dt of the reader", unit="ms"),
        ],
        [
            Traces(
                {"cur": "I"}, title="Input current I (θ), the same for both: first 0.75, then 0.4", xlabel="step",
                ylim=(0, 1), height=110, given=True,
            ),
            Traces(
                {"mem": "U"}, spikes="spk", threshold=1.0, xlabel="step", ylim=(-0.5, 2.6),
                title="The original: membrane U (θ) and spikes", height=150, given=True,
            ),
            Traces(
                {"their_mem": "U"}, spikes="their_spk", threshold=1.0, xlabel="step",
                ylim=(-0.5, 2.6), title="Read from the file: membrane U (θ) and spikes", height=150,
            ),
        ],
        title="One neuron, before and after",
        outcome="Spikes of the original: {count}. After reading: {their_count}. Steps where only one fires: {apart}.",
        alt="Input current over 60 steps; the original neuron's membrane with {count} spikes; the membrane of the neuron read from the file with {their_count} spikes. At {apart} steps only one of them fires.",
        **(in_explorer(ask) if ask else {}),
        **more,
    )  # fmt: skip


def current() -> torch.Tensor:
    """Return the input: a strong stretch and a weaker one, `[time]`, in units of θ."""
    cur = torch.full((STEPS,), 0.08)
    cur[5:25], cur[35:50] = 0.75, 0.4
    return cur


def reread(tau: float, reset_mechanism: str, r: str, reader: str, dt: float) -> tuple[Any, float]:
    """Return the neuron that a reader makes, and by how much it multiplies its input.

    All in ms. The original multiplies by 1. A file with r = 1 has τ/dt in its weights instead.
    """
    weight = 1.0 if r == FORMS[0] else tau / WRITER
    in_file = tau / WRITER if r == FORMS[0] else 1.0
    if reader == READERS[0]:
        dt, reset = WRITER, reset_mechanism  # it knows dt and the reset, and takes no other
    else:
        reset = "none" if reset_mechanism == "none" else "zero"
    gain = weight * (1.0 if reader == READERS[2] else in_file) * dt / tau
    beta = max(0.0, 1 - dt / tau)
    return Leaky(beta, reset_mechanism=reset), gain  # pyright: ignore[reportArgumentType]


def _exchanged(tau: float, reset_mechanism: str, r: str, reader: str, dt: float) -> dict[str, Any]:
    cur = current()
    original = Leaky(1 - WRITER / tau, reset_mechanism=reset_mechanism)  # pyright: ignore[reportArgumentType]
    other, gain = reread(tau, reset_mechanism, r, reader, dt)
    spk, mem = (part[:, 0, 0] for part in original.unroll(cur[:, None, None]))
    their_spk, their_mem = (part[:, 0, 0] for part in other.unroll(gain * cur[:, None, None]))
    return {
        "cur": cur, "mem": mem, "spk": spk, "their_mem": their_mem, "their_spk": their_spk,
        "count": int(spk.sum()), "their_count": int(their_spk.sum()),
        "apart": int((spk != their_spk).sum()),
    }  # fmt: skip

"""Online learning: what a step of e-prop costs beside a step that does not learn, and its memory.

The same recurrent layer on the same input, batch 1 and 32, and BPTT of the same layer.
"""

from collections.abc import Callable

import torch
from torch import Tensor

import snnedu as snn
from benchmarks.timing import Goal, Result, race

INPUTS, NEURONS = 700, 512
STEPS = (10, 100, 1000)


def run(quick: bool) -> list[Result]:
    """Return the time of a step, and what is kept over so many steps."""
    return [_time((1,) if quick else (1, 32)), _memory(STEPS[:2] if quick else STEPS)]


def _time(batches: tuple[int, ...]) -> Result:
    rows: list[dict[str, object]] = []
    ratios: list[float] = []
    for batch in batches:
        for name, neuron in (("leaky", snn.Leaky(0.9)), ("adaptive", snn.AdaptiveLeaky(0.9))):
            x = (torch.rand(batch, INPUTS) < 0.1).float()
            took = race({rule: _step(rule, neuron, x) for rule in ("forward", "eprop")})
            ratio = took["eprop"] / took["forward"]
            rows.append(
                {"neurons": name, "batch": batch, **{f"{rule} (ms)": t for rule, t in took.items()},
                 "ratio": ratio}
            )  # fmt: skip
            ratios += [ratio] if name == "leaky" else []
    goal = Goal("A step of e-prop, leaky neurons: forward steps, worst batch", max(ratios), 2,
                at_most=True)  # fmt: skip
    about = (
        f"{INPUTS} inputs, {NEURONS} recurrent neurons, input at a tenth of the lines. A forward "
        "step learns nothing; a step of e-prop is the same step, the traces and the gradient. The "
        "gradient is a matrix product of as many multiplications as the step itself, so that no "
        "step of e-prop costs less than two where products are all that counts. An adaptive neuron "
        "has a trace for each of its synapses and each sample, all of which must be read and "
        "written at every step."
    )
    return Result("Online learning: time", about, rows, [goal])


def _step(rule: str, neuron: snn.SpikingLayer, x: Tensor) -> Callable[[], None]:
    layer = snn.online.OnlineLayer(INPUTS, NEURONS, neuron, rule="eprop")
    frozen = snn.online.OnlineLayer(INPUTS, NEURONS, neuron, rule="bptt")
    frozen.load_state_dict(layer.state_dict())
    state = None
    signal = torch.rand(len(x), NEURONS)

    def forward() -> None:
        nonlocal state
        with torch.no_grad():
            _, state = frozen(x, state)

    def learn() -> None:
        nonlocal state
        out, state = layer(x, state)
        layer.weight.grad = None
        out.backward(signal)

    return forward if rule == "forward" else learn


def _memory(lengths: tuple[int, ...]) -> Result:
    kept = {rule: [_kept(rule, steps) for steps in lengths] for rule in ("eprop", "bptt")}
    rows: list[dict[str, object]] = [
        {"steps": steps, "e-prop (kB)": kept["eprop"][place], "BPTT (kB)": kept["bptt"][place]}
        for place, steps in enumerate(lengths)
    ]
    growth = kept["eprop"][-1] / kept["eprop"][0]
    goal = Goal(f"e-prop: memory after {lengths[-1]} steps, times that after {lengths[0]}", growth,
                1.01, at_most=True)  # fmt: skip
    about = "Adaptive neurons, 40 inputs, 50 neurons, batch 8: state, traces and saved tensors."
    return Result("Online learning: memory", about, rows, [goal])


def _kept(rule: str, steps: int) -> float:
    layer = snn.online.OnlineLayer(40, 50, snn.AdaptiveLeaky(0.9), rule=rule)
    x = (torch.rand(8, 40) < 0.2).float()
    most = 0

    def stream() -> None:
        nonlocal most
        state, loss = None, torch.zeros(())
        for _ in range(steps):
            out, state = layer(x, state)
            loss = loss + out.square().sum()
            most = max(most, snn.online.state_bytes(state))
            if rule != "bptt":
                loss.backward()
                loss = torch.zeros(())
        if rule == "bptt":
            loss.backward()

    return 1e-3 * (snn.peak_saved_bytes(stream) + most)

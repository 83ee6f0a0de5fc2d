"""A layer that learns by STDP while it runs, beside a loop over steps in torch.

Both run the same equations: `Plastic.learn` in compiled loops, the other from `pair_step`.
"""

import torch

from benchmarks.timing import Goal, Result, race
from snnedu.brains.plasticity import STDP, Plastic, pair_step

INPUTS, OUTPUTS, RATE = 1000, 100, 0.02  # spikes per input and step
RULE = STDP(a_plus=0.001, a_minus=0.0012)


def run(quick: bool) -> list[Result]:
    """Return how long 1,000 steps of 1,000 x 100 synapses take."""
    steps = 200 if quick else 1000
    draw = torch.Generator().manual_seed(0)
    x_rec = (torch.rand(steps, 1, INPUTS, generator=draw) < RATE).float()
    start = _layer().weight.clone()

    def compiled() -> Plastic:
        layer = _layer()
        layer.learn(x_rec)
        return layer

    torch.testing.assert_close(compiled().weight, _by_steps(x_rec), rtol=0, atol=1e-3)
    assert not torch.equal(compiled().weight, start), "nothing was learned"
    took = race({"snnedu": compiled, "torch, step by step": lambda: _by_steps(x_rec)})
    rows: list[dict[str, object]] = [{"loop": name, "ms": ms} for name, ms in took.items()]
    ratio = took["torch, step by step"] / took["snnedu"]
    goal = Goal("STDP while it runs, 1,000 x 100 synapses: a torch loop, times ours", ratio, 20)
    about = f"{steps} steps, inputs fire in {100 * RATE:g} % of them. Both change the same weights."
    return [Result("STDP: a layer that learns while it runs", about, rows, [goal])]


def _layer() -> Plastic:
    return Plastic(INPUTS, OUTPUTS, RULE, threshold=25.0, seed=0)


def _by_steps(x_rec: torch.Tensor) -> torch.Tensor:
    """Return the weights after the same steps, in torch."""
    layer = _layer()
    weight, mem, spk, y = layer.weight, *torch.zeros(3, OUTPUTS)
    x = torch.zeros(INPUTS)
    for now in x_rec[:, 0]:
        mem = layer.beta * (1 - spk) * mem + weight @ now
        spk = (mem > layer.threshold).float()
        weight, x, y = pair_step(weight, now, spk, x, y, dt=1.0, rule=RULE)
    return weight

"""A linear layer with a learned delay for each connection, beside DCLS, which had it first.

DCLS (Khalfaoui-Hassani, Pellegrini, Masquelier 2023, arXiv:2112.03740) is a convolution with
learnable spacings; Hammouamri et al. 2023 (arXiv:2306.17670) use it for delays. Its positions count
from the middle of the kernel, its width is |SIG| + 0.27.
"""

import importlib.util
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

import snnedu as snn
from benchmarks.timing import Goal, Result, race

INPUTS, OUTPUTS, LONGEST, SIGMA, FLOOR = 100, 128, 24, 3.0, 0.27


def run(quick: bool) -> list[Result]:
    """Return the time of forward and backward, after a check that both compute the same."""
    torch.manual_seed(0)
    layer = snn.DelayedLinear(INPUTS, OUTPUTS, LONGEST, sigma=SIGMA)
    x = (torch.rand(25 if quick else 100, 32, INPUTS) < 0.1).float()
    runs: dict[str, Callable[[], Any]] = {"snnedu": lambda: layer.unroll(x)[0]}
    if importlib.util.find_spec("DCLS"):
        theirs = _dcls(layer)
        runs["DCLS"] = lambda: _dcls_unroll(theirs, x)
        _check_equal(layer, theirs, runs)
    took = race(
        {name: lambda run=run: run().square().sum().backward() for name, run in runs.items()}
    )
    about = (
        f"{INPUTS} inputs, {OUTPUTS} outputs, delays of up to {LONGEST} steps, {len(x)} steps, "
        "batch 32, forward and backward. Outputs, and gradients by weights and delays, are equal "
        "to 1e-4, relative to their size."
    )
    rows: list[dict[str, object]] = [{"layer": name, "ms": ms} for name, ms in took.items()]
    goals = [Goal("Learned delays: against DCLS", took[name] / took["snnedu"], 1)
             for name in took if name != "snnedu"]  # fmt: skip
    return [Result("Learned delays", about, rows, goals)]


def _both(run: Callable[[], Any]) -> None:
    run().square().sum().backward()


def _dcls(layer: snn.DelayedLinear) -> Any:
    from DCLS.construct.modules import Dcls1d  # pyright: ignore[reportMissingImports]

    theirs = Dcls1d(INPUTS, OUTPUTS, kernel_count=1, dilated_kernel_size=LONGEST + 1)
    with torch.no_grad():
        theirs.weight.copy_(layer.weight[..., None])
        theirs.bias.copy_(layer.bias)
        theirs.P.copy_((LONGEST - layer.delay - (LONGEST + 1) // 2)[None, ..., None])
        theirs.SIG.fill_(SIGMA - FLOOR)
    theirs.SIG.requires_grad_(False)  # ours is lowered by hand, as in the paper
    return theirs


def _dcls_unroll(theirs: Any, x: Tensor) -> Tensor:
    line = nn.functional.pad(x.permute(1, 2, 0), (LONGEST, 0))  # [batch, inputs, time]
    return theirs(line).permute(2, 0, 1)


def _check_equal(layer: snn.DelayedLinear, theirs: Any, runs: dict[str, Callable[[], Any]]) -> None:
    ours, other = runs["snnedu"](), runs["DCLS"]()
    torch.testing.assert_close(ours, other, atol=1e-4 * float(ours.abs().max()), rtol=0)
    pick = torch.randn_like(ours)
    g_w, g_d = torch.autograd.grad((ours * pick).sum(), (layer.weight, layer.delay))
    t_w, t_p = torch.autograd.grad((other * pick).sum(), (theirs.weight, theirs.P))
    torch.testing.assert_close(g_w, t_w[..., 0], atol=1e-4 * float(g_w.abs().max()), rtol=0)
    torch.testing.assert_close(g_d, -t_p[0, ..., 0], atol=1e-4 * float(g_d.abs().max()), rtol=0)

"""A trained ANN, converted to a spiking network by snnedu and by SpikingJelly: the same outputs?

SpikingJelly's neurons start at rest; here its `v` begins at half a threshold, as ours do by default
and as its own option for thresholds by channel has it.
"""

import statistics
from typing import Any

import torch
from torch import Tensor, nn

import snnedu as snn
from benchmarks import peers
from benchmarks.timing import Goal, Result, race

STEPS, BATCH, TIES = 32, 100, 0.01  # share of outputs that a spike at the threshold may change
FEW, NETWORKS = 8, 4  # steps, and networks whose losses there are averaged


def run(quick: bool) -> list[Result]:
    """Return the time of converted networks for 32 steps, after a check that outputs agree."""
    (x, y), (x_test, y_test) = snn.data.mnist_small()
    anns = [_trained(x, y, 2 if quick else 20, seed) for seed in range(1 if quick else NETWORKS)]
    ann = anns[0]
    ours = snn.conversion.convert(ann, x)
    batch = x_test[:BATCH]
    calls = {"snnedu": lambda: snn.conversion.outputs(ours, batch, STEPS)}
    if "spikingjelly" not in peers.missing():
        theirs = _spikingjelly(ann, x)
        calls["spikingjelly"] = lambda: _outputs(theirs, batch)
        a, b = calls["snnedu"](), calls["spikingjelly"]()
        apart = ((a - b).abs() > 1e-3).float().mean().item()
        assert apart <= TIES, f"{apart:.1%} of the outputs differ"
    with torch.no_grad():
        took = race(calls)
    right = _right(ann(x_test), y_test)
    converted = _right(snn.conversion.outputs(ours, x_test, STEPS), y_test)
    rows: list[dict[str, object]] = [
        {"network": name, f"ms for {STEPS} steps": ms} for name, ms in took.items()
    ]
    about = (
        f"784-256-128-10 on MNIST's digits, a batch of {BATCH}, {STEPS} steps of constant input, "
        f"thresholds by the maximum. Of the outputs at least {1 - TIES:.0%} are equal to 0.001. "
        f"The ANN reads {right:.1f} % of {len(y_test):,} held-out digits, the converted network "
        f"{converted:.1f} %. At {FEW} steps thresholds are what 99 % of the activations do not "
        f"exceed, and the loss is the mean of {len(anns)} networks."
    )
    few = [_lost_at_few_steps(each, x, (x_test, y_test)) for each in anns]
    goals = [
        Goal(f"Converted network: points of accuracy lost at {steps} steps", lost, 0.5, "points",
             at_most=True)
        for steps, lost in ((STEPS, right - converted), (FEW, statistics.mean(few)))
    ]  # fmt: skip
    if "spikingjelly" in took:
        faster = took["spikingjelly"] / took["snnedu"]
        goals.append(Goal("Converted network: against SpikingJelly", faster, 1))
    return [Result("Conversion", about, rows, goals)]


def _lost_at_few_steps(ann: nn.Sequential, x: Tensor, test: tuple[Tensor, Tensor]) -> float:
    net = snn.conversion.convert(ann, x, percentile=99)
    with torch.no_grad():
        right = _right(ann(test[0]), test[1])
    return right - _right(snn.conversion.outputs(net, test[0], FEW), test[1])


def _trained(x: Tensor, y: Tensor, epochs: int, seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    ann = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(),
                        nn.Linear(128, 10))  # fmt: skip
    optimizer = torch.optim.Adam(ann.parameters(), 1e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(50):
            optimizer.zero_grad()
            nn.functional.cross_entropy(ann(x[batch]), y[batch]).backward()
            optimizer.step()
    return ann


def _spikingjelly(ann: nn.Module, x: Tensor) -> Any:
    from spikingjelly.activation_based import ann2snn, neuron

    def make(_: object) -> nn.Module:
        node = neuron.IFNode(v_threshold=1.0, v_reset=None)
        node.set_reset_value("v", 0.5)
        node.reset()
        return node

    recipe = ann2snn.RateCodingRecipe([(x, x)], neuron_factory=make)
    return ann2snn.Converter(recipe).convert(ann).eval()


def _outputs(net: Any, x: Tensor) -> Tensor:
    from spikingjelly.activation_based import functional

    functional.reset_net(net)
    with torch.no_grad():
        return torch.stack([net(x) for _ in range(STEPS)]).mean(0)


def _right(logits: Tensor, y: Tensor) -> float:
    return 100 * (logits.argmax(1) == y).float().mean().item()

"""How long does training take: one step, and all the way to a network that reads digits?"""

import statistics
import time
from collections.abc import Callable
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import snnedu as snn
from benchmarks import peers
from benchmarks.timing import Goal, Result, race, ratios
from snnedu.core.functional import accuracy_rate, ce_rate_loss

BETA, STEPS, BATCH, LEARNING_RATE = 0.9, 25, 128, 5e-3
ENOUGH, PATIENCE = 0.95, 100  # accuracy on the test set; epochs
Forward = Callable[[Tensor], Tensor]


class Make(Protocol):
    """Build an input-hidden-output network: a module from `[time, batch, input]` to spikes."""

    def __call__(self, sizes: tuple[int, int, int]) -> nn.Module: ...


class Snnedu(nn.Module):
    """A `Sequential`."""

    def __init__(self, sizes: tuple[int, int, int]) -> None:
        super().__init__()
        i, h, o = sizes
        self.net = snn.Sequential(
            nn.Linear(i, h), snn.Leaky(BETA), nn.Linear(h, o), snn.Leaky(BETA)
        )

    def forward(self, x_rec: Tensor, **options: int) -> Tensor:
        return self.net(x_rec, **options)[0]


class SnnTorch(nn.Module):
    """As in the library's tutorial 5: a loop over time."""

    def __init__(self, sizes: tuple[int, int, int]) -> None:
        super().__init__()
        import snntorch

        i, h, o = sizes
        self.fc1, self.fc2 = nn.Linear(i, h), nn.Linear(h, o)
        self.lif1, self.lif2 = snntorch.Leaky(beta=BETA), snntorch.Leaky(beta=BETA)

    def forward(self, x_rec: Tensor) -> Tensor:
        mem1, mem2, spikes = self.lif1.init_leaky(), self.lif2.init_leaky(), []
        for x in x_rec.unbind(0):
            spk1, mem1 = self.lif1(self.fc1(x), mem1)
            spk2, mem2 = self.lif2(self.fc2(spk1), mem2)
            spikes.append(spk2)
        return torch.stack(spikes)


class SpikingJelly(nn.Module):
    """In multi-step mode: layer by layer over time."""

    def __init__(self, sizes: tuple[int, int, int]) -> None:
        super().__init__()
        from spikingjelly.activation_based import functional, layer, neuron, surrogate

        def lif() -> nn.Module:
            return neuron.LIFNode(
                tau=1 / (1 - BETA), decay_input=False, v_reset=None, detach_reset=True,
                surrogate_function=surrogate.ATan(2.0),
            )  # fmt: skip

        i, h, o = sizes
        self.net = nn.Sequential(layer.Linear(i, h), lif(), layer.Linear(h, o), lif())
        functional.set_step_mode(self.net, "m")
        self.reset: Callable[[nn.Module], None] = functional.reset_net

    def forward(self, x_rec: Tensor) -> Tensor:
        self.reset(self.net)
        return self.net(x_rec)


class Norse(nn.Module):
    """A loop over cells."""

    def __init__(self, sizes: tuple[int, int, int]) -> None:
        super().__init__()
        from norse.torch import LIFBoxCell, LIFBoxParameters

        i, h, o = sizes
        p = LIFBoxParameters(tau_mem_inv=torch.tensor(1000 * (1 - BETA)))
        self.fc1, self.fc2 = nn.Linear(i, h), nn.Linear(h, o)
        self.lif1, self.lif2 = LIFBoxCell(p), LIFBoxCell(p)

    def forward(self, x_rec: Tensor) -> Tensor:
        state1, state2, spikes = None, None, []
        for x in x_rec.unbind(0):
            spk1, state1 = self.lif1(self.fc1(x) / (1 - BETA), state1)
            spk2, state2 = self.lif2(self.fc2(spk1) / (1 - BETA), state2)
            spikes.append(spk2)
        return torch.stack(spikes)


MAKERS: dict[str, Make] = {
    "snnedu": Snnedu, "snntorch": SnnTorch, "spikingjelly": SpikingJelly, "norse": Norse,
}  # fmt: skip


def networks(sizes: tuple[int, int, int], names: list[str]) -> dict[str, nn.Module]:
    """Return one network of each library that is there, all with the same weights."""
    gone, made = peers.missing(), {}
    for name in names:
        if name not in gone:
            torch.manual_seed(0)
            made[name] = MAKERS[name](sizes)
    weights = list(made["snnedu"].parameters())
    for net in made.values():
        for mine, same in zip(net.parameters(), weights, strict=True):
            mine.data.copy_(same.data)
    return made


def rate_loss(spk_rec: Tensor, targets: Tensor) -> Tensor:
    """The same loss for all, in plain torch: cross entropy at every step."""
    steps = len(spk_rec)
    return F.cross_entropy(spk_rec.flatten(0, 1), targets.repeat(steps))


def steps(quick: bool) -> list[Result]:
    """Return the time of one training step of two networks, on input of two kinds."""
    cases = [
        ("64-256-10", (64, 256, 10), True,
         Goal("Training step, 64-256-10: against snnTorch", 0, 5.5)),
        ("784-1000-10, constant input", (784, 1000, 10), True,
         Goal("Training step, 784-1000-10, constant input: against snnTorch", 0, 7)),
        ("784-1000-10, input that varies", (784, 1000, 10), False,
         Goal("Training step, 784-1000-10, input that varies: against snnTorch", 0, 1.6)),
    ]  # fmt: skip
    rows: list[dict[str, object]] = []
    goals: list[Goal] = []
    for name, sizes, constant, goal in cases:
        x = torch.rand(*(() if constant else (STEPS,)), BATCH, sizes[0])
        x_rec = x.expand(STEPS, *x.shape) if constant else x
        targets = torch.randint(sizes[-1], (BATCH,))
        nets = networks(sizes, ["snnedu", "snntorch", "spikingjelly"])
        _check(nets, x_rec, targets)
        calls = {key: _training_step(net, x_rec, targets) for key, net in nets.items()}
        times = race(calls, 0.3 if quick else 2.0)
        found = ratios(times)
        goal.value = found.get("snntorch", float("nan"))
        goals.append(goal)
        rows.append({"network": name, **times, **{f"× {key}": r for key, r in found.items()}})
    about = (
        f"Forward, loss, backward and Adam, {STEPS} steps of a batch of {BATCH}, in ms. Loss and "
        "gradients of snnTorch were ours, to 1e-5 of the largest. On constant input snnedu does "
        "the first matrix product once; the others do it at every step, as their tutorials do."
    )
    return [Result("A training step", about, rows, goals)]


def digits(quick: bool) -> list[Result]:
    """Return the seconds of training until the test accuracy is enough, in five runs each."""
    names = [n for n in ("snnedu", "snntorch", "spikingjelly") if n not in peers.missing()]
    rows: list[dict[str, object]] = []
    taken: dict[str, list[float]] = {}
    first = {name: _until_enough(name, 0, patience=1)[0] for name in names}
    for seed in range(1 if quick else 5):
        for name in names:
            seconds, epochs, accuracy = _until_enough(name, seed)
            taken.setdefault(name, []).append(seconds)
            rows.append({"seed": seed, "library": name, "seconds": seconds, "epochs": epochs,
                         "accuracy": accuracy})  # fmt: skip
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    found = ratios(medians)
    goals = [
        Goal("Digits to 95 %: against snnTorch", found.get("snntorch", float("nan")), 4),
        Goal("Digits to 95 %: against SpikingJelly", found.get("spikingjelly", float("nan")), 3),
    ]
    about = (
        f"Seconds of training (tests are not counted) until {ENOUGH:.0%} of the test digits are "
        f"read: 64-256-10, {STEPS} steps of constant input, Adam at {LEARNING_RATE}, same weights "
        "and batches. snnedu runs `fit`, with all that it reports; the others a bare loop. Each "
        "trained one epoch before: with its compiled loops to load, that took snnedu "
        f"{first['snnedu']:.1f} s."
    )
    return [Result("Seconds to read digits", about, rows, goals)]


def _training_step(net: nn.Module, x_rec: Tensor, targets: Tensor) -> Callable[[], float]:
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)

    def step() -> float:
        loss = rate_loss(net(x_rec), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def _check(nets: dict[str, nn.Module], x_rec: Tensor, targets: Tensor) -> None:
    """Loss and gradients equal those of snnTorch."""
    grads: dict[str, list[Tensor]] = {}
    for name in set(nets) & {"snnedu", "snntorch"}:
        loss = rate_loss(nets[name](x_rec), targets)
        parameters = list(nets[name].parameters())
        grads[name] = [loss.detach(), *torch.autograd.grad(loss, parameters)]
    for ours, theirs in zip(grads["snnedu"], grads.get("snntorch", grads["snnedu"]), strict=True):
        scale = theirs.abs().max().item()
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5 * scale)


def _until_enough(name: str, seed: int, patience: int = PATIENCE) -> tuple[float, int, float]:
    """Train one library's network; return seconds, epochs and the accuracy reached."""
    train, test = snn.data.digits()
    torch.manual_seed(seed)
    model = MAKERS[name]((64, 256, 10))
    if isinstance(model, Snnedu):
        history = snn.fit(
            model.net, train, test, encode=_constant, epochs=patience, batch_size=BATCH,
            lr=LEARNING_RATE, seed=seed, progress=False,
            on_epoch=lambda history: history.test_accuracy[-1] >= ENOUGH,
        )  # fmt: skip
        return sum(history.seconds), history.epochs, history.test_accuracy[-1]
    torch.manual_seed(seed)  # as `fit` does, so that the batches are the same
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    seconds, accuracy, epochs = 0.0, 0.0, 0
    while accuracy < ENOUGH and epochs < patience:
        start = time.perf_counter()
        for x, targets in snn.data.batches(train, BATCH):
            loss = ce_rate_loss(model(_constant(x)), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        seconds, epochs = seconds + time.perf_counter() - start, epochs + 1
        with torch.no_grad():
            accuracy = accuracy_rate(model(_constant(test[0])), test[1])
    return seconds, epochs, accuracy


def _constant(x: Tensor) -> Tensor:
    return x.expand(STEPS, *x.shape)

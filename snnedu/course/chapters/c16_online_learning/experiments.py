"""The experiments of 16 · Online learning: cues to count, and speech that is heard once."""

from collections.abc import Iterable, Iterator
from math import inf
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import snnedu as snn
from snnedu.core.layer import SpikingLayer

online = snn.online
LINES, CUE, GAP, ASK = 4, 3, 2, 4  # input lines of a side; steps of a cue, after it, and of the end
NEURONS = 32
TOGETHER = 10  # utterances that are heard at the same time


# ------------------------------------------------------------------------------------- memory


def kilobytes(rule: str, steps: int) -> float:
    """Return what 30 adaptive neurons keep of so many steps, batch 8: state, traces and graph."""
    layer = online.OnlineLayer(20, 30, snn.AdaptiveLeaky(0.9), rule=rule)
    x, most = (torch.rand(8, 20) < 0.2).float(), 0

    def stream() -> None:
        nonlocal most
        state, loss = None, torch.zeros(())
        for _ in range(steps):
            out, state = layer(x, state)
            loss = loss + out.square().mean()
            most = max(most, online.state_bytes(state))
            if rule != "bptt":  # learn at once, and keep no graph
                loss.backward()
                loss = torch.zeros(())
        if rule == "bptt":
            loss.backward()

    return 1e-3 * (snn.peak_saved_bytes(stream) + most)


# ------------------------------------------------------------------------------ cues to count


def damped(x: Tensor) -> Tensor:
    """Return the slope of Bellec et al. 2020: a triangle of height 0.3, 2 wide."""
    return 0.3 * (1 - x.abs()).clamp(min=0)


SLOPES = {"atan": snn.surrogate.atan(), "damped": snn.surrogate.custom(damped)}


def cue_task(
    count: int, generator: torch.Generator, cues: int = 3, wait: int = 8
) -> tuple[Tensor, Tensor]:
    """Return `x_rec` `[time, count, 10]` and the side, 0 or 1, that was cued more often.

    Each cue drives the four lines of its side for three steps. After a wait, lines 8 and 9 ask, for
    four steps. There is noise on lines 0 to 7. One cue is store-recall, three are accumulation.
    Raises `ValueError` if `cues` is even: both sides could have the same number.
    """
    if cues % 2 == 0:
        raise ValueError(f"`cues` must be odd, so that one side has more. Received {cues}.")
    steps = cues * (CUE + GAP) + wait + ASK
    x_rec = (torch.rand(steps, count, 2 * LINES + 2, generator=generator) < 0.04).float()
    x_rec[..., 2 * LINES :] = 0
    x_rec[-ASK:, :, 2 * LINES :] = 1
    sides = torch.randint(2, (cues, count), generator=generator)
    for number, side in enumerate(sides):
        start = number * (CUE + GAP)
        for which in (0, 1):
            lines = slice(which * LINES, (which + 1) * LINES)
            x_rec[start : start + CUE, side == which, lines] = 1
    return x_rec, (2 * sides.sum(0) > cues).long()


def adaptive(slope: str) -> SpikingLayer:
    """Return neurons whose thresholds remember for 5 to 50 steps."""
    rho = torch.exp(-1 / torch.linspace(5.0, 50.0, NEURONS))
    return snn.AdaptiveLeaky(0.8, rho, 3.0, spike_grad=SLOPES[slope])


def learner(
    rule: str, seed: int, slope: str = "atan", random: bool = False
) -> tuple[nn.Module, nn.Module]:
    """Return a recurrent layer of 32 adaptive neurons, and its readout."""
    torch.manual_seed(seed)
    layer = online.OnlineLayer(2 * LINES + 2, NEURONS, adaptive(slope), rule=rule)
    return layer, (online.FeedbackLinear if random else nn.Linear)(NEURONS, 2)


def train_cues(
    rule: str,
    seed: int,
    lr: float,
    *,
    slope: str = "atan",
    rounds: int = 100,
    cues: int = 3,
    wait: int = 8,
    random: bool = False,
    clip: float = inf,
    norms: list[float] | None = None,
) -> float:
    """Train on new sequences, with one update after each 32; return the share of right answers.

    `clip` is the largest norm that the gradient of the layer may have; `norms` collects what it had
    before, one number for each update.
    """
    layer, readout = learner(rule, seed, slope, random)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam([*layer.parameters(), *readout.parameters()], lr=lr)
    for _ in range(rounds):
        optimizer.zero_grad()
        answer(layer, readout, *cue_task(32, generator, cues, wait), learn=True)
        norm = nn.utils.clip_grad_norm_(layer.parameters(), clip)
        if norms is not None:
            norms.append(norm.item())
        optimizer.step()
    with torch.no_grad():
        x_rec, targets = cue_task(500, generator, cues, wait)
        votes = answer(layer, readout, x_rec, targets)
    return (votes.argmax(1) == targets).float().mean().item()


def train_all(rule: str, seeds: Iterable[int], lr: float, **more: Any) -> Tensor:
    """Return what `train_cues` returns, for each seed; by BPTT they learn side by side, as it is faster."""
    if rule == "bptt" and not more.keys() & {"slope", "random"}:
        return _side_by_side(list(seeds), lr, **more)
    return torch.tensor([train_cues(rule, seed, lr, **more) for seed in seeds])


def _side_by_side(
    seeds: list[int],
    lr: float,
    *,
    rounds: int = 100,
    cues: int = 3,
    wait: int = 8,
    clip: float = inf,
    norms: list[float] | None = None,
) -> Tensor:
    """Train a network for each seed by BPTT, all in one `[seeds, batch, ...]`.

    A step costs more in calls than in arithmetic, so eight networks take little longer than two.
    """
    layers, readouts = zip(*[learner("bptt", seed) for seed in seeds], strict=True)
    weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in layers]))
    into = nn.Parameter(torch.stack([readout.weight.detach() for readout in readouts]))
    bias = nn.Parameter(torch.stack([readout.bias.detach()[None] for readout in readouts]))
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    optimizer = torch.optim.Adam([weight, into, bias], lr=lr)

    def asked(count: int) -> tuple[Tensor, Tensor]:
        """Return the scores `[steps, seeds, count, 2]` of the last steps of new sequences, and the sides."""
        drawn = [cue_task(count, generator, cues, wait) for generator in generators]
        x_rec, sides = torch.stack([x for x, _ in drawn], 1), torch.stack([y for _, y in drawn])
        spk, state, scores = x_rec.new_zeros(*x_rec.shape[1:3], NEURONS), (), list[Tensor]()
        for t, x in enumerate(x_rec):
            spk, *state = layers[0].neuron(torch.cat([x, spk], -1) @ weight.mT, *state)
            if t >= len(x_rec) - ASK:
                scores.append(spk @ into.mT + bias)
        return torch.stack(scores), sides

    for _ in range(rounds):
        optimizer.zero_grad()
        scores, sides = asked(32)
        wrong = cross_entropy(scores.flatten(0, 2), sides.flatten().repeat(ASK), reduction="sum")
        (wrong / 32 / ASK).backward()
        assert weight.grad is not None
        norm = weight.grad.flatten(1).norm(dim=1)
        weight.grad *= (clip / (norm + 1e-6)).clamp(max=1)[:, None, None]  # as `clip_grad_norm_`
        if norms is not None:
            norms.extend(norm.tolist())
        optimizer.step()
    with torch.no_grad():
        scores, sides = asked(500)
    return (scores.sum(0).argmax(2) == sides).float().mean(1)


def likeness(seed: int, cues: int = 3) -> Tensor:
    """Return the cosine of the gradients of e-prop and BPTT for the new network, on one batch."""
    found = list[Tensor]()
    for rule in ("eprop", "bptt"):
        layer, readout = learner(rule, seed)
        batch = cue_task(32, torch.Generator().manual_seed(seed), cues)
        answer(layer, readout, *batch, learn=True)
        gradient = layer.get_parameter("weight").grad
        assert gradient is not None
        found.append(gradient.flatten())
    return torch.cosine_similarity(*found, dim=0)


def answer(
    layer: nn.Module, readout: nn.Module, x_rec: Tensor, targets: Tensor, learn: bool = False
) -> Tensor:
    """Stream through a batch; return the votes of the last steps, and add up gradients."""
    state, votes, loss = None, torch.zeros(len(targets), 2), torch.zeros(())
    for t, x in enumerate(x_rec):
        out, state = layer(x, state)
        if t < len(x_rec) - ASK:
            continue  # nobody asks: no learning signal
        y = readout(out)
        votes = votes + y.detach()
        loss = loss + cross_entropy(y, targets) / ASK
        if learn and layer.rule != "bptt":  # the gradient of this step, at once
            loss.backward()
            loss = torch.zeros(())
    if learn and layer.rule == "bptt":
        loss.backward()
    return votes


# ------------------------------------------------------------------------ speech, heard once


def utterances(order: str, seed: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield `[time, 10, 12]`, speakers and lengths: each utterance once, ten at the same time.

    `order` is "mixed" or "by speaker": all of the first man, then all of the second, and so on.
    """
    (x, speakers, lengths), _ = snn.data.japanese_vowels()
    places = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    if order == "by speaker":
        places = places[speakers[places].argsort(stable=True)]
    for some in places.split(TOGETHER):
        longest = int(lengths[some].max())
        yield x[some, :longest].transpose(0, 1), speakers[some], lengths[some]


class Listener:
    """Two layers of 48 leaky neurons, which learn by one rule, and a readout of nine speakers."""

    def __init__(self, rule: str, seed: int, lr: float) -> None:
        torch.manual_seed(seed)
        sizes = ((12, 48), (48, 48))
        self.rule = rule
        self.layers = nn.ModuleList(
            online.OnlineLayer(*size, snn.Leaky(0.9), rule=rule, recurrent=False) for size in sizes
        )
        self.readout = nn.Linear(48, 9)
        self.all = nn.ModuleList([self.layers, self.readout])
        self.optimizer = torch.optim.Adam(self.all.parameters(), lr=lr)

    def steps(self, x_rec: Tensor) -> Iterator[Tensor]:
        """Yield the scores `[batch, 9]` of each step."""
        states = [None] * len(self.layers)
        for x in x_rec:
            for number, layer in enumerate(self.layers):
                x, states[number] = layer(x, states[number])
            yield self.readout(x)

    def hear(self, x_rec: Tensor, speakers: Tensor, lengths: Tensor, at_once: bool = False) -> None:
        """Listen to ten utterances and learn at each step; update the weights there, or at the end.

        `at_once` updates them at each step, which BPTT cannot.
        """
        self.optimizer.zero_grad()
        loss = torch.zeros(())
        for t, scores in enumerate(self.steps(x_rec)):
            share = (t < lengths) / lengths / len(lengths)  # padding does not count
            loss = loss + (share * cross_entropy(scores, speakers, reduction="none")).sum()
            if self.rule != "bptt":
                loss.backward()
                loss = torch.zeros(())
            if at_once:
                self.optimizer.step()
                self.optimizer.zero_grad()
        if self.rule == "bptt":
            loss.backward()
        if not at_once:
            self.optimizer.step()

    def test(self) -> Tensor:
        """Return the share of right names for each of the nine speakers."""
        _, (x, speakers, lengths) = snn.data.japanese_vowels()
        real = snn.functional.length_mask(lengths, x.shape[1]).float()
        with torch.no_grad():
            scores = torch.stack(list(self.steps(x.transpose(0, 1))))
        right = ((scores * real[..., None]).sum(0).argmax(1) == speakers).float()
        return torch.stack([right[speakers == who].mean() for who in range(9)])


def hear_once(rule: str, order: str, seed: int, lr: float, at_once: bool = False) -> Tensor:
    """Return each speaker's share of right names after every utterance was heard once."""
    listener = Listener(rule, seed, lr)
    for heard in utterances(order, seed):
        listener.hear(*heard, at_once)
    return listener.test()

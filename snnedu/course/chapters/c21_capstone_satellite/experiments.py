"""The experiments of this chapter: passes as tensors, networks that keep events, their scores."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

import snnedu as snn
from snnedu.brains.plasticity import STDP, Plastic
from snnedu.silicon import sky
from snnedu.silicon.events import Events, denoise, frames
from snnedu.silicon.sky import Night, Pass, Score

STEPS, STEP = 80, 100.0  # a pass of 8 s in steps of 100 ms
BLOCK = 4  # pixels: an output neuron watches a block of 4 x 4
CROP = 24  # pixels: training sees squares of this side
PATCH = 8  # pixels: what an STDP neuron sees

# A sensor that is unlike the default one: duller, uneven, noisy, on a mount that turns.
STRANGE = Night(threshold=0.25, mismatch=0.2, noise=0.15, hot=0.01, twinkle=0.3, slew=0.3)

Film = Float[Tensor, "time 2 height width"]
Reports = Float[Tensor, "reports 3"]  # t in ms, y, x
Step = Callable[..., tuple[Tensor, Tensor]]  # a tracker's, as in exercise 21.2
Kept = Shaped[Tensor, "time rows columns"]  # above 0: which blocks are kept at which step


def passes(seeds: Iterable[int], night: Night | None = None) -> list[Pass]:
    """Simulate passes, one for each seed."""
    return [sky.simulate(seed, night=night) for seed in seeds]


def varied_passes(seeds: Iterable[int]) -> list[Pass]:
    """Simulate passes, each with a sensor of its own: most are worse than the default one.

    The default sensor lies near the edge of their range, `STRANGE` near its middle.
    """
    found = list[Pass]()
    for seed in seeds:
        u = torch.rand(6, generator=torch.Generator().manual_seed(seed)).tolist()
        night = Night(
            threshold=0.15 + 0.15 * u[0], mismatch=0.3 * u[1], noise=0.03 + 0.25 * u[2],
            hot=0.02 * u[3], twinkle=0.1 + 0.3 * u[4], slew=0.5 * u[5],
        )  # fmt: skip
        found.append(sky.simulate(seed, night=night))
    return found


def film(events: Events) -> Film:
    """Return events as spikes in steps of 100 ms: OFF in channel 0, ON in channel 1."""
    return frames(events, STEPS).clamp_(max=1)


def keep(events: Events, blocks: Kept) -> Events:
    """Return the events whose block is kept at the step in which they come."""
    step = (events.t / STEP).long().clamp(max=STEPS - 1)
    blocks = blocks > 0
    return events[blocks[step, events.y.long() // BLOCK, events.x.long() // BLOCK]]


def network_keeps(net: nn.Module) -> Callable[[Events], Events]:
    """Return a function that keeps the events of blocks in which the network's output fires."""

    def kept(events: Events) -> Events:
        with torch.no_grad():
            spk_rec, _ = net(film(events)[:, None])
        return keep(events, spk_rec[:, 0, 0] > 0)

    return kept


def filter_keeps(window: float) -> Callable[[Events], Events]:
    """Return a function that keeps events that a neighbor supports, see `denoise`."""
    return lambda events: denoise(events, window)


def turned(events: Events) -> Events:
    """Return events turned by 180°: as many of them as before, but unrelated to the satellite."""
    height, width = events.size
    return replace(events, x=width - 1 - events.x, y=height - 1 - events.y)


def judge(
    kept: Callable[[Events], Events], on: Sequence[Pass], *, advance: Step | None = None
) -> Score:
    """Return the score of a method over passes, with a tracker if `advance` is its step."""
    scores = list[Score]()
    for one in on:
        found = sky.as_found(kept(one.events))
        if advance:
            found = sky.track(found, steps=STEPS, size=one.events.size, advance=advance)
        scores.append(sky.score(found, one))
    return sky.total(scores)


def follow(
    kept: Callable[[Events], Events], on: Sequence[Pass], advance: Step = sky.track_step
) -> tuple[Score, Score, list[float]]:
    """Return the scores without and with the tracker, and each satellite's `delay` in ms."""
    alone, scores, late = list[Score](), list[Score](), list[float]()
    for one in on:
        found = sky.as_found(kept(one.events))
        alone.append(sky.score(found, one))
        reports = sky.track(found, steps=STEPS, size=one.events.size, advance=advance)
        scores.append(sky.score(reports, one))
        late.append(delay(reports, one))
    return sky.total(alone), sky.total(scores), late


def delay(reports: Reports, one: Pass, *, radius: float = 2.0, steps: int = 5) -> float:
    """Return from first view on how many ms pass until reports follow the satellite; inf if never.

    To follow is to lie within `radius` pixels of it for `steps` steps in a row: one report alone
    may be chance, as several false tracks are reported at any time.
    """
    near = (reports[:, 1:] - one.at(reports[:, 0])).norm(dim=-1) <= radius
    hit = torch.zeros(STEPS + 1)
    hit[(reports[near, 0] / STEP).round().long()] = 1
    followed = hit.unfold(0, steps, 1).amin(1).nonzero()
    if not len(followed):
        return float("inf")
    visible = float((~one.path[:, 0].isnan()).nonzero()[0]) * one.dt
    return (float(followed[0]) + steps - 1) * STEP - visible


def near_and_far(events: Events, one: Pass, radius: float = 3.0) -> tuple[int, int]:
    """Return how many events lie within some pixels of the satellite, and how many do not."""
    place = sky.as_found(events)[:, 1:]
    near = int(((place - one.at(events.t)).norm(dim=-1) <= radius).sum())
    return near, len(events) - near


def share_near(on: Sequence[Pass], radius: float = 3.0) -> float:
    """Return which share of all events lies within some pixels of the satellite."""
    near, far = torch.tensor([near_and_far(one.events, one, radius) for one in on]).sum(0).tolist()
    return near / (near + far)


# ----------------------------------------------------------------- a network learned by gradient


def distances(one: Pass) -> Float[Tensor, "time rows columns"]:
    """Return how far each block's center is from the satellite in the middle of each step, px."""
    at = one.at(torch.arange(STEPS) * STEP + STEP / 2).float()
    height, width = one.events.size
    rows, columns = (torch.arange(n // BLOCK) * BLOCK + (BLOCK - 1) / 2 for n in (height, width))
    centers = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), -1)
    return (centers - at[:, None, None]).norm(dim=-1).nan_to_num(1e3)


def train(
    net: nn.Module, on: Sequence[Pass], *, seed: int = 0, updates: int = 50, weight: float = 12.0
) -> nn.Module:
    """Train a detector on crops of passes: its membranes should tell where the satellite is.

    A block within 3 pixels of it should be above the threshold, one farther than 6 below; in
    between either is fine. The rare ones count `weight` times. Crops are turned and mirrored.
    """
    draw = torch.Generator().manual_seed(seed)
    films = [film(one.events).bool() for one in on]  # a quarter of the memory of floats
    away = [distances(one) for one in on]
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, total_steps=updates)
    for _ in range(updates):
        x_rec, distance = _crops(films, away, draw)
        _, mem_rec = net(x_rec)
        yes, no = (distance < 3).float(), (distance > 6).float()
        scaled = 3 * (mem_rec[:, :, 0] - 1)
        losses = nn.functional.binary_cross_entropy_with_logits(scaled, yes, reduction="none")
        share = weight * yes + no
        loss = (share * losses).sum() / share.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rates.step()
    return net


def _crops(
    films: Sequence[Tensor], away: Sequence[Tensor], draw: torch.Generator, batch: int = 16
) -> tuple[Tensor, Tensor]:
    """Return squares of the sky, [time, batch, ...]: every second one holds the satellite."""
    side, x_rec, distance = CROP // BLOCK, list[Tensor](), list[Tensor]()
    for number in range(batch):
        which = int(torch.randint(len(films), (), generator=draw))
        rows = films[which].shape[2] // BLOCK
        top, left = torch.randint(rows - side + 1, (2,), generator=draw).tolist()
        if number % 2:
            near = (away[which].amin(0) < 3).nonzero()
            if len(near):
                chosen = near[int(torch.randint(len(near), (), generator=draw))] - side // 2
                top, left = chosen.clamp(0, rows - side).tolist()
        seen = films[which][:, :, BLOCK * top :, BLOCK * left :][:, :, :CROP, :CROP]
        true = away[which][:, top : top + side, left : left + side]
        turns, mirrored = torch.randint(4, (2,), generator=draw).tolist()
        seen, true = seen.rot90(turns, (2, 3)), true.rot90(turns, (1, 2))
        if mirrored % 2:
            seen, true = seen.flip(3), true.flip(2)
        x_rec.append(seen)
        distance.append(true)
    return torch.stack(x_rec, 1).float(), torch.stack(distance, 1)


# -------------------------------------------------------------------- a network learned by STDP


def patches(events: Events) -> Float[Tensor, "time patches pixels"]:
    """Return what the neurons of each block see: 8 x 8 pixels around it, OFF and ON."""
    around = nn.functional.pad(film(events), [(PATCH - BLOCK) // 2] * 4)
    cut = around.unfold(2, PATCH, BLOCK).unfold(3, PATCH, BLOCK)  # [time, 2, rows, columns, 8, 8]
    return cut.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


def learn_features(on: Sequence[Pass], *, seed: int = 0, neurons: int = 12) -> Plastic:
    """Let neurons compete for busy patches of some passes; nobody tells them what is where."""
    rule = STDP(a_plus=0.02, a_minus=0.01, tau_plus=300.0, tau_minus=300.0)
    layer = Plastic(
        2 * PATCH**2, neurons, rule, beta=0.9, inhibition=5.0, theta_plus=0.02, theta_tau=1e5,
        total=20.0, threshold=0.7, dt=STEP, seed=seed,
    )  # fmt: skip
    draw = torch.Generator().manual_seed(seed)
    seen = torch.cat([_busy(patches(one.events)) for one in on], 1)
    layer.learn(seen[:, torch.randperm(seen.shape[1], generator=draw)[:2000]])
    return layer


def _busy(x_rec: Tensor, span: int = 10, least: int = 10) -> Tensor:
    """Return stretches of a second in which a patch has `least` events or more."""
    pieces = x_rec.unfold(0, span, span).permute(3, 0, 1, 2).flatten(1, 2)  # [span, samples, px]
    return pieces[:, pieces.sum((0, 2)) >= least]


def features_keep(layer: Plastic) -> Callable[[Events], Events]:
    """Return a function that keeps the events of blocks in which some neuron fires."""

    def kept(events: Events) -> Events:
        spk_rec = layer(patches(events))  # [time, blocks, neurons]
        side = events.size[1] // BLOCK
        return keep(events, (spk_rec.amax(2) > 0).unflatten(1, (-1, side)))

    return kept


def as_network(layer: Plastic) -> snn.Sequential:
    """Return the features as a convolution, which the energy report can count; no inhibition."""
    pad, neurons = (PATCH - BLOCK) // 2, len(layer.weight)
    convolution = nn.Conv2d(2, neurons, PATCH, stride=BLOCK, padding=pad, bias=False)
    with torch.no_grad():
        convolution.weight.copy_(layer.weight.view(-1, 2, PATCH, PATCH))
    neuron = snn.Leaky(layer.beta, threshold=layer.threshold, reset_mechanism="zero")
    return snn.Sequential(convolution, neuron)


def make_detector(seed: int) -> snn.Sequential:
    """Return the convolutional detector of this chapter, untrained: 2 x 64 x 64 to 16 x 16.

    A night sky is dark: with PyTorch's first weights the second layer never fires. So the first
    weights of both hidden layers are larger.
    """
    torch.manual_seed(seed)
    near = nn.Conv2d(2, 8, 5, stride=2, padding=2)
    wide = nn.Conv2d(8, 12, 5, stride=2, padding=2)
    last = nn.Conv2d(12, 1, 3, padding=1)
    with torch.no_grad():
        near.weight *= 5
        wide.weight *= 3
    betas = (0.9, 0.9, 0.8)
    first, second, third = (snn.Leaky(beta, learn_beta=True) for beta in betas)
    return snn.Sequential(near, first, wide, second, last, third)


def with_threshold(net: snn.Sequential, threshold: float) -> snn.Sequential:
    """Return a copy of a detector whose output neurons have another threshold."""
    net = copy.deepcopy(net)
    output: Any = net[-1]
    output.threshold = threshold
    return net


def mean_at(
    thresholds: Sequence[float], nets: Sequence[snn.Sequential], on: Sequence[Pass]
) -> dict[float, float]:
    """Return the mean informedness of some detectors for each threshold of their output."""
    scores: dict[float, list[float]] = {threshold: [] for threshold in thresholds}
    for net in nets:
        for threshold, found in _scores_at(thresholds, net, on).items():
            scores[threshold].append(sky.total(found).informedness)
    return {threshold: sum(found) / len(found) for threshold, found in scores.items()}


def _scores_at(
    thresholds: Sequence[float], net: snn.Sequential, on: Sequence[Pass]
) -> dict[float, list[Score]]:
    """Return the score of each pass. The hidden layers run once: only the output differs."""
    hidden, output = cast("tuple[snn.Sequential, snn.Sequential]", (net[:-2], net[-2:]))
    found: dict[float, list[Score]] = {threshold: [] for threshold in thresholds}
    for one in on:
        with torch.no_grad():
            spk_rec, _ = hidden(film(one.events)[:, None])
            for threshold, scores in found.items():
                blocks, _ = with_threshold(output, threshold)(spk_rec)
                kept = keep(one.events, blocks[:, 0, 0])
                scores.append(sky.score(sky.as_found(kept), one))
    return found

"""The experiments of 16 · Online learning: cues to count, and speech that is heard once."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import snnedu as snn
from snnedu.core.layer import SpikingLayer

online = snn.online
LINES, CUE, GAP, ASK = 4, 3, 2, 4  # input lines of a side; steps of a cue, after it, and of the end
NEURONS = 32


# ------------------------------------------------------------------------------ cues to count


def cue_task(
    count: int, generator: torch.Generator, cues: int = 3, wait: int = 8
) -> tuple[Tensor, Tensor]:
    """Return `x_rec` `[time, count, 10]` and the side, 0 or 1, that was cued more often.

    Each cue drives the four lines of its side for three steps. After a wait, lines 8 and 9 ask, for
    four steps. There is noise on lines 0 to 7. One cue is store-recall, three are accumulation.
    """
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


def adaptive() -> SpikingLayer:
    """Return neurons whose thresholds remember for 5 to 50 steps."""
    return snn.AdaptiveLeaky(0.8, torch.exp(-1 / torch.linspace(5.0, 50.0, NEURONS)), 3.0)


def learner(rule: str, seed: int, random: bool = False) -> tuple[nn.Module, nn.Module]:
    """Return a recurrent layer of 32 adaptive neurons, and its readout."""
    torch.manual_seed(seed)
    layer = online.OnlineLayer(2 * LINES + 2, NEURONS, adaptive(), rule=rule)
    return layer, (online.FeedbackLinear if random else nn.Linear)(NEURONS, 2)


def train_cues(
    rule: str, seed: int, lr: float, rounds: int = 150, cues: int = 3, random: bool = False
) -> float:
    """Train on new sequences, with one update after each 32; return the share of right answers."""
    layer, readout = learner(rule, seed, random)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam([*layer.parameters(), *readout.parameters()], lr=lr)
    for _ in range(rounds):
        optimizer.zero_grad()
        answer(layer, readout, *cue_task(32, generator, cues), learn=True)
        optimizer.step()
    with torch.no_grad():
        x_rec, targets = cue_task(500, generator, cues)
        votes = answer(layer, readout, x_rec, targets)
    return (votes.argmax(1) == targets).float().mean().item()


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


def utterances(order: str, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield `[time, 1, 12]` and speaker of each training utterance: "by speaker" or "mixed"."""
    (x, speakers, lengths), _ = snn.data.japanese_vowels()
    generator = torch.Generator().manual_seed(seed)
    places = torch.randperm(len(x), generator=generator)
    if order == "by speaker":
        places = places[speakers[places].argsort(stable=True)]
    for place in places.tolist():
        yield x[place, : lengths[place]].unsqueeze(1), speakers[place : place + 1]


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

    def hear(self, x_rec: Tensor, speaker: Tensor) -> None:
        """Listen to one utterance, learn at each step, and update the weights at its end."""
        self.optimizer.zero_grad()
        loss = torch.zeros(())
        for scores in self.steps(x_rec):
            loss = loss + cross_entropy(scores, speaker) / len(x_rec)
            if self.rule != "bptt":
                loss.backward()
                loss = torch.zeros(())
        if self.rule == "bptt":
            loss.backward()
        self.optimizer.step()

    def test(self) -> Tensor:
        """Return the share of right names for each of the nine speakers."""
        _, (x, speakers, lengths) = snn.data.japanese_vowels()
        real = (torch.arange(x.shape[1])[:, None] < lengths).float()
        with torch.no_grad():
            scores = torch.stack(list(self.steps(x.transpose(0, 1))))
        right = ((scores * real[..., None]).sum(0).argmax(1) == speakers).float()
        return torch.stack([right[speakers == who].mean() for who in range(9)])


def hear_once(rule: str, order: str, seed: int, lr: float) -> Tensor:
    """Return each speaker's share of right names after every utterance was heard once."""
    listener = Listener(rule, seed, lr)
    for x_rec, speaker in utterances(order, seed):
        listener.hear(x_rec, speaker)
    return listener.test()

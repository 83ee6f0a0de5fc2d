"""Models of a real neuron, the locust's receptor: fitted on some seconds, scored on the others.

All models see the same sound through a linear filter. `linear_nonlinear` turns it into a chance of
a spike; `fit` hands it as a current to spiking neurons, and learns by a surrogate gradient. Even
seconds of the recording are for learning, odd ones are held out, so that both halves tire alike.
"""

import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own abbreviation)
from torch import Tensor, nn

from snnedu.brains.recordings import coincidence, grasshopper
from snnedu.core import surrogate
from snnedu.core.neurons import AdaptiveLeaky, Leaky

LAGS = torch.arange(16, 64, 2)  # steps from the sound to the spike: 4 to 15.5 ms
BINS, BIN = 12, 8  # of the memory of own spikes: 24 ms, in steps of 2 ms
SECOND = 4000  # steps
WINDOW, START = 2000, 200  # steps of a training window; its first ones are not scored
COARSE, WIDTH = 4, 2  # steps in 1 ms; σ of the bell that blurs a spike, in ms
KINDS = ("Leaky", "AdaptiveLeaky")


def filtered(sound: Tensor) -> Tensor:
    """Return what the filter sees at each step: the standardized sound at each lag [time, lags]."""
    x = F.pad((sound - sound.mean()) / sound.std(), (int(LAGS.max()), 0))
    return torch.stack([x[int(LAGS.max()) - lag :][: len(sound)] for lag in LAGS.tolist()], 1)


def blurred(spk_rec: Tensor) -> Tensor:
    """Return spikes in steps of 1 ms, as bells of σ = 2 ms, so that near misses count.

    [time, n] -> [time / 4, n].
    """
    t = torch.arange(-4.0 * WIDTH, 4 * WIDTH + 1)
    bell = torch.exp(-(t**2) / (2 * WIDTH**2))
    coarse = F.avg_pool1d(spk_rec.T[:, None], COARSE)
    return F.conv1d(coarse, (bell / bell.sum())[None, None], padding=4 * WIDTH)[:, 0].T


def held_out(x_rec: Tensor) -> Tensor:
    """Return the odd seconds of a recording [time, ...], one after another."""
    return x_rec.reshape(-1, 2, SECOND, *x_rec.shape[1:])[:, 1].flatten(0, 1)


def known(x_rec: Tensor) -> Tensor:
    """Return the even seconds."""
    return x_rec.reshape(-1, 2, SECOND, *x_rec.shape[1:])[:, 0].flatten(0, 1)


def gamma(spk_rec: Tensor, cutoff: int = 200) -> Tensor:
    """Return Γ of each model [n] on the held-out seconds; `spk_rec` is the whole run [time, n]."""
    return coincidence(held_out(spk_rec), held_out(grasshopper(cutoff)[1]))


# ---------------------------------------------------------------- spiking neurons, by gradient


def fit(
    kind: str = "Leaky", cutoff: int = 200, seeds: int = 8, epochs: int = 200
) -> tuple[Tensor, Tensor]:
    """Fit neurons of a kind, one for each seed; return their spikes [time, seeds] and the loss.

    The loss [epochs, seeds] is the squared distance of blurred spikes, relative to that of a flat
    guess. What is kept of each neuron is its best epoch on the known seconds.
    """
    sound, real = grasshopper(cutoff)
    x_rec = filtered(sound)
    lin, neuron = _start(kind, seeds, linear_filter(cutoff))
    groups = [
        {"params": [*lin.parameters(), neuron.beta], "lr": 0.002},
        {"params": [p for n, p in neuron.named_parameters() if n == "rho"], "lr": 0.002},
        {"params": [p for n, p in neuron.named_parameters() if n == "adaptation"], "lr": 0.1},
    ]
    optimizer = torch.optim.Adam([group for group in groups if group["params"]])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    windows = _windows(known(x_rec))
    target = blurred(_windows(known(real[:, None])).flatten(1))[..., None]
    parameters = [*lin.parameters(), *neuron.parameters()]
    best, kept, losses = torch.full((seeds,), torch.inf), list[Tensor](), list[Tensor]()
    for _ in range(epochs):
        before = [p.detach().clone() for p in parameters]
        loss = _distance(neuron.unroll(lin(windows))[0], target)
        better = loss.detach() < best
        best = torch.where(better, loss.detach(), best)
        kept = [_choose(better, a, b) for a, b in zip(before, kept or before, strict=True)]
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        schedule.step()
        _keep_valid(neuron)
        losses.append(loss.detach())
    with torch.no_grad():
        for p, value in zip(parameters, kept, strict=True):
            p.copy_(value)
        return neuron.unroll(lin(x_rec)[:, None])[0][:, 0], torch.stack(losses)


def _start(kind: str, seeds: int, shape: Tensor) -> tuple[nn.Linear, Leaky | AdaptiveLeaky]:
    """Return a filter and a neuron for each seed: the shape is common, all else is drawn."""
    draw = [torch.rand(4, generator=torch.Generator().manual_seed(seed)) for seed in range(seeds)]
    gain, bias, beta, rho = torch.stack(draw, 1)
    lin = nn.Linear(len(shape), seeds)
    with torch.no_grad():
        lin.weight.copy_((0.015 + 0.015 * gain)[:, None] * shape / shape.norm())
        lin.bias.copy_(0.05 + 0.03 * bias)
    grad, beta = surrogate.fast_sigmoid(3), 0.92 + 0.04 * beta
    if kind == "Leaky":
        return lin, Leaky(beta, spike_grad=grad, learn_beta=True)
    rise = torch.full((seeds,), 5.0)
    return lin, AdaptiveLeaky(
        beta, 0.96 + 0.03 * rho, rise, spike_grad=grad,
        learn_beta=True, learn_rho=True, learn_adaptation=True,
    )  # fmt: skip


def _keep_valid(neuron: nn.Module) -> None:
    """Keep decays below 1 and the adaptation positive."""
    with torch.no_grad():
        for name, parameter in neuron.named_parameters():
            low, high = (0.01, 100.0) if name == "adaptation" else (0.5, 0.9999)
            parameter.clamp_(low, high)


def _windows(x_rec: Tensor) -> Tensor:
    """Cut a recording into windows, side by side: [time, n] -> [WINDOW, windows, n]."""
    return x_rec.view(-1, WINDOW, x_rec.shape[1]).transpose(0, 1)


def _distance(spk_rec: Tensor, target: Tensor) -> Tensor:
    """Return the relative squared distance of each seed: [WINDOW, windows, seeds] -> [seeds].

    `target` is blurred already: [WINDOW / 4, windows, 1].
    """
    out = blurred(spk_rec.flatten(1)).view(-1, *spk_rec.shape[1:])
    part = slice(START // COARSE, -4 * WIDTH)
    return (out - target)[part].square().mean((0, 1)) / target[part].var()


def _choose(better: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """Return `new` for the seeds that got better, `old` for the others."""
    return torch.where(better.view(-1, *[1] * (new.ndim - 1)), new, old)


# ---------------------------------------------------------------- a linear–nonlinear model


def linear_filter(cutoff: int = 200) -> Tensor:
    """Return the filter [lags] of the linear–nonlinear model: the shape that all models start from."""
    return _logistic(filtered(grasshopper(cutoff)[0]), cutoff)[: len(LAGS)]


def linear_nonlinear(cutoff: int = 200, memory: bool = False, draws: int = 8) -> Tensor:
    """Fit a chance of a spike at each step, draw from it, and return the spikes [time, draws].

        p[t] = σ(b + Σ_k w_k sound[t - lag_k])               with `memory`: + Σ_j h_j own spikes

    `memory` adds weights for the model's own spikes in the last 24 ms, so that it can learn to be
    refractory. Source: Truccolo et al. 2005, doi:10.1152/jn.00697.2004.
    """
    sound, real = grasshopper(cutoff)
    x_rec = filtered(sound)
    if memory:
        x_rec = torch.cat([x_rec, _own(real)], 1)
    weights = _logistic(x_rec, cutoff)
    drive = x_rec[:, : len(LAGS)] @ weights[: len(LAGS)] + weights[-1]
    after = weights[len(LAGS) : -1].repeat_interleave(BIN).flip(0)  # the oldest step comes first
    chance = torch.rand(len(sound), draws, generator=torch.Generator().manual_seed(0))
    spk_rec = torch.zeros(len(after) + len(sound), draws)
    for t, (sum_in, dice) in enumerate(zip(drive, chance, strict=True)):
        own = after @ spk_rec[t : t + len(after)] if memory else 0.0
        spk_rec[t + len(after)] = (dice < torch.sigmoid(sum_in + own)).float()
    return spk_rec[len(after) :]


def above_threshold(cutoff: int = 200) -> tuple[Tensor, float, float]:
    """Return spikes [time, 1] where the filtered sound exceeds a threshold, without dice or leak.

    After a spike there is none for a dead time. Threshold and dead time are those with the best Γ
    on the known seconds; the dead time (ms) and this Γ come second and third.
    """
    sound, real = grasshopper(cutoff)
    drive = filtered(sound) @ linear_filter(cutoff)
    levels = torch.quantile(known(drive), torch.linspace(0.3, 0.95, 14))
    level, dead = torch.cartesian_prod(levels, torch.arange(8.0, 41, 4)).T  # steps
    spk_rec, last = torch.zeros(len(drive), len(level)), torch.full((len(level),), -1e9)
    for t, now in enumerate(drive):
        spk_rec[t] = (now > level) & (t - last > dead)
        last = torch.where(spk_rec[t] > 0, float(t), last)
    scores = coincidence(known(spk_rec), known(real))
    best = int(scores.argmax())
    return spk_rec[:, best, None], float(dead[best]) * 1000 / SECOND, float(scores[best])


def _own(real: Tensor) -> Tensor:
    """Count the spikes in each of the last bins, without the present step: [time, BINS]."""
    past = F.pad(real.cumsum(0), (1 + BINS * BIN, 0))  # past[t + BINS * BIN]: spikes before t
    ends = [past[(BINS - j) * BIN :][: len(real)] for j in range(BINS + 1)]
    return torch.stack([ends[j] - ends[j + 1] for j in range(BINS)], 1)


def _logistic(x_rec: Tensor, cutoff: int) -> Tensor:
    """Return the weights of a logistic regression on the known seconds; the bias comes last."""
    x, spk = known(x_rec), known(grasshopper(cutoff)[1])
    weights = torch.zeros(x.shape[1] + 1)
    weights[-1] = -3.7
    weights.requires_grad_()
    optimizer = torch.optim.LBFGS([weights], max_iter=400, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        out = F.binary_cross_entropy_with_logits(x @ weights[:-1] + weights[-1], spk)
        out = out + 1e-4 * weights[: len(LAGS)].square().sum()  # lags resemble each other
        out = out + 1e-6 * weights[len(LAGS) : -1].square().sum()  # own spikes may weigh a lot
        out.backward()
        return out

    optimizer.step(loss)
    return weights.detach()

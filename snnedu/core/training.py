"""Training: a loop over batches that shows what happens, can be stopped, and can go on later.

    train, test = data.digits()
    constant = lambda x: x.expand(25, *x.shape)         # 25 steps of the same current
    history = fit(net, train, test, encode=constant, epochs=10)
    evaluate(net, test, encode=constant).accuracy

Data are a pair of tensors `(x, targets)`, samples first, or an iterable of such batches, a
`DataLoader` say. `encode` turns a batch `[batch, ...]` into a sequence `[time, batch, *features]`.
Without it samples are sequences already, `[batch, time, *features]`; time is moved to the front.

`loss` and `accuracy` are functions of `(spk_rec, targets)`, of the last layer's spikes. One whose
first argument is called `mem_rec`, as in `functional.ce_max_membrane_loss`, gets its membranes.
"""

import copy
import inspect
import math
import os
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard, cast

import torch
from torch import Tensor
from torch.optim import Adam, Optimizer

from snnedu.core import _check
from snnedu.core.data import batches
from snnedu.core.functional import accuracy_rate, ce_rate_loss
from snnedu.core.network import Recording, Sequential, State, detach

Batch = tuple[Tensor, Tensor]
Data = Batch | Iterable[Batch]
Encode = Callable[[Tensor], Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]
Accuracy = Callable[[Tensor, Tensor], float]
Penalty = Callable[[dict[str, Tensor]], Tensor]

LEARNING_RATE = 2e-3  # of Adam


@dataclass(repr=False)
class History:
    """What happened in training, one number for each complete epoch.

    `rates`: spikes per neuron and step, by layer. `grad_norms`: length of the gradient before it
    is clipped, by layer. `batch_loss`: one number for each batch, also of an epoch cut short.
    `stopped`: "" if all epochs were run, else by what: "Ctrl-C", "on_batch" or "on_epoch".
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)
    rates: dict[str, list[float]] = field(default_factory=dict)
    grad_norms: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    batch_loss: list[float] = field(default_factory=list)
    stopped: str = ""

    @property
    def epochs(self) -> int:
        """Number of complete epochs."""
        return len(self.loss)

    @property
    def best_epoch(self) -> int | None:
        """Epoch (from 1) of the best test accuracy, of the best loss without; None without test."""
        if not self.test_loss:
            return None
        scores = self.test_accuracy or [-loss for loss in self.test_loss]
        return 1 + max(range(len(scores)), key=lambda i: (scores[i], -self.test_loss[i]))

    def __repr__(self) -> str:
        shown = {"loss": self.loss, "accuracy": self.accuracy, "test_accuracy": self.test_accuracy}
        last = [f"{name}={values[-1]:.3f}" for name, values in shown.items() if values]
        stopped = [f"stopped by {self.stopped}"] if self.stopped else []
        return f"History({', '.join([f'{self.epochs} epochs', *last, *stopped])})"

    def add(self, reports: "list[Report]", seconds: float, tested: "Score | None") -> None:
        """Note one complete epoch."""
        scores = [Score(r.loss, r.accuracy, r.rates) for r in reports]
        mean = _mean(scores, [r.samples for r in reports])
        self.loss.append(mean.loss)
        self.seconds.append(seconds)
        if mean.accuracy is not None:
            self.accuracy.append(mean.accuracy)
        for name, rate in mean.rates.items():
            self.rates.setdefault(name, []).append(rate)
        for name, norm in _mean_norms([r.grad_norms for r in reports]).items():
            self.grad_norms.setdefault(name, []).append(norm)
        if tested is not None:
            self.test_loss.append(tested.loss)
            if tested.accuracy is not None:
                self.test_accuracy.append(tested.accuracy)


class Score(NamedTuple):
    """How well a network does, on average over samples; `rates` as in `History`."""

    loss: float
    accuracy: float | None
    rates: dict[str, float]


@dataclass(frozen=True)
class Report:
    """What `on_batch` is told; `epoch` and `batch` count from 1, the rest is as in `History`."""

    epoch: int
    batch: int
    samples: int
    loss: float
    accuracy: float | None
    rates: dict[str, float]
    grad_norms: dict[str, float]

    def __str__(self) -> str:
        accuracy = "" if self.accuracy is None else f", accuracy {self.accuracy:.0%}"
        return f"epoch {self.epoch}, loss {self.loss:.3f}{accuracy}"


def fit(
    net: Sequential,
    train: Data,
    test: Data | None = None,
    *,
    encode: Encode | None = None,
    loss: Loss = ce_rate_loss,
    accuracy: Accuracy | None = accuracy_rate,
    penalty: Penalty | None = None,
    epochs: int = 10,
    batch_size: int = 128,
    lr: float | None = None,
    optimizer: Optimizer | None = None,
    clip: float | None = None,
    truncate: int | None = None,
    seed: int | None = 0,
    keep_best: bool = False,
    checkpoint: str | Path | None = None,
    on_batch: Callable[[Report], object] | None = None,
    on_epoch: Callable[[History], object] | None = None,
    progress: bool = True,
) -> History:
    """Train `net` in place and return what happened. The network comes back in evaluation mode.

    `penalty`: a function of each layer's spikes by name, added to the loss, for example
    `lambda spk: functional.l1_rate_sparsity(spk["1"])`.
    `lr`: step size of Adam, 0.002 unless told; or pass an `optimizer` of your own.
    `clip`: gradients that are longer are shortened to this length.
    `truncate`: learn after so many steps and go on without their past (truncated BPTT); the loss
    sees one such stretch at a time.
    `seed`: governs what is drawn with torch in here; None takes torch's own random state.
    `keep_best`: end with the weights of `history.best_epoch`. As they were chosen by looking at
    `test`, it is no fair test any more.
    `checkpoint`: a file, written after each epoch. If it exists, training goes on from there, and
    ends bit for bit as if never interrupted (unless `train` has a random state of its own).
    `on_batch`, `on_epoch`: get a `Report` after each batch, the `History` after each epoch; return
    True to stop.

    Ctrl-C stops too: `net` keeps what was learned, the history is returned.
    Raises ValueError, before weights are touched, if input, loss or gradient is not finite.
    """
    _check_settings(net, test, epochs, batch_size, truncate, clip, keep_best)
    how = _How(encode, loss, accuracy, penalty)
    optimizer = _optimizer(net, optimizer, lr)
    settings = _settings(seed, batch_size, truncate, clip, optimizer)
    file = None if checkpoint is None else Path(checkpoint)
    with _seeded(seed, net):
        history, best = _load(file, net, optimizer, settings)
        bar = _progress_bar(progress, train, batch_size, history.epochs, epochs)
        try:
            while history.epochs < epochs:
                reports: list[Report] = []
                start = time.perf_counter()
                net.train()
                for x, targets in _batches(train, batch_size, shuffled=True):
                    place = history.epochs + 1, len(reports) + 1
                    with _located(*place):
                        score, norms = _learn(net, x, targets, how, optimizer, clip, truncate)
                    report = Report(*place, len(targets), *score, norms)
                    reports.append(report)
                    history.batch_loss.append(report.loss)
                    bar.update()
                    bar.set_postfix_str(str(report), refresh=False)
                    if on_batch is not None and on_batch(report):
                        raise _Stop("on_batch")
                seconds = time.perf_counter() - start
                tested = None
                if test is not None:
                    tested = _evaluate(net, test, how._replace(penalty=None), batch_size, seed)
                history.add(reports, seconds, tested)
                if keep_best and history.best_epoch == history.epochs:
                    best = copy.deepcopy(net.state_dict())
                _save(file, net, optimizer, settings, history, best)
                if on_epoch is not None and on_epoch(history):
                    raise _Stop("on_epoch")
        except (KeyboardInterrupt, _Stop) as stop:
            history.stopped = str(stop) if isinstance(stop, _Stop) else "Ctrl-C"
        finally:
            bar.close()
    if best is not None:
        net.load_state_dict(best)
    net.eval()
    return history


def evaluate(
    net: Sequential,
    data: Data,
    *,
    encode: Encode | None = None,
    loss: Loss = ce_rate_loss,
    accuracy: Accuracy | None = accuracy_rate,
    batch_size: int = 512,
    seed: int | None = 0,
) -> Score:
    """Return loss, accuracy and firing rates on `data`; `net` stays as it is.

    The arguments are those of `fit`. With the same `seed`, an encoder that draws at random draws
    the same.
    """
    _check.count("batch_size", batch_size)
    return _evaluate(net, data, _How(encode, loss, accuracy, None), batch_size, seed)


class _How(NamedTuple):
    encode: Encode | None
    loss: Loss
    accuracy: Accuracy | None
    penalty: Penalty | None

    def sequence(self, net: Sequential, x: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return the batch as `[time, batch, *features]` and the targets, where the network is."""
        device = next((p.device for p in net.parameters()), x.device)
        x, targets = x.to(device), targets.to(device)
        if self.encode is None and x.ndim < 3:
            raise ValueError(
                f"Without `encode` each sample must be a sequence, [time, *features]. Received a "
                f"batch {list(x.shape)}. For 25 steps of constant input pass "
                f"`encode=lambda x: x.expand(25, *x.shape)`."
            )
        x_rec = x.transpose(0, 1) if self.encode is None else self.encode(x)
        if x_rec.ndim < 2 or x_rec.shape[1] != len(targets):
            raise ValueError(
                f"`encode` must return [time, batch, *features] with a batch of {len(targets)}. "
                f"Received {list(x_rec.shape)}. Time comes first: `.transpose(0, 1)` swaps them."
            )
        _check_finite_input(x_rec)
        return x_rec, targets

    def objective(self, recordings: dict[str, Recording], targets: Tensor) -> Tensor:
        """Return the loss with, where there is one, the penalty on top."""
        loss = self.loss(_what_it_reads(self.loss, _last(recordings)), targets)
        if self.penalty is not None:
            loss = loss + self.penalty({name: rec.spk for name, rec in recordings.items()})
        if loss.ndim > 0:
            raise ValueError(
                f"`loss` must return one number. Received {list(loss.shape)}. Take its mean."
            )
        if not math.isfinite(loss.item()):
            name = getattr(self.loss, "__name__", repr(self.loss))
            raise ValueError(
                f"The loss must be finite. Received {loss.item()} from `{name}`, although all "
                f"membranes are finite. Look at the targets, the loss and the penalty."
            )
        return loss

    def score(self, loss: Tensor, recordings: dict[str, Recording], targets: Tensor) -> Score:
        """Return what is reported of a batch."""
        rates = {name: rec.spk.detach().mean().item() for name, rec in recordings.items()}
        accuracy = None
        if self.accuracy is not None:
            accuracy = self.accuracy(_what_it_reads(self.accuracy, _last(recordings)), targets)
        return Score(loss.item(), accuracy, rates)


def _learn(
    net: Sequential, x: Tensor, targets: Tensor, how: _How, optimizer: Optimizer,
    clip: float | None, truncate: int | None,
) -> tuple[Score, dict[str, float]]:  # fmt: skip
    """Learn from one batch; return how it was done, and the lengths of the gradients by layer."""
    x_rec, targets = how.sequence(net, x, targets)
    state: State | None = None
    scores: list[Score] = []
    norms: list[dict[str, float]] = []
    lengths: list[int] = []
    for stretch in x_rec.split(truncate or len(x_rec)):
        recordings, state = net.unroll(stretch, state)
        loss = how.objective(recordings, targets)
        optimizer.zero_grad()
        loss.backward()
        norms.append(_grad_norms(net))
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
        optimizer.step()
        state = detach(state)
        scores.append(how.score(loss, recordings, targets))
        lengths.append(len(stretch))
    return _mean(scores, lengths), _mean_norms(norms)


def _evaluate(net: Sequential, data: Data, how: _How, batch_size: int, seed: int | None) -> Score:
    scores: list[Score] = []
    sizes: list[int] = []
    with torch.no_grad(), _seeded(seed, net), _evaluating(net):
        for x, targets in _batches(data, batch_size, shuffled=False):
            x_rec, targets = how.sequence(net, x, targets)
            recordings, _ = net.unroll(x_rec)
            scores.append(how.score(how.objective(recordings, targets), recordings, targets))
            sizes.append(len(targets))
    return _mean(scores, sizes)


# ------------------------------------------------------------------------------------ the data


def _batches(data: Data, batch_size: int, shuffled: bool) -> Iterator[Batch]:
    """Yield batches; data that give none are an error, such as a generator that is used up."""
    empty = True
    if _is_pair(data):
        source = batches(data, batch_size) if shuffled else _in_order(data, batch_size)
    else:
        source = cast(Iterable[Batch], data)
    for x, targets in source:
        empty = False
        yield x, targets
    if empty:
        raise ValueError(
            "`train` and `test` must give at least one batch, in each epoch. Received none. "
            "Pass tensors, a list or a DataLoader; a generator is empty after one epoch."
        )


def _in_order(data: Batch, batch_size: int) -> Iterator[Batch]:
    return zip(data[0].split(batch_size), data[1].split(batch_size), strict=True)


def _is_pair(data: Data) -> TypeGuard[Batch]:
    return isinstance(data, tuple | list) and len(data) == 2 and isinstance(data[0], Tensor)


def _check_finite_input(x_rec: Tensor) -> None:
    x_rec = x_rec[:1] if x_rec.stride(0) == 0 else x_rec  # constant input: one step tells all
    if math.isfinite(x_rec.sum().item()) or bool(torch.isfinite(x_rec).all()):
        return
    sample = int((~torch.isfinite(x_rec.transpose(0, 1))).flatten(1).any(1).nonzero()[0])
    raise ValueError(
        f"The input must be finite. Received NaN or infinity in sample {sample} of the batch. "
        f"Look at the data and at `encode`."
    )


# ---------------------------------------------------------------------- what is measured


def _last(recordings: dict[str, Recording]) -> Recording:
    return list(recordings.values())[-1]


def _what_it_reads(function: Callable[..., Any], last: Recording) -> Tensor:
    """Return membranes for a function whose first argument is called `mem_rec`, else spikes."""
    try:
        first = next(iter(inspect.signature(function).parameters), "")
    except ValueError:  # built-in functions do not tell
        first = ""
    return last.mem if first == "mem_rec" else last.spk


def _mean(scores: list[Score], sizes: list[int]) -> Score:
    """Return the mean over batches of the given sizes."""

    def mean(values: list[float]) -> float:
        return sum(v * n for v, n in zip(values, sizes, strict=True)) / sum(sizes)

    accuracies = [score.accuracy for score in scores if score.accuracy is not None]
    return Score(
        mean([score.loss for score in scores]),
        mean(accuracies) if accuracies else None,
        {name: mean([score.rates[name] for score in scores]) for name in scores[0].rates},
    )


def _mean_norms(norms: list[dict[str, float]]) -> dict[str, float]:
    return {name: sum(n[name] for n in norms) / len(norms) for name in norms[0]}


def _grad_norms(net: Sequential) -> dict[str, float]:
    """Return the length of the gradient by layer; raise where one is not finite."""
    squares: dict[str, float] = defaultdict(float)
    for name, weight in net.named_parameters():
        if weight.grad is not None:
            layer = name.rpartition(".")[0]
            squares[layer] += torch.linalg.vector_norm(weight.grad).item() ** 2
    broken = [layer for layer, square in squares.items() if not math.isfinite(square)]
    if broken:
        raise ValueError(
            f"Gradients must be finite. Received NaN or infinity in layer {', '.join(broken)}. "
            f"Lower the learning rate, take a wider surrogate, or shorten gradients by `clip=1.0`."
        )
    return {layer: math.sqrt(square) for layer, square in squares.items()}


# ------------------------------------------------------------------- settings, state, progress


class _Stop(Exception):  # noqa: N818 (not an error)
    """A callback has asked to stop."""


def _check_settings(
    net: Sequential, test: Data | None, epochs: int, batch_size: int, truncate: int | None,
    clip: float | None, keep_best: bool,
) -> None:  # fmt: skip
    if not isinstance(net, Sequential):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(
            f"`net` must be a snnedu.Sequential. Received {type(net).__name__}. "
            f"Put its layers into one, or write the loop yourself."
        )
    _check.count("epochs", epochs)
    _check.count("batch_size", batch_size)
    if truncate is not None:
        _check.count("truncate", truncate)
    if clip is not None:
        _check.positive("clip", clip)
    if keep_best and test is None:
        raise ValueError("`keep_best` needs data to judge by. Received no `test`. Pass `test=...`.")
    for name, weight in net.named_parameters():
        if not bool(torch.isfinite(weight).all()):
            raise ValueError(
                f"Weights must be finite. Received NaN or infinity in {name!r}. "
                f"Make the network anew, or load earlier weights."
            )


def _settings(
    seed: int | None,
    batch_size: int,
    truncate: int | None,
    clip: float | None,
    optimizer: Optimizer,
) -> dict[str, Any]:
    """Return what must be equal when training goes on from a file."""
    settings = {"seed": seed, "batch_size": batch_size, "truncate": truncate, "clip": clip}
    return {**settings, "optimizer": str(optimizer)}


def _optimizer(net: Sequential, optimizer: Optimizer | None, lr: float | None) -> Optimizer:
    if optimizer is None:
        return Adam(net.parameters(), lr=LEARNING_RATE if lr is None else lr)
    if lr is not None:
        raise ValueError(
            "`lr` is for the optimizer that `fit` makes. Received `optimizer` as well. "
            "Leave one out."
        )
    return optimizer


@contextmanager
def _seeded(seed: int | None, net: Sequential) -> Generator[None]:
    """Draw from `seed` inside, and leave torch's own random state as it was."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(_cuda(net)):
        torch.manual_seed(seed)
        yield


@contextmanager
def _evaluating(net: Sequential) -> Generator[None]:
    modes = [(module, module.training) for module in net.modules()]
    net.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _cuda(net: Sequential) -> list[torch.device]:
    return list({p.device for p in net.parameters() if p.device.type == "cuda"})


@contextmanager
def _located(epoch: int, batch: int) -> Generator[None]:
    try:
        yield
    except Exception as error:
        error.add_note(f"This was epoch {epoch}, batch {batch}. The weights are those before it.")
        raise


def _save(
    file: Path | None, net: Sequential, optimizer: Optimizer, settings: dict[str, Any],
    history: History, best: dict[str, Any] | None,
) -> None:  # fmt: skip
    """Write all that the next epoch depends on, in one piece or not at all."""
    if file is None:
        return
    content = {
        "settings": settings, "net": net.state_dict(), "optimizer": optimizer.state_dict(),
        "history": asdict(history), "best": best, "random": torch.get_rng_state(),
        "random_cuda": [torch.cuda.get_rng_state(device) for device in _cuda(net)],
    }  # fmt: skip
    part = file.with_name(file.name + ".part")
    torch.save(content, part)
    os.replace(part, file)


def _load(
    file: Path | None, net: Sequential, optimizer: Optimizer, settings: dict[str, Any]
) -> tuple[History, dict[str, Any] | None]:
    """Go back to where the file was written; without one, start."""
    if file is None or not file.exists():
        return History(), None
    content = torch.load(file, map_location="cpu")
    changed = [k for k, value in settings.items() if content["settings"][k] != value]
    if changed:
        was = ", ".join(f"{k}={content['settings'][k]}" for k in changed)
        raise ValueError(
            f"To go on as if never interrupted, settings must not change. Received other ones than "
            f"{file} was written with: {was}. Pass these, or another `checkpoint` to start anew."
        )
    net.load_state_dict(content["net"])
    optimizer.load_state_dict(content["optimizer"])
    torch.set_rng_state(content["random"])
    for device, state in zip(_cuda(net), content["random_cuda"], strict=True):
        torch.cuda.set_rng_state(state, device)
    return History(**content["history"]), content["best"]


def _progress_bar(show: bool, data: Data, batch_size: int, done: int, epochs: int) -> Any:
    from tqdm.auto import tqdm  # a widget in notebooks, so not before it is needed

    samples = len(data[0]) if _is_pair(data) else None
    count = len(data) if isinstance(data, Sized) else None
    if samples is not None:
        count = math.ceil(samples / batch_size)
    total = None if count is None else count * epochs
    return tqdm(total=total, initial=done * (count or 0), unit="batch", disable=not show)

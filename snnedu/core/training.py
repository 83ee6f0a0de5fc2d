"""Training: a loop over batches that shows what happens, can be stopped and continued later.

    train, test = data.digits()                         # two pairs (x, labels), samples first
    constant = lambda x: x.expand(25, *x.shape)         # 25 steps of the same current
    history = fit(net, train, test, encode=constant, epochs=10)
    evaluate(net, test, encode=constant).accuracy

`fit` says what data, `encode`, `loss` and `accuracy` are. `batches` brings data to one form,
`history` holds what is reported, `checkpoint` what is saved.
"""

import copy
import inspect
import math
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from snnedu.core import _check, _mask
from snnedu.core._interrupt import Interrupts, Stopped
from snnedu.core._precision import wide, wide_dtype
from snnedu.core._processes import Processes
from snnedu.core.batches import Batches, Data
from snnedu.core.checkpoint import Checkpoint, cuda_devices
from snnedu.core.functional import accuracy_rate, ce_rate_loss, length_mask
from snnedu.core.history import History, Report, Score, mean_norms, mean_score
from snnedu.core.network import BATCH_NORM, Recording, Sequential, State, detach

Encode = Callable[[Shaped[Tensor, " batch *sample"]], Float[Tensor, "time batch *features"]]
Loss = Callable[[Float[Tensor, "time batch *outputs"], Shaped[Tensor, " batch *target"]], Tensor]
Accuracy = Callable[[Float[Tensor, "time batch *outputs"], Shaped[Tensor, " batch *target"]], float]
Penalty = Callable[[dict[str, Float[Tensor, "time batch *neurons"]]], Tensor]

LEARNING_RATE = 2e-3  # of Adam
PATIENCE = 10  # batches; a silent output that training can wake has fired by then


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
    scheduler: LRScheduler | None = None,
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

        train, test = snn.data.digits()     # each a pair (x, targets): [samples, 64], [samples]
        history = snn.fit(net, train, test, encode=lambda x: x.expand(25, *x.shape), epochs=10)

    Data
        `train`, `test`: a pair `(x, targets)` of tensors or NumPy arrays, samples first; a torch
            `Dataset` of such samples; or an iterable of batches, such as a `DataLoader`. A batch is
            a pair `(x, targets)`, x `[batch, ...]` and targets `[batch]`, class indices of any
            integer type. It is moved to the device of `net`. `test` is only looked at.
            Sequences of unequal length come as `(x, targets, lengths)` in each of these forms: x
            padded, lengths `[batch]` in steps. Padding then changes no number: see `loss`.
        `encode`: a function that turns the x of one batch, `[batch, ...]`, into a sequence for the
            network, `[time, batch, *features]`; time comes first. It is called on each batch.
            Without it the samples are sequences already, `[batch, time, *features]`, and the two
            axes are swapped.
        `batch_size`: samples per batch, of pairs and Datasets; a loader has its own.

    What is learned
        `loss`, `accuracy`: functions of `(spk_rec, targets)`, the last layer's spikes,
            `[time, batch, *outputs]`; see `functional`. A function whose first argument is called
            `mem_rec` gets the membranes. `loss` returns one number, `accuracy` 0 to 1; None: none.
            If the data have lengths, they and `penalty` are also given `mask=`, `[time, batch]`,
            True where a step counts: all losses and accuracies of `functional` take it.
        `penalty`: a function of each layer's spikes by name, added to the loss, for example
            `lambda spk: functional.l1_rate_sparsity(spk["1"])`.
        `truncate`: learn after so many steps and continue without their past (truncated BPTT); the
            loss sees one such stretch at a time.

    How it is learned
        `lr`: learning rate of Adam, 0.002 by default; or pass an `optimizer` of `net`'s weights.
        `scheduler`: one of `torch.optim.lr_scheduler`, made for that optimizer. It is stepped after
            each epoch; `ReduceLROnPlateau` gets the test loss, or the loss without a test.
        `clip`: gradients that are longer are shortened to this length.
        `seed`: governs what is drawn with torch in here; None uses torch's own random state.
        `keep_best`: end with the weights of `history.best_epoch`. As they were chosen by looking at
            `test`, it is no longer a fair test.

    Stopping and going on
        `checkpoint`: a file, written after each epoch. If it exists, training continues from there,
            and ends bit for bit as if never interrupted. Stored are weights, optimizer, scheduler,
            history, and torch's random state on CPU and CUDA. Not stored is what `fit` does not
            see: random states of `train`, `encode` or other devices, and what `on_epoch` keeps. A
            learning rate changed there is stored, but not what will change it next; a warning says
            so.
        `on_batch`, `on_epoch`: get a `Report` after each batch, the `History` after each epoch;
            return True to stop.
        Ctrl-C, and ■ in a notebook, raise `Interrupted` after the batch, so that a loop over seeds
            ends, too. `net` keeps what was learned; `sys.last_value.history` says what happened.

    Several processes
        `torchrun --nproc-per-node 2 train.py` runs a script in two processes, and `fit` lets them
        learn together: each from its share of every batch, the gradients averaged over all samples.
        The numbers are those of one process, up to rounding, if `loss` and `penalty` are means over
        samples; of a sum, such as `l1_rate_sparsity`, two processes take half. Give each process
        all the data, in the same order. `batch_size` is that of the whole batch. One progress bar
        is shown, and the first process alone reads and writes the `checkpoint`. `on_batch` and
        `on_epoch` are called in each process; one stops all. Layers that draw, such as Dropout,
        draw other numbers; batch norm is refused, but for `SyncBatchNorm`. On GPUs each process
        puts `net` on its own: `torch.device("cuda", int(os.environ["LOCAL_RANK"]))`.

    Raises ValueError or TypeError before the first epoch if arguments do not fit together, and
    before weights are touched if input, loss or gradient is not finite. Warns if the output layer
    never fires, after the first epoch (if that has 10 batches or more).
    """
    _check_network(net)
    _check_settings(net, test, epochs, batch_size, truncate, clip, keep_best)
    training = Batches("train", train, batch_size, shuffled=True)
    testing = None if test is None else Batches("test", test, batch_size, shuffled=False)
    if testing is not None:
        testing.check_first()
    optimizer, scheduler = _optimizer(net, optimizer, lr, scheduler)
    group = Processes(net)
    group.start_alike(net)
    how = _How(encode, loss, accuracy, penalty)
    learner = _Learner(net, how, optimizer, clip, truncate, group)
    settings = {"seed": seed, "batch_size": batch_size, "truncate": truncate, "clip": clip}
    file = Checkpoint(checkpoint, net, optimizer, scheduler, settings, group)
    with Interrupts() as interrupts, _seeded(seed, net), _evaluating_in_the_end(net):
        history, best = file.load()
        bar = _progress_bar(progress and group.rank == 0, training.count, history.epochs, epochs)
        try:
            while history.epochs < epochs:
                reports: list[Report] = []
                start = time.perf_counter()
                net.train()
                group.draw_alike()
                for batch in training:
                    place = history.epochs + 1, len(reports) + 1
                    if not reports:
                        group.check_alike(*batch)
                    with _located(*place):
                        score, norms = learner.learn(len(history.batch_loss), *batch)
                    report = Report(*place, len(batch[1]), *score, norms)
                    reports.append(report)
                    history.batch_loss.append(report.loss)
                    bar.update()
                    bar.set_postfix_str(str(report), refresh=False)
                    asked = on_batch is not None and bool(on_batch(report))
                    if group.agree(asked)[0]:
                        raise _Stop("on_batch")
                    group.pass_on(interrupts)
                seconds = time.perf_counter() - start
                tested = testing and _evaluate(net, testing, how, seed, interrupts, group)
                history.add(reports, seconds, tested)
                if group.rank == 0:
                    _warn_if_silent(history, len(reports), history.epochs == epochs, loss)
                _step(scheduler, history)
                if keep_best and history.best_epoch == history.epochs:
                    best = copy.deepcopy(net.state_dict())
                try:
                    stop = on_epoch is not None and bool(on_epoch(history))
                finally:  # saved afterwards: it may have changed the learning rate
                    file.save(history, best)
                if group.agree(stop)[0]:
                    raise _Stop("on_epoch")
                group.pass_on(interrupts)
        except (KeyboardInterrupt, _Stop) as stop:
            history.stopped = str(stop) if isinstance(stop, _Stop) else "Ctrl-C"
        finally:
            bar.close()
        if best is not None:
            net.load_state_dict(best)
        if history.stopped == "Ctrl-C":
            raise Interrupted(history)
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
    """Return loss, accuracy (0 to 1) and firing rates of `net` on `data`; `net` stays as it is.

        score = snn.evaluate(net, (x_test, targets_test), encode=lambda x: x.expand(25, *x.shape))
        score.accuracy, score.rates["1"]    # the share of right answers; spikes per neuron and step

    `data`: a pair `(x, targets)` of tensors or NumPy arrays, samples first, a torch `Dataset` or an
    iterable of such batches. `encode` turns the x of a batch, `[batch, ...]`, into a sequence,
    `[time, batch, *features]`; without it x is `[batch, time, *features]`. Data with
    lengths, `(x, targets, lengths)`, and all arguments are as in `fit`. With the same `seed`, an
    encoder that draws with torch draws the same.

    Raises ValueError or TypeError if the arguments do not fit together, or are not finite.
    """
    _check_network(net)
    _check.count("batch_size", batch_size)
    batches = Batches("data", data, batch_size, shuffled=False)
    with Interrupts() as interrupts:
        how = _How(encode, loss, accuracy, None)
        return _evaluate(net, batches, how, seed, interrupts, Processes(None))


class Interrupted(Stopped):
    """Training was stopped by Ctrl-C, or ■; `history` is what happened until then."""

    def __init__(self, history: History) -> None:
        super().__init__(
            f"Training was stopped after batch {len(history.batch_loss)}. The network keeps what "
            f"it has learned: later cells can use it, and `fit` can train it further."
        )
        self.history = history


class _How(NamedTuple):
    encode: Encode | None
    loss: Loss
    accuracy: Accuracy | None
    penalty: Penalty | None

    def sequence(
        self, net: Sequential, x: Tensor, targets: Tensor, lengths: Tensor | None = None
    ) -> tuple[Tensor, Tensor, _mask.Mask | None]:
        """Return `[time, batch, *features]`, targets and the mask, where the network is."""
        device = next((p.device for p in net.parameters()), x.device)
        x, targets = x.to(device), targets.to(device)
        if self.encode is None and x.ndim < 3:
            raise ValueError(
                f"Without `encode` each sample must be a sequence, [time, *features]. Received a "
                f"batch {list(x.shape)}. For 25 steps of constant input pass "
                f"`encode=lambda x: x.expand(25, *x.shape)`."
            )
        x_rec = x.transpose(0, 1) if self.encode is None else self.encode(x)
        if not isinstance(x_rec, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"`encode` must return a tensor, [time, batch, *features]. "
                f"Received {type(x_rec).__name__}. Turn it into one with `torch.as_tensor`."
            )
        if x_rec.ndim < 2 or x_rec.shape[1] != len(targets):
            raise ValueError(
                f"`encode` must return [time, batch, *features] with a batch of {len(targets)}. "
                f"Received {list(x_rec.shape)}. Time comes first: `.transpose(0, 1)` swaps them."
            )
        _check_finite_input(x_rec)
        if lengths is None:
            return x_rec, targets, None
        _check_padding(net)
        for name in ("loss", "accuracy", "penalty"):
            _check_takes_mask(name, getattr(self, name))
        return x_rec, targets, length_mask(lengths.to(device), len(x_rec))

    def objective(
        self, recordings: dict[str, Recording], targets: Tensor, mask: _mask.Mask | None
    ) -> Tensor:
        """Return the loss with, where there is one, the penalty on top."""
        masked = _masked(mask)
        loss = self.loss(_read(self.loss, _last(recordings)), targets, **masked)
        if self.penalty is not None:
            loss = loss + self.penalty({n: rec.spk for n, rec in recordings.items()}, **masked)
        is_tensor = isinstance(loss, Tensor)  # pyright: ignore[reportUnnecessaryIsInstance]
        shape = list(loss.shape) if is_tensor else type(loss).__name__
        if shape != []:
            raise ValueError(
                f"`loss` must return a tensor of one number. Received {shape}. Take its mean."
            )
        if not math.isfinite(loss.item()):
            name = getattr(self.loss, "__name__", repr(self.loss))
            raise ValueError(
                f"The loss must be finite. Received {loss.item()} from `{name}`, although all "
                f"membranes are finite. Look at the targets, the loss and the penalty."
            )
        return loss

    def score(
        self, loss: Tensor, recordings: dict[str, Recording], targets: Tensor,
        mask: _mask.Mask | None,
    ) -> Score:  # fmt: skip
        """Return what is reported of a batch."""
        rates = {name: _rate(rec.spk.detach(), mask) for name, rec in recordings.items()}
        accuracy = None
        if self.accuracy is not None:
            accuracy = self.accuracy(
                _read(self.accuracy, _last(recordings)), targets, **_masked(mask)
            )
        return Score(loss.item(), accuracy, rates)


@dataclass
class _Learner:
    net: Sequential
    how: _How
    optimizer: Optimizer
    clip: float | None
    truncate: int | None
    group: Processes

    def learn(self, number: int, *batch: Tensor) -> tuple[Score, dict[str, float]]:
        """Learn from one batch; return how it was done, and the lengths of gradients by layer."""
        x_rec, targets, mask = self.how.sequence(self.net, *batch)
        _check_cut(self.truncate, mask)
        x_rec, targets, mask, share = self.group.share(x_rec, targets, mask)
        state: State | None = None
        scores: list[Score] = []
        norms: list[dict[str, float]] = []
        lengths: list[int] = []
        for stretch in x_rec.split(self.truncate or len(x_rec)):
            with self.group.drawing_apart(number):
                recordings, state = self.net.unroll(stretch, state)
            loss = self.how.objective(recordings, targets, mask)
            self.optimizer.zero_grad()
            loss.backward()
            self.group.average_gradients(self.net.parameters(), share)
            norms.append(_grad_norms(self.net))
            if self.clip is not None:
                _clip(self.net, self.clip)
            self.optimizer.step()
            state = detach(state)
            score = self.how.score(loss, recordings, targets, mask)
            scores.append(self.group.mean(score, share))
            lengths.append(len(stretch))
        return mean_score(scores, lengths), mean_norms(norms)


def _evaluate(
    net: Sequential, data: Batches, how: _How, seed: int | None, interrupts: Interrupts,
    group: Processes,
) -> Score:  # fmt: skip
    how = how._replace(penalty=None)
    scores: list[Score] = []
    sizes: list[int] = []
    with torch.no_grad(), _seeded(seed, net), _evaluating(net):
        for batch in data:
            x_rec, targets, mask = how.sequence(net, *batch)
            x_rec, targets, mask, share = group.share(x_rec, targets, mask)
            recordings, _ = net.unroll(x_rec)
            loss = how.objective(recordings, targets, mask)
            scores.append(group.mean(how.score(loss, recordings, targets, mask), share))
            sizes.append(len(batch[1]))
            group.pass_on(interrupts)
    return mean_score(scores, sizes)


def _step(scheduler: LRScheduler | None, history: History) -> None:
    if isinstance(scheduler, ReduceLROnPlateau):
        scheduler.step((history.test_loss or history.loss)[-1])
    elif scheduler is not None:
        scheduler.step()


def _check_finite_input(x_rec: Tensor) -> None:
    x_rec = x_rec[:1] if x_rec.stride(0) == 0 else x_rec  # constant input: one step tells all
    if math.isfinite(x_rec.sum().item()) or bool(torch.isfinite(x_rec).all()):
        return
    sample = int((~torch.isfinite(x_rec.transpose(0, 1))).flatten(1).any(1).nonzero()[0])
    raise ValueError(
        f"The input must be finite. Received NaN or infinity in sample {sample} of the batch. "
        f"Look at the data and at `encode`."
    )


def _check_padding(net: Sequential) -> None:
    if net.training and any(isinstance(m, BATCH_NORM) for m in net.modules()):
        raise ValueError(
            "Batch norm would take its statistics from the padding, too. Received sequences with "
            "lengths. Take batches of one length, without lengths, or no batch norm."
        )


def _check_takes_mask(name: str, function: Callable[..., Any] | None) -> None:
    try:
        parameters = {} if function is None else inspect.signature(function).parameters
    except ValueError:  # built-in functions do not tell
        return
    kinds = {parameter.kind for parameter in parameters.values()}
    if parameters and "mask" not in parameters and inspect.Parameter.VAR_KEYWORD not in kinds:
        raise TypeError(
            f"`{name}` must take `mask`, [time, batch], since the data have lengths. Received a "
            f"function of {', '.join(parameters)}. Hand `mask` on to a function of `functional`: "
            f"`lambda spk_rec, targets, mask: ce_count_loss(spk_rec, targets, mask=mask)`."
        )


def _check_cut(truncate: int | None, mask: _mask.Mask | None) -> None:
    if truncate is not None and mask is not None:
        raise ValueError(
            "`truncate` needs sequences of one length: after a cut, some would have ended. "
            "Received sequences with lengths. Leave `truncate` unset."
        )


# ---------------------------------------------------------------------- what is measured


def _last(recordings: dict[str, Recording]) -> Recording:
    return list(recordings.values())[-1]


def _read(function: Callable[..., Any], last: Recording) -> Tensor:
    return last.mem if _reads_membranes(function) else last.spk


def _reads_membranes(function: Callable[..., Any]) -> bool:
    """Return whether the first argument of the function is called `mem_rec`."""
    try:
        return next(iter(inspect.signature(function).parameters), "") == "mem_rec"
    except ValueError:  # built-in functions do not tell
        return False


def _rate(spk_rec: Tensor, mask: _mask.Mask | None) -> float:
    """Return spikes per neuron and step; a mean over samples, whatever their lengths."""
    if mask is None:
        return spk_rec.mean(dtype=wide_dtype(spk_rec)).item()
    each = spk_rec.flatten(2).mean(-1, dtype=wide_dtype(spk_rec))
    return _mask.mean_over_time(each, mask).mean().item()


def _masked(mask: _mask.Mask | None) -> dict[str, Any]:
    return {} if mask is None else {"mask": mask}


def _grad_norms(net: Sequential) -> dict[str, float]:
    """Return the length of the gradient by layer; raise where one is not finite."""
    squares: dict[str, float] = defaultdict(float)
    for name, weight in net.named_parameters():
        if weight.grad is not None:
            layer = name.rpartition(".")[0]
            norm = torch.linalg.vector_norm(weight.grad, dtype=wide_dtype(weight.grad))
            squares[layer] += norm.item() ** 2
    broken = [layer for layer, square in squares.items() if not math.isfinite(square)]
    if broken:
        raise ValueError(
            f"Gradients must be finite. Received NaN or infinity in layer {', '.join(broken)}. "
            f"Lower the learning rate, take a wider surrogate, or shorten gradients by `clip=1.0`."
        )
    return {layer: math.sqrt(square) for layer, square in squares.items()}


def _clip(net: Sequential, length: float) -> None:
    """Shorten the gradient; its length is taken in 32 bits, which do not overflow as 16 do."""
    weights = [weight for weight in net.parameters() if weight.grad is not None]
    total = nn.utils.get_total_norm([wide(w.grad) for w in weights if w.grad is not None])
    nn.utils.clip_grads_with_norm_(weights, length, total)


def _warn_if_silent(history: History, batches: int, last_epoch: bool, loss: Loss) -> None:
    """Warn once that nothing is learned from a silent output: after `PATIENCE`, or at the end."""
    silent = [name for name, rates in history.rates.items() if max(rates) == 0]
    last, seen = list(history.rates)[-1], len(history.batch_loss)
    due = seen - batches < PATIENCE <= seen or (last_epoch and 1 < seen < PATIENCE)
    if due and last in silent and not _reads_membranes(loss):
        warnings.warn(
            f"The output layer {last!r} has not fired in {seen} batches, so it says the same "
            f"of every class, and the loss stays where it is. Silent layers: {', '.join(silent)}. "
            f"Wake every layer, from the first (tutorial 05): larger weights before it, a lower "
            f"threshold, or more input.",
            stacklevel=3,
        )


# ------------------------------------------------------------------------- settings, progress


class _Stop(Exception):  # noqa: N818 (not an error)
    """A callback has asked to stop."""


def _check_network(net: Any) -> None:
    if isinstance(net, Sequential):
        return
    inside: list[nn.Module] = list(net.modules()) if isinstance(net, nn.Module) else []
    if any(isinstance(module, Sequential) for module in inside):  # torch.compile, DataParallel
        advice = "Pass the snnedu.Sequential inside it: they share their weights."
    else:
        advice = "Put its layers into one, or write the loop yourself."
    raise TypeError(f"`net` must be a snnedu.Sequential. Received {type(net).__name__}. {advice}")


def _check_settings(
    net: Sequential, test: Data | None, epochs: int, batch_size: int, truncate: int | None,
    clip: float | None, keep_best: bool,
) -> None:  # fmt: skip
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
                f"Build the network again, or load earlier weights."
            )


def _optimizer(
    net: Sequential, optimizer: Any, lr: float | None, scheduler: Any
) -> tuple[Optimizer, LRScheduler | None]:
    """Return both after a look at them; a scheduler brings its own optimizer along."""
    if scheduler is not None and not isinstance(scheduler, LRScheduler):
        raise TypeError(
            f"`scheduler` must be one of torch.optim.lr_scheduler, made for the optimizer. "
            f"Received {scheduler!r}. Pass `StepLR(optimizer, step_size=5)`, for example."
        )
    if optimizer is None and scheduler is not None:
        optimizer = scheduler.optimizer
    weights = {id(weight) for weight in net.parameters() if weight.requires_grad}
    if not weights:
        raise ValueError(
            "`net` must have weights to learn. Received none that require a gradient. "
            "Add a layer such as `nn.Linear`, or call `net.requires_grad_()`."
        )
    if optimizer is None:
        return Adam(net.parameters(), lr=LEARNING_RATE if lr is None else lr), None
    if lr is not None:
        raise ValueError(
            "`lr` is for the optimizer that `fit` makes. Received `optimizer` or `scheduler` as "
            "well. Leave one out."
        )
    _check_optimizer(optimizer, weights)
    _check_scheduler(optimizer, scheduler)
    return optimizer, scheduler


def _check_optimizer(optimizer: Any, weights: set[int]) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"`optimizer` must be made for the network. Received {optimizer!r}. "
            f"Pass `torch.optim.Adam(net.parameters(), lr=0.002)`, for example."
        )
    if not any(id(w) in weights for group in optimizer.param_groups for w in group["params"]):
        raise ValueError(
            f"`optimizer` must hold weights of `net`. Received a {type(optimizer).__name__} of "
            f"other weights, such as those of another network or a copy. "
            f"Make it from `net.parameters()`."
        )


def _check_scheduler(optimizer: Optimizer, scheduler: LRScheduler | None) -> None:
    if scheduler is None:
        return
    if scheduler.optimizer is not optimizer:
        raise ValueError(
            "`scheduler` must be made for `optimizer`. Received one of another optimizer. "
            "Pass both that belong together, or the scheduler alone."
        )
    if isinstance(scheduler, ReduceLROnPlateau) and scheduler.mode != "min":
        raise ValueError(
            f"`scheduler` is told the loss, which should fall. Received a ReduceLROnPlateau with "
            f"mode={scheduler.mode!r}. Make it with mode='min'."
        )
    for group in optimizer.param_groups:  # what it started from; not all schedulers note it
        group.setdefault("initial_lr", group["lr"])


@contextmanager
def _seeded(seed: int | None, net: Sequential) -> Generator[None]:
    """Draw from `seed` inside, and leave torch's own random state as it was."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(cuda_devices(net)):
        torch.manual_seed(seed)
        yield


@contextmanager
def _evaluating(net: Sequential) -> Generator[None]:
    with _keeping_modes(net):
        net.eval()
        yield


@contextmanager
def _evaluating_in_the_end(net: Sequential) -> Generator[None]:
    """Leave the network in evaluation mode; as it was if something is raised."""
    with _keeping_modes(net):
        yield
    net.eval()


@contextmanager
def _keeping_modes(net: Sequential) -> Generator[None]:
    modes = [(module, module.training) for module in net.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def _located(epoch: int, batch: int) -> Generator[None]:
    try:
        yield
    except Exception as error:
        error.add_note(f"This was epoch {epoch}, batch {batch}. The weights are those before it.")
        raise


def _progress_bar(show: bool, count: int | None, done: int, epochs: int) -> Any:
    from tqdm.auto import tqdm  # a widget in notebooks, so not before it is needed

    total = None if count is None else count * epochs
    hidden: dict[str, Any] = {} if show else {"disable": True}  # by default TQDM_DISABLE decides
    return tqdm(total=total, initial=done * (count or 0), unit="batch", **hidden)

"""What happened in training: a `Report` on a batch, the `History` of epochs, a test's `Score`."""

from dataclasses import dataclass, field
from typing import NamedTuple


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
        mean = mean_score(scores, [r.samples for r in reports])
        self.loss.append(mean.loss)
        self.seconds.append(seconds)
        if mean.accuracy is not None:
            self.accuracy.append(mean.accuracy)
        for name, rate in mean.rates.items():
            self.rates.setdefault(name, []).append(rate)
        for name, norm in mean_norms([r.grad_norms for r in reports]).items():
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


def mean_score(scores: list[Score], sizes: list[int]) -> Score:
    """Return the mean over batches of the given sizes."""

    def mean(values: list[float]) -> float:
        return sum(v * n for v, n in zip(values, sizes, strict=True)) / sum(sizes)

    accuracies = [score.accuracy for score in scores if score.accuracy is not None]
    return Score(
        mean([score.loss for score in scores]),
        mean(accuracies) if accuracies else None,
        {name: mean([score.rates[name] for score in scores]) for name in scores[0].rates},
    )


def mean_norms(norms: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean over batches, layer by layer."""
    return {name: sum(n[name] for n in norms) / len(norms) for name in norms[0]}

"""Watch a network learn, and stop it when you have seen enough."""

import math
import time
from collections.abc import Mapping
from typing import Any

from snnedu.core.layer import SpikingLayer
from snnedu.core.network import Sequential
from snnedu.core.training import History, Report
from snnedu.core.translation import translated
from snnedu.widgets.explorer import Explorer, pack
from snnedu.widgets.panels import Curve, Limits

PAUSE = 0.15  # seconds between two pictures: so that drawing does not slow training down
POINTS = 1000  # more do not fit on a screen


def training_dashboard(net: Sequential) -> "Dashboard":
    """Show loss, accuracy, firing rates and gradients while `fit` runs, with a Stop button.

        dashboard = training_dashboard(net)
        display(dashboard)
        fit(net, train, test, on_batch=dashboard, on_epoch=dashboard)

    The Stop button interrupts the cell, as Ctrl-C does. `net` keeps its weights, and
    `dashboard.history` is what `fit` would have returned.
    """
    return Dashboard(net)


class Dashboard(Explorer):
    """An `Explorer` without controls that `fit` feeds: pass it as `on_batch` and as `on_epoch`."""

    _fed = True

    def __init__(self, net: Sequential) -> None:
        spiking = [name for name, part in net.named_modules() if isinstance(part, SpikingLayer)]
        weights = [name for name, weight in net.named_parameters() if weight.requires_grad]
        learning = list(dict.fromkeys(name.rpartition(".")[0] for name in weights))
        self._reports: list[Report] = []
        self.history = History()  # up to the last complete epoch
        self._note, self._shown, self._stop, self._training = "", 0.0, False, False
        rates = {f"rate {name}": f"layer {name}" for name in spiking}
        norms = {f"gradient {name}": f"layer {name}" for name in learning}
        super().__init__(
            self._curves,
            [],
            [
                _curve("Loss", {"loss": "loss"}, (0, None)),
                _curve("Accuracy (%)", {"accuracy": "accuracy"}, (0, 100)),
                _curve("Spikes a neuron and step", rates, (0, None)),
                _curve("Length of the gradient (log10)", norms, None),
            ],
            title="Training",
            columns=2,
            outcome="Batch {last} of epoch {epoch}: loss {now:.3f}, accuracy {share:.1f} %. {note}",
        )

    def __call__(self, news: Report | History) -> bool:
        """Take a report of `fit`; return True to stop."""
        # Training may end after an epoch: then Stop must not interrupt the next cell.
        self._training = isinstance(news, Report)
        if isinstance(news, History):
            self.history = news
        if isinstance(news, Report):
            if news.epoch == news.batch == 1:
                self._reports, self._note, self._stop = [], "", False
            self._reports.append(news)
        else:
            self._note = _of_the_epoch(news)
        if isinstance(news, History) or time.monotonic() > self._shown + PAUSE:
            self._show()
        return self._stop

    def _show(self) -> None:
        if self._reports:
            self._shown = time.monotonic()
            self._result = pack(self.run())

    def _curves(self) -> dict[str, Any]:
        """Return every curve so far, thinned to what a screen can show."""
        count = len(self._reports)
        batches = [*range(0, count, 1 + count // POINTS), count - 1]
        curves: dict[str, Any] = {"batch": [number + 1 for number in batches]}
        for name in (name for panel in self.panels for name in panel.describe()["series"]):
            curves[name] = [_value(self._reports[number], name) for number in batches]
        last = self._reports[-1]
        return {
            **curves,
            "epoch": last.epoch,
            "last": last.batch,
            "now": last.loss,
            "share": _value(last, "accuracy"),
            "note": self._note,
            "state": "training" if self._training and not self._stop else "stopped",
        }

    def _on_message(self, _: Any, message: Mapping[str, Any], buffers: Any) -> None:
        if message.get("kind") == "stop":
            self._note = translated("Stopped: the network keeps what it has learned.")
            self._stop = True
            self._show()


def _curve(title: str, series: dict[str, str], ylim: Limits | None) -> Curve:
    return Curve("batch", series, title=title, ylim=ylim, xlabel="batch", height=190)


def _of_the_epoch(history: History) -> str:
    """Return the accuracies of the last epoch; single batches, as drawn, scatter around them."""
    both = {"training": history.accuracy, "test": history.test_accuracy}
    known = [f"{name} {100 * values[-1]:.1f} %" for name, values in both.items() if values]
    means = ", ".join(known)
    if not known:
        return ""
    return translated(f"Accuracy over all of epoch {history.epochs}: {means}.")


def _value(report: Report, name: str) -> float:
    """Return the number that a curve shows of one batch."""
    kind, _, layer = name.partition(" ")
    if kind == "rate":
        return report.rates.get(layer, 0.0)
    if kind == "gradient":
        return math.log10(max(report.grad_norms.get(layer, 0.0), 1e-12))
    return report.loss if kind == "loss" else 100 * (report.accuracy or 0.0)

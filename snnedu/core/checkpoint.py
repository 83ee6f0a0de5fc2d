"""Checkpoints: all that the next epoch depends on, in one file, to continue training later.

The file holds the settings, the weights, the states of optimizer and scheduler, the history, the
best weights so far, and torch's random state on the CPU and on CUDA devices. It cannot hold what
`fit` does not see: random states of data or of other devices, and what callbacks keep.
"""

import copy
import warnings
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from snnedu.core._files import check_writable, replacing
from snnedu.core._processes import Processes
from snnedu.core.history import History
from snnedu.core.layer import SpikingLayer
from snnedu.core.network import Sequential

Weights = dict[str, Any]
PARTS = {"settings", "net", "optimizer", "history", "best", "random", "random_cuda"}


class Checkpoint:
    """The file of one training run; without a `path` nothing is saved or loaded.

    `settings` are what must be equal for training to continue as if never interrupted. Raises
    ValueError, before any work is done, if the file cannot be written.
    """

    def __init__(
        self,
        path: str | Path | None,
        net: Sequential,
        optimizer: Optimizer,
        scheduler: LRScheduler | None,
        settings: dict[str, Any],
        group: Processes,
    ) -> None:
        self.path, self.group = None if path is None else Path(path), group
        self.net, self.optimizer, self.scheduler = net, optimizer, scheduler
        schedule = None if scheduler is None else type(scheduler).__name__
        self.settings = {**settings, "optimizer": _described(optimizer), "scheduler": schedule}
        self.first_schedule = scheduler and copy.deepcopy(scheduler.state_dict())
        if self.path is not None and group.rank == 0:
            check_writable("checkpoint", self.path)

    def save(self, history: History, best: Weights | None) -> None:
        """Write the file, in one piece or not at all; of several processes, only in the first."""
        if self.path is None or self.group.rank > 0:
            return
        content = {
            "settings": self.settings,
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler and self.scheduler.state_dict(),
            "first_schedule": self.first_schedule,
            "history": asdict(history),
            "best": best,
            "random": torch.get_rng_state(),
            "random_cuda": [torch.cuda.get_rng_state(device) for device in cuda_devices(self.net)],
        }
        with replacing(self.path) as part:
            torch.save(content, part)

    def load(self) -> tuple[History, Weights | None]:
        """Go back to where the file was written; return the history and the best weights.

        Without a file, training starts. Raises ValueError if the file is of another run.
        """
        if self.path is None:
            return History(), None
        content = self.group.from_first(partial(_read, self.path))
        if content is None:
            return History(), None
        self._check_settings(content)
        self._check_network(content["net"])
        self._load_optimizer(content)
        self.net.load_state_dict(content["net"])
        torch.set_rng_state(content["random"])
        for device, state in zip(cuda_devices(self.net), content["random_cuda"], strict=True):
            torch.cuda.set_rng_state(state, device)
        return History(**content["history"]), content["best"]

    def _check_settings(self, content: dict[str, Any]) -> None:
        then = content["settings"]  # one without "scheduler" was written before there were any
        changed = [k for k, value in self.settings.items() if then.get(k) != value]
        was = [f"{k}={then.get(k)}" for k in changed]
        if not changed and self.scheduler is not None:
            was = _changed(content, self.scheduler.state_dict())
        if was:
            raise ValueError(
                f"To continue as if never interrupted, settings must not change. Received "
                f"others than {self.path} was written with: {', '.join(was)}. Pass these, or "
                f"another `checkpoint` to start again."
            )

    def _check_network(self, then: Weights) -> None:
        """Compare names, shapes and the numbers that no training changes, such as a fixed β."""
        now = self.net.state_dict()
        other = [name for name in {**now, **then} if _shape(now, name) != _shape(then, name)]
        fixed = [name for name in _fixed(self.net) if name in now]
        other = other or [name for name in fixed if not torch.equal(now[name].cpu(), then[name])]
        if other:
            raise ValueError(
                f"`checkpoint` must be of this network. Received {self.path}, of one that differs "
                f"in {', '.join(other)}. Build the network as it was, or pass another `checkpoint`."
            )

    def _load_optimizer(self, content: dict[str, Any]) -> None:
        rates = learning_rates(self.optimizer)
        try:
            self.optimizer.load_state_dict(content["optimizer"])
        except ValueError as error:
            raise ValueError(
                f"`optimizer` must be made as the one in {self.path}. Received one of other "
                f"weights: {error}. Pass the same weights to it, or another `checkpoint`."
            ) from None
        if self.scheduler is not None:
            self.scheduler.load_state_dict(content["scheduler"])
            self.first_schedule = content["first_schedule"]
        elif rates != learning_rates(self.optimizer):
            warnings.warn(
                f"Training continues with the learning rate in {self.path}, "
                f"{learning_rates(self.optimizer)}, and not with {rates}: it was changed in "
                f"training. What changed it is not in the file and starts from its beginning. "
                f"`fit(..., scheduler=...)` stores it.",
                stacklevel=4,
            )


def learning_rates(optimizer: Optimizer) -> list[float]:
    """Return the learning rates of an optimizer's groups of weights."""
    return [float(group["lr"]) for group in optimizer.param_groups if "lr" in group]


def cuda_devices(net: Sequential) -> list[torch.device]:
    """Return the CUDA devices that the weights are on."""
    return list({p.device for p in net.parameters() if p.device.type == "cuda"})


def _described(optimizer: Optimizer) -> str:
    """Return the optimizer as text, with the learning rates that a scheduler started from."""
    started = copy.copy(optimizer)
    started.param_groups = [
        {**group, "lr": group["initial_lr"]} if "initial_lr" in group else group
        for group in optimizer.param_groups
    ]
    return str(started)


def _changed(content: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return the settings of a scheduler that differ: what it held at first and at last alike."""
    first, last = content["first_schedule"], content["scheduler"]
    return [
        f"scheduler's {name}={value}"
        for name, value in first.items()
        if repr(value) == repr(last.get(name)) != repr(now.get(name))
    ]


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        content = torch.load(path, map_location="cpu")
    except OSError:
        raise
    except Exception as error:  # reading junk ends in errors of all kinds
        reason = f"which cannot be read ({type(error).__name__})"
    else:
        if isinstance(content, dict) and set(content) >= PARTS:
            return content
        reason = "which holds something else"
    raise ValueError(
        f"`checkpoint` must be a file that `fit` has written. Received {path}, {reason}. "
        f"Delete that file, or pass another name."
    )


def _shape(state: Weights, name: str) -> object:
    value = state.get(name)
    return list(value.shape) if isinstance(value, Tensor) else value


def _fixed(net: Sequential) -> list[str]:
    """Return the names of the neurons' numbers that are not learned."""
    neurons = [(name, part) for name, part in net.named_modules() if isinstance(part, SpikingLayer)]
    return [f"{name}.{number}" for name, part in neurons for number, _ in part.named_buffers()]

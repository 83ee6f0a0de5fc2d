"""Processes that train one network together, as `torchrun` starts them: what `fit` does in each.

    torchrun --nproc-per-node 2 train.py

All processes run the same script and draw the same batches. Each one learns from its own share of a
batch. Gradients are averaged over samples, so that a share counts as much as it holds, and every
process makes the same step: the numbers are those of one process that learns from whole batches.

`DistributedDataParallel` is not used, since it counts all shares alike, however unequal they are,
and needs a gradient for each weight.
"""

import atexit
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from snnedu.core._interrupt import Interrupts, Stopped
from snnedu.core._mask import Mask
from snnedu.core.history import Score
from snnedu.core.network import BATCH_NORM, Sequential


class Processes:
    """The processes that train `net`: those of torch's default group, or this one alone.

    `torchrun` starts a group's processes; the first call joins them. `rank` is the number of this
    one. Every method is called by all, in the same order. Alone (`net` is None), none does a thing.
    """

    def __init__(self, net: Sequential | None) -> None:
        self.rank, self.count, self.device = 0, 1, torch.device("cpu")
        if net is None or not dist.is_available():
            return
        if dist.is_torchelastic_launched() and not dist.is_initialized():
            dist.init_process_group()  # gloo on CPUs, NCCL on GPUs
            atexit.register(dist.destroy_process_group)
        if dist.is_initialized():
            self.rank, self.count = dist.get_rank(), dist.get_world_size()
            self.device = next((p.device for p in net.parameters()), self.device)

    def start_alike(self, net: Sequential) -> None:
        """Give all processes the first one's weights; refuse layers that need the whole batch."""
        if self.count == 1:
            return
        alone = [m for m in net.modules() if isinstance(m, BATCH_NORM)]
        if any(not isinstance(m, nn.SyncBatchNorm) for m in alone):
            raise ValueError(
                "Batch norm would take other statistics in each process, from its share of the "
                "batch alone. Received a network with batch norm. On GPUs pass "
                "`nn.SyncBatchNorm.convert_sync_batchnorm(net)`; on CPUs leave batch norm out, or "
                "train in one process."
            )
        for value in net.state_dict().values():
            if isinstance(value, Tensor):
                dist.broadcast(value, 0)

    def draw_alike(self) -> None:
        """Give all processes the first one's random state, so that they draw the same batches."""
        if self.count > 1:
            state = torch.get_rng_state().to(self.device)
            dist.broadcast(state, 0)
            torch.set_rng_state(state.cpu())

    @contextmanager
    def drawing_apart(self, batch: int) -> Generator[None]:
        """Draw other numbers in each process inside, such as the masks of Dropout."""
        if self.count == 1:
            yield
            return
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            torch.manual_seed((torch.initial_seed() + batch * self.count + self.rank + 1) % 2**63)
            yield

    def check_alike(self, *batch: Tensor) -> None:
        """Raise `ValueError` unless all processes were given the same batch."""
        if self.count == 1:
            return
        mine = [len(batch[0]), *(part.double().sum().item() for part in batch)]
        others: list[Any] = [None] * self.count
        dist.all_gather_object(others, mine)
        if any(other != mine for other in others):
            raise ValueError(
                f"All processes must be given the same batches: `fit` takes a share of each. "
                f"Received different ones, of {', '.join(str(other[0]) for other in others)} "
                f"samples. Pass all data to each process, without a DistributedSampler, in the "
                f"same order."
            )

    def share(
        self, x_rec: Tensor, targets: Tensor, mask: Mask | None
    ) -> tuple[Tensor, Tensor, Tensor | None, float]:
        """Return this process's part of a batch, and how much of the whole it is, 0 to 1."""
        if self.count == 1:
            return x_rec, targets, mask, 1.0
        bounds = [number * len(targets) // self.count for number in (self.rank, self.rank + 1)]
        weight = (bounds[1] - bounds[0]) / len(targets)
        mine = slice(*bounds) if weight else slice(0, 1)  # fewer samples than processes: counts 0
        return x_rec[:, mine], targets[mine], None if mask is None else mask[:, mine], weight

    def average_gradients(self, weights: Iterable[Tensor], share: float) -> None:
        """Replace gradients by their mean over processes, each weighted with its share."""
        grads = [w.grad for w in weights if w.grad is not None]
        if self.count == 1 or not grads:
            return
        flat = share * torch.cat([grad.flatten() for grad in grads])  # one message for all
        dist.all_reduce(flat)
        for grad, mean in zip(grads, flat.split([g.numel() for g in grads]), strict=True):
            grad.copy_(mean.view_as(grad))

    def mean(self, score: Score, share: float) -> Score:
        """Return the mean of a score over processes, each weighted with its share."""
        if self.count == 1:
            return score
        values = [score.loss, score.accuracy or 0.0, *score.rates.values()]
        sums = share * torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(sums)
        loss, accuracy, *rates = sums.tolist()
        accuracy = None if score.accuracy is None else accuracy
        return Score(loss, accuracy, dict(zip(score.rates, rates, strict=True)))

    def agree(self, *votes: bool) -> list[bool]:
        """Return for each question whether any process says yes: all go on, or none."""
        if self.count == 1:
            return list(votes)
        flags = torch.tensor(votes, dtype=torch.int32, device=self.device)
        dist.all_reduce(flags, dist.ReduceOp.MAX)
        return [bool(flag) for flag in flags.tolist()]

    def pass_on(self, interrupts: Interrupts) -> None:
        """Raise `Stopped` in all processes if an interrupt has come to one of them."""
        if self.agree(interrupts.came)[0]:
            raise Stopped

    def from_first(self, make: Callable[[], Any]) -> Any:
        """Return what `make` returns in the first process: others may not see its files."""
        made = [make() if self.rank == 0 else None]
        if self.count > 1:
            dist.broadcast_object_list(made, 0, device=self.device)
        return made[0]

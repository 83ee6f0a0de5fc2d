"""Watch a training run from outside, however it is written: what torch itself makes and calls."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules import module
from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook

from snnedu.core.network import Sequential
from snnedu.core.neurons import Leaky
from snnedu.core.training import evaluate


@dataclass
class Watched:
    """What a run has made and done.

    `neurons`: those that have a decay. `linears`: its linear layers by their shape, as they were
    called last. `rates`: the learning rates of its optimizers. `learned`: on how many samples and
    steps its last layer was trained, [samples · steps · epochs].
    """

    neurons: list[nn.Module] = field(default_factory=list)
    linears: dict[tuple[int, int], nn.Linear] = field(default_factory=dict)
    rates: set[float] = field(default_factory=set)
    learned: int = 0
    _since_a_step: int = 0

    def run(self, function: Callable[[], Any]) -> Any:
        """Call a function, and return what it returns."""
        with ExitStack() as hooks:
            for hook in (
                module.register_module_buffer_registration_hook(self._made),
                module.register_module_forward_pre_hook(self._called),
                register_optimizer_step_pre_hook(self._stepped),
            ):
                hooks.callback(hook.remove)
            return function()

    @property
    def betas(self) -> set[float]:
        """The decays of the neurons, as they are in the end: a learner may have set them later."""
        found = [cast("Tensor", neuron.beta) for neuron in self.neurons]
        return {beta.item() for beta in found if beta.numel() == 1}

    def accuracy(self, beta: float, data: tuple[Tensor, Tensor], steps: int) -> float:
        """Return how many of these samples a network of its two layers and this decay reads."""
        first, second = self.linears.values()
        net = Sequential(first, Leaky(beta), second, Leaky(beta))
        return evaluate(net, data, encode=lambda x: x.expand(steps, *x.shape)).accuracy or 0.0

    def weighs_as(self, other: "Watched") -> bool:
        """Tell whether another run ended with the same weights."""
        pairs = zip(self.linears.values(), other.linears.values(), strict=True)
        return all(torch.equal(one.weight, two.weight) for one, two in pairs)

    def _made(self, layer: nn.Module, name: str, value: Tensor | None) -> None:
        if name == "beta" and value is not None:
            self.neurons.append(layer)

    def _called(self, layer: nn.Module, given: tuple[Any, ...]) -> None:
        if isinstance(layer, nn.Linear):
            self.linears[layer.in_features, layer.out_features] = layer
            if layer.out_features == 10 and torch.is_grad_enabled():
                self._since_a_step += given[0].shape[:-1].numel()

    def _stepped(self, optimizer: Optimizer, *_: object) -> None:
        self.rates |= {group["lr"] for group in optimizer.param_groups}
        self.learned += self._since_a_step
        self._since_a_step = 0

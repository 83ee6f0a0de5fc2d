"""Spiking neurons: how current becomes membrane potential, and membrane potential becomes spikes.

Each model is a pure function, such as `leaky_step`, that carries the equation and advances one
step in time, and a module, such as `Leaky`, that owns the numbers. State goes in and comes out,
nothing is hidden:

    lif = Leaky(beta=0.9)
    spk, mem = lif(cur)                      # one step from rest; cur is [batch, *features]
    spk, mem = lif(cur, mem)                 # the next step
    spk_rec, mem_rec = lif.unroll(cur_rec)   # all steps; cur_rec is [time, batch, *features]

Symbols: I = `cur`, U = `mem`, S = `spk`, β = `beta`, θ = `threshold`. I, U and θ share one unit
(mV, say, or none); a decay has none: it is the share that is left after one step. Every model
spikes when U exceeds θ, and is reset for it one step later. No gradient flows through the reset.

The models, from simple to rich:

    Lapicque             a leaky integrator made of a resistor and a capacitor
    Leaky                the same in one number, β
    Synaptic             the current through the synapse fades slowly, too
    Alpha                excitation and inhibition shape a smooth answer to each input spike
    AdaptiveLeaky        every spike raises the threshold for a while
    RLeaky, RSynaptic    the layer's own spikes come back as input
"""

from typing import Any, Literal

import torch
from torch import Tensor, nn

from snnedu.core import _check
from snnedu.core.layer import SpikingLayer
from snnedu.core.steps import (
    Number,
    SpikeGrad,
    adaptive_leaky_step,
    alpha_step,
    lapicque_step,
    leaky_step,
    rleaky_step,
    rsynaptic_step,
    synaptic_step,
)

Reset = Literal["subtract", "zero", "none"]


class Leaky(SpikingLayer):
    """Leaky integrate-and-fire neurons; the equation stands in `leaky_step`.

    `beta`: decay in [0, 1], exp(-dt/τ) or about 1 - dt/τ. `threshold`: θ > 0, unit of the current.
    `spike_grad`: a surrogate, `surrogate.atan()` by default. `learn_...`: learn this parameter.
    """

    step = staticmethod(leaky_step)
    beta: Tensor

    def __init__(
        self,
        beta: Number,
        threshold: Number = 1.0,
        spike_grad: SpikeGrad | None = None,
        *,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        reset_mechanism: Reset = "subtract",
    ) -> None:
        super().__init__(spike_grad, reset_mechanism)
        self.own("beta", beta, learn_beta)
        self.own("threshold", threshold, learn_threshold)


class Lapicque(SpikingLayer):
    """Leaky neurons in the units of a circuit; the equation stands in `lapicque_step`.

    `R`, `C`, `time_step`: all above 0, with time_step <= R C. `beta` follows from them; read only.
    """

    step = staticmethod(lapicque_step)
    numbers = ("R", "C", "time_step", "threshold")
    decays = ()
    R: Tensor
    C: Tensor
    time_step: Tensor

    def __init__(
        self,
        R: Number,
        C: Number,
        time_step: Number = 1.0,
        threshold: Number = 1.0,
        spike_grad: SpikeGrad | None = None,
        *,
        learn_threshold: bool = False,
        reset_mechanism: Reset = "subtract",
    ) -> None:
        super().__init__(spike_grad, reset_mechanism)
        self.own("R", R)
        self.own("C", C)
        self.own("time_step", time_step)
        self.own("threshold", threshold, learn_threshold)
        _ = self.beta  # checks it

    @property
    def beta(self) -> Tensor:
        """The decay 1 - time_step / (R C)."""
        beta = 1 - self.time_step / (self.R * self.C)
        if not torch.compiler.is_compiling() and bool((beta < 0).any()):
            raise ValueError(
                f"`time_step` must not exceed R C, or one Euler step overshoots. Received "
                f"time_step / (R C) = {(1 - beta).max().item():.4g}. Take a smaller `time_step`."
            )
        return beta

    def _values(self, shape: torch.Size, dtype: torch.dtype) -> dict[str, Any]:
        _ = self.beta
        return super()._values(shape, dtype)


class Synaptic(SpikingLayer):
    """Leaky neurons whose synapses remember their input; the equation stands in `synaptic_step`.

    `alpha`: decay of the synapse; the rest as `Leaky`.
    """

    step = staticmethod(synaptic_step)
    state_names = ("syn", "mem")
    numbers = ("alpha", "beta", "threshold")
    decays = ("alpha", "beta")
    alpha: Tensor
    beta: Tensor

    def __init__(
        self,
        alpha: Number,
        beta: Number,
        threshold: Number = 1.0,
        spike_grad: SpikeGrad | None = None,
        *,
        learn_alpha: bool = False,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        reset_mechanism: Reset = "subtract",
    ) -> None:
        super().__init__(spike_grad, reset_mechanism)
        self.own("alpha", alpha, learn_alpha)
        self.own("beta", beta, learn_beta)
        self.own("threshold", threshold, learn_threshold)


class Alpha(Synaptic):
    """Neurons that answer each input spike with a smooth bump; the equation stands in `alpha_step`.

    `alpha` and `beta`: decays of excitation and inhibition, 0 < beta < alpha < 1.
    """

    step = staticmethod(alpha_step)
    state_names = ("syn_exc", "syn_inh", "mem")

    def _values(self, shape: torch.Size, dtype: torch.dtype) -> dict[str, Any]:
        values = super()._values(shape, dtype)
        alpha, beta = values["alpha"], values["beta"]
        fits = (beta > 0) & (beta < alpha) & (alpha < 1)
        if not torch.compiler.is_compiling() and not bool(fits.all()):
            raise ValueError(
                f"`Alpha` needs 0 < beta < alpha < 1: inhibition ends before excitation. Received "
                f"alpha={alpha.tolist()}, beta={beta.tolist()}. Swap them, or move them apart."
            )
        return values


class AdaptiveLeaky(SpikingLayer):
    """Leaky neurons whose threshold rises with each spike; see `adaptive_leaky_step`.

    `rho`: decay of the adaptation, slow (near 1). `adaptation`: k > 0, how far the threshold rises
    under constant firing. The rest as `Leaky`.
    """

    step = staticmethod(adaptive_leaky_step)
    state_names = ("mem", "ada")
    numbers = ("beta", "rho", "adaptation", "threshold")
    decays = ("beta", "rho")
    beta: Tensor
    rho: Tensor
    adaptation: Tensor

    def __init__(
        self,
        beta: Number,
        rho: Number = 0.98,
        adaptation: Number = 1.8,
        threshold: Number = 1.0,
        spike_grad: SpikeGrad | None = None,
        *,
        learn_beta: bool = False,
        learn_rho: bool = False,
        learn_adaptation: bool = False,
        learn_threshold: bool = False,
        reset_mechanism: Reset = "subtract",
    ) -> None:
        super().__init__(spike_grad, reset_mechanism)
        self.own("beta", beta, learn_beta)
        self.own("rho", rho, learn_rho)
        self.own("adaptation", adaptation, learn_adaptation)
        self.own("threshold", threshold, learn_threshold)


class _Recurrent(SpikingLayer):
    """The recurrent weights that `RLeaky` and `RSynaptic` have in common."""

    recurrent: nn.Linear
    V: nn.Parameter

    def _connect(
        self, V: Number, all_to_all: bool, linear_features: int | None, learn_recurrent: bool
    ) -> None:
        if not all_to_all:
            value = torch.as_tensor(V, dtype=torch.get_default_dtype()).detach().clone()
            self.register_parameter("V", nn.Parameter(value))
        elif linear_features is None:
            raise ValueError(
                "`all_to_all=True` needs the size of the layer. Received `linear_features=None`. "
                "Pass `linear_features=100` for 100 neurons, or `all_to_all=False`."
            )
        else:
            self.recurrent = nn.Linear(linear_features, linear_features)
        for name, parameter in self.named_parameters():
            if name.startswith(("V", "recurrent")):
                parameter.requires_grad_(learn_recurrent)

    def _values(self, shape: torch.Size, dtype: torch.dtype) -> dict[str, Any]:
        values = super()._values(shape, dtype)
        if "recurrent" not in self._modules:
            _check.broadcasts("V", self.V, shape[1:] or shape, shape)
            one_to_one = self.V if self.V.ndim != 2 else self.V[None]  # else taken for a matrix
            return {**values, "weight": one_to_one.to(dtype), "bias": None}
        if shape[-1] != self.recurrent.in_features:
            raise ValueError(
                f"The last dimension of the current must be `linear_features`, "
                f"{self.recurrent.in_features}. Received {tuple(shape)} at each step. "
                f"Make the layer with `linear_features={shape[-1]}`."
            )
        weight, bias = self.recurrent.weight, self.recurrent.bias
        return {**values, "weight": weight.to(dtype), "bias": bias.to(dtype)}


class RLeaky(_Recurrent):
    """Recurrent leaky neurons; the equation stands in `rleaky_step`.

    `all_to_all=True` needs `linear_features` and keeps weights and biases in `recurrent`, an
    `nn.Linear`. With `all_to_all=False` each neuron feeds itself with weight `V`, one for all or
    one for each. `learn_recurrent=False` freezes them. The rest as `Leaky`.
    """

    step = staticmethod(rleaky_step)
    beta: Tensor

    def __init__(
        self,
        beta: Number,
        V: Number = 1.0,
        all_to_all: bool = True,
        linear_features: int | None = None,
        threshold: Number = 1.0,
        spike_grad: SpikeGrad | None = None,
        *,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        learn_recurrent: bool = True,
        reset_mechanism: Reset = "subtract",
    ) -> None:
        super().__init__(spike_grad, reset_mechanism)
        self.own("beta", beta, learn_beta)
        self.own("threshold", threshold, learn_threshold)
        self._connect(V, all_to_all, linear_features, learn_recurrent)


class RSynaptic(_Recurrent):
    """Recurrent neurons with synapses that remember; the equation stands in `rsynaptic_step`.

    `alpha` as `Synaptic`, the rest as `RLeaky`.
    """

    step = staticmethod(rsynaptic_step)
    state_names = ("syn", "mem")
    numbers = ("alpha", "beta", "threshold")
    decays = ("alpha", "beta")
    alpha: Tensor
    beta: Tensor

    def __init__(
        self,
        alpha: Number,
        beta: Number,
        V: Number = 1.0,
        all_to_all: bool = True,
        linear_features: int | None = None,
        threshold: Number = 1.0,
        spike_grad: SpikeGrad | None = None,
        *,
        learn_alpha: bool = False,
        learn_beta: bool = False,
        learn_threshold: bool = False,
        learn_recurrent: bool = True,
        reset_mechanism: Reset = "subtract",
    ) -> None:
        super().__init__(spike_grad, reset_mechanism)
        self.own("alpha", alpha, learn_alpha)
        self.own("beta", beta, learn_beta)
        self.own("threshold", threshold, learn_threshold)
        self._connect(V, all_to_all, linear_features, learn_recurrent)

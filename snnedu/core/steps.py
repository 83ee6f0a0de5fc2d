"""The equations of the neurons, one function each: this is the page to read first.

A step takes the input current and the state of one time step, and returns spikes and the new state.
It is pure: nothing is hidden, nothing is changed in place.

Symbols: I = `cur`, U = `mem`, S = `spk`, β = `beta`, θ = `threshold`. I, U and θ share one unit
(mV, say, or none); a decay has none: it is the share that is left after one step. Every model
spikes when U exceeds θ, and is reset for it one step later. No gradient flows through the reset.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from snnedu.core import _check
from snnedu.core._threads import product

Now = Float[Tensor, "batch *features"]  # one time step
Number = int | float | Float[Tensor, "..."]  # one for all, or broadcasting to a step
SpikeGrad = Callable[[Tensor], Tensor]

REST = "For a new batch pass None as the state, which means rest."


def leaky_step(
    cur: Now,
    mem: Now,
    *,
    beta: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Now, Now]:
    """Advance leaky integrate-and-fire neurons one step; return `spk, mem` = S[t], U[t].

        U[t] = β U[t-1] + I[t] - θ S[t-1]      "subtract": leak, integrate, pay θ for a spike
        U[t] = β (1 - S[t-1]) U[t-1] + I[t]    "zero": forget all after a spike
        U[t] = β U[t-1] + I[t]                 "none"
        S[t] = 1 if U[t] > θ else 0            fire

    Source: Eshraghian et al. 2023, doi:10.1109/JPROC.2023.3308088.
    """
    _same_shape("leaky_step(cur, mem)", cur, mem)
    spk = spike_grad(mem - threshold).detach()  # S[t-1] follows from U[t-1]
    if reset_mechanism == "zero":
        mem = (1 - spk) * mem
    mem = beta * mem + cur
    if reset_mechanism == "subtract":
        mem = mem - threshold * spk
    return spike_grad(mem - threshold), mem


def lapicque_step(
    cur: Now,
    mem: Now,
    *,
    R: Number,
    C: Number,
    time_step: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Now, Now]:
    """Advance Lapicque's circuit, a resistor and a capacitor in parallel; return `spk, mem`.

        τ dU/dt = -U + R I,  τ = R C, one Euler step of length dt:
        U[t] = β U[t-1] + (dt/C) I[t],  β = 1 - dt/τ, and then as `leaky_step`

    Units that fit together: I in nA, R in MΩ, C in nF, dt in ms, U and θ in mV. With U[t-1] = 0 and
    constant I, U tends to R I.
    Source: Lapicque 1907, as told by Brunel and van Rossum 2007, doi:10.1007/s00422-007-0190-0.
    """
    return leaky_step(
        time_step / C * cur,
        mem,
        beta=1 - time_step / (R * C),
        threshold=threshold,
        spike_grad=spike_grad,
        reset_mechanism=reset_mechanism,
    )


def synaptic_step(
    cur: Now,
    syn: Now,
    mem: Now,
    *,
    alpha: Number,
    beta: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Now, Now, Now]:
    """Advance neurons whose synapses remember their input; return `spk, syn, mem`.

        X[t] = α X[t-1] + I[t]                    synaptic current `syn`
        U[t] = β U[t-1] + X[t] - θ S[t-1]         "subtract"
        U[t] = (1 - S[t-1]) (β U[t-1] + X[t])     "zero": one step's input is lost as well
        U[t] = β U[t-1] + X[t]                    "none"
        S[t] = 1 if U[t] > θ else 0

    X has the unit of I; α and β have none.
    Source: Eshraghian et al. 2023, doi:10.1109/JPROC.2023.3308088; "zero" as in snnTorch 1.0.
    """
    _same_shape("synaptic_step(cur, syn, mem)", cur, syn, mem)
    spk = spike_grad(mem - threshold).detach()
    syn = alpha * syn + cur
    mem = beta * mem + syn
    if reset_mechanism == "zero":
        mem = mem - mem * spk
    if reset_mechanism == "subtract":
        mem = mem - threshold * spk
    return spike_grad(mem - threshold), syn, mem


def alpha_step(
    cur: Now,
    syn_exc: Now,
    syn_inh: Now,
    mem: Now,
    *,
    alpha: Number,
    beta: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Now, Now, Now, Now]:
    """Advance neurons that answer one input spike with a bump; return `spk, syn_exc, syn_inh, mem`.

        E[t] = α E[t-1] + I[t]          excitation `syn_exc`, the slower one: α > β
        J[t] = β J[t-1] - I[t]          inhibition `syn_inh`
        U[t] = κ (E[t] + J[t])          κ = ln β / (ln β - ln α); the bump is κ (αⁿ - βⁿ)
        S[t] = 1 if U[t] > θ else 0

    After a spike "subtract" takes θ/κ from E, so that U loses θ and forgets it with decay α;
    "zero" sets E and J to 0 before they take in the new input; "none" leaves both.
    Source: spike response model, Gerstner and Kistler 2002, doi:10.1017/CBO9780511815706; κ as in
    snnTorch 1.0. Its "subtract" also overwrites J; ours takes θ from U and nothing else.
    """
    _same_shape("alpha_step(cur, syn_exc, syn_inh, mem)", cur, syn_exc, syn_inh, mem)
    spk = spike_grad(mem - threshold).detach()
    log_alpha, log_beta = torch.log(torch.as_tensor(alpha)), torch.log(torch.as_tensor(beta))
    kappa = 1 / (1 - log_alpha / log_beta)
    if reset_mechanism == "zero":
        syn_exc, syn_inh = (1 - spk) * syn_exc, (1 - spk) * syn_inh
    syn_exc = alpha * syn_exc + cur
    syn_inh = beta * syn_inh - cur
    if reset_mechanism == "subtract":
        syn_exc = syn_exc - threshold / kappa * spk
    mem = kappa * (syn_exc + syn_inh)
    return spike_grad(mem - threshold), syn_exc, syn_inh, mem


def adaptive_leaky_step(
    cur: Now,
    mem: Now,
    ada: Now,
    *,
    beta: Number,
    rho: Number,
    adaptation: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Now, Now, Now]:
    """Advance leaky neurons that tire: each spike raises the threshold; return `spk, mem, ada`.

        A[t] = ρ A[t-1] + (1 - ρ) S[t-1]          trace of past spikes `ada`, between 0 and 1
        U[t] = β U[t-1] + I[t] - Θ[t-1] S[t-1]    "subtract"; "zero" and "none" as `leaky_step`
        S[t] = 1 if U[t] > Θ[t] else 0            Θ[t] = θ + k A[t], the threshold in force

    k = `adaptation` has the unit of θ: the rise of Θ under constant firing at every step.
    Source: Bellec et al. 2018, arXiv:1803.09574 (their β is k here, their b is A).
    """
    _same_shape("adaptive_leaky_step(cur, mem, ada)", cur, mem, ada)
    in_force = threshold + adaptation * ada
    spk = spike_grad(mem - in_force)
    ada = rho * ada + (1 - rho) * spk
    spk = spk.detach()
    if reset_mechanism == "zero":
        mem = (1 - spk) * mem
    mem = beta * mem + cur
    if reset_mechanism == "subtract":
        mem = mem - in_force * spk
    return spike_grad(mem - (threshold + adaptation * ada)), mem, ada


def rleaky_step(
    cur: Now,
    mem: Now,
    *,
    weight: Float[Tensor, "..."],
    bias: Float[Tensor, " neurons"] | None,
    beta: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Now, Now]:
    """Advance a recurrent layer, whose spikes come back one step later; return `spk, mem`.

        I'[t] = I[t] + W S[t-1] + b
        U[t] = β U[t-1] + I'[t] - θ S[t-1]         "subtract"
        U[t] = (1 - S[t-1]) (β U[t-1] + I'[t])     "zero": one step's input is lost as well
        U[t] = β U[t-1] + I'[t]                    "none"
        S[t] = 1 if U[t] > θ else 0

    W = `weight` `[features, features]` connects all to all; a number, or one for each neuron,
    connects each neuron to itself. Gradients do flow back through W S[t-1].
    Source: Eshraghian et al. 2023, doi:10.1109/JPROC.2023.3308088; "zero" as in snnTorch 1.0, where
    it differs from that of `leaky_step`.
    """
    _same_shape("rleaky_step(cur, mem)", cur, mem)
    spk = spike_grad(mem - threshold)
    mem = beta * mem + (cur + feedback(spk, weight, bias))
    spk = spk.detach()
    if reset_mechanism == "zero":
        mem = mem - mem * spk
    if reset_mechanism == "subtract":
        mem = mem - threshold * spk
    return spike_grad(mem - threshold), mem


def rsynaptic_step(
    cur: Now,
    syn: Now,
    mem: Now,
    *,
    weight: Float[Tensor, "..."],
    bias: Float[Tensor, " neurons"] | None,
    alpha: Number,
    beta: Number,
    threshold: Number,
    spike_grad: SpikeGrad,
    reset_mechanism: str,
) -> tuple[Now, Now, Now]:
    """Advance a recurrent layer with synapses that remember; return `spk, syn, mem`.

        I'[t] = I[t] + W S[t-1] + b, and then as `synaptic_step` with I' for I

    `weight` and `bias` as in `rleaky_step`.
    """
    _same_shape("rsynaptic_step(cur, syn, mem)", cur, syn, mem)
    cur = cur + feedback(spike_grad(mem - threshold), weight, bias)
    return synaptic_step(
        cur,
        syn,
        mem,
        alpha=alpha,
        beta=beta,
        threshold=threshold,
        spike_grad=spike_grad,
        reset_mechanism=reset_mechanism,
    )


def _same_shape(call: str, cur: Tensor, *state: Tensor) -> None:
    for part in state:
        if part.shape != cur.shape:
            _check.same_shape(call, cur, part, REST)


def feedback(spk: Now, weight: Float[Tensor, "..."], bias: Float[Tensor, " neurons"] | None) -> Now:
    """Return the recurrent current W S + b: all-to-all for a matrix W, else one-to-one W S."""
    return product(spk, weight, bias) if weight.ndim == 2 else weight * spk

"""The explorers of the course, ready to play: each is one declaration."""

from collections.abc import Sequence
from typing import Any

from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Bars, Choice, Curve, Raster, Slider, Traces

DRIVES = Choice("drive", ("constant", "step", "pulses", "ramp", "noise"), label="input")
RESETS = Choice("reset_mechanism", ("subtract", "zero", "none"), label="reset")


def lif_explorer(*, beta: float = 0.9, **more: Any) -> Explorer:
    """Drag the decay, threshold and input of one leaky neuron; see its membrane and f-I curve.

    `more` goes to `Explorer`: `predict="How many spikes if β falls to 0.5?"`, for example.
    """
    return Explorer(
        "leaky",
        [
            Slider("beta", 0.0, 1.0, 0.01, value=beta, label="decay β", unit="per step"),
            Slider("threshold", 0.1, 2.0, 0.05, value=1.0, label="threshold θ", unit="as U"),
            Slider("amplitude", 0.0, 1.0, 0.01, value=0.3, label="input current I", unit="as U"),
            RESETS,
            DRIVES,
        ],
        [
            Traces({"cur": "I"}, title="Input current I", ylim=(0, None), height=110),
            Traces(
                {"mem": "U"},
                threshold="threshold",
                spikes="spk",
                title="Membrane potential U",
                xlabel="time step",
                height=210,
            ),
            Curve(
                "fi_current",
                {"fi_rate": "rate"},
                point=("amplitude", "rate"),
                ylim=(0, None),
                title="f-I curve: spikes in 100 steps at a constant current",
                xlabel="input current I",
            ),
        ],
        title="One leaky integrate-and-fire neuron",
        outcome="{count} spikes in 100 steps.",
        code="snn.Leaky(beta={beta}, threshold={threshold}, reset_mechanism={reset_mechanism})",
        **more,
    )


def zoo_explorer(**more: Any) -> Explorer:
    """Give several neuron models the same input, side by side. `more` goes to `Explorer`."""
    titles = {
        "leaky": "Leaky",
        "synaptic": "Synaptic (α = 0.8)",
        "alpha": "Alpha (α = 0.97)",
        "adaptive": "AdaptiveLeaky (ρ = 0.95, k = 1.8)",
    }
    membranes = [
        Traces({f"{name}_mem": "U"}, threshold=1.0, spikes=f"{name}_spk", title=title, height=150)
        for name, title in titles.items()
    ]
    return Explorer(
        "zoo",
        [
            Slider("amplitude", 0.0, 1.0, 0.01, value=0.3, label="input current I", unit="as U"),
            Slider("beta", 0.5, 0.95, 0.01, value=0.8, label="decay β", unit="per step"),
            Choice("drive", DRIVES.options, "step", "input"),
        ],
        [
            Traces({"cur": "I"}, title="The same input for all", ylim=(0, None), height=130),
            Bars("counts", labels=list(titles), title="Spikes in 100 steps", height=130),
            *membranes,
        ],
        title="A neuron zoo",
        columns=2,
        outcome="Spikes: " + ", ".join(f"{name} {{{name}_count}}" for name in titles) + ".",
        **more,
    )


def encoder_explorer(
    x: Sequence[float] = tuple(i / 10 for i in range(11)), **more: Any
) -> Explorer:
    """Turn numbers `x` in [0, 1] into spikes by a rate code. `more` goes to `Explorer`."""
    return Explorer(
        "rate",
        [
            Slider("steps", 5, 200, 5, value=50, label="duration", unit="steps"),
            Slider("gain", 0.0, 2.0, 0.05, value=1.0, label="gain", unit="probability per unit"),
            Slider("seed", 0, 50, 1, value=0, label="random draw", unit="number"),
        ],
        [
            Raster("spk", title="One row of spikes a number", xlabel="time step", height=200),
            Curve(
                "p",
                {"p": "wanted", "decoded": "decoded"},
                title="What the spike counts say",
                xlabel="probability of a spike",
            ),
        ],
        constants={"x": list(x)},
        title="The rate code",
        outcome="{count} spikes; decoded with a mean error of {error:.3f}.",
        code="snn.spikegen.rate(x, num_steps={steps}, gain={gain}, seed={seed})",
        **more,
    )


def surrogate_explorer(**more: Any) -> Explorer:
    """Compare the derivatives that stand in for a spike's. `more` goes to `Explorer`."""
    kinds = ("atan", "fast_sigmoid", "sigmoid", "triangular")
    return Explorer(
        "surrogate",
        [
            Choice("kind", kinds, label="surrogate"),
            Slider("slope", 0.5, 25.0, 0.5, value=2.0, label="slope k", unit="per unit of U"),
            Slider("at", -2.0, 2.0, 0.05, value=0.2, label="distance U - θ", unit="as U"),
        ],
        [
            Curve(
                "x",
                {"spk": "S"},
                point=("at", "spk_here"),
                title="Forward: a spike or none",
                xlabel="U - θ",
                ylim=(-0.1, 1.2),
                height=190,
            ),
            Curve(
                "x",
                {"grad": "h"},
                point=("at", "grad_here"),
                title="Backward: the derivative that training uses",
                xlabel="U - θ",
                ylim=(0, None),
                height=190,
            ),
        ],
        title="Surrogate gradients",
        columns=2,
        outcome="At U - θ = {at} the gradient is multiplied by h = {grad_here:.3f}.",
        code="spike_grad=snn.surrogate.{kind:s}({slope})",
        **more,
    )


def network_explorer(**more: Any) -> Explorer:
    """Find the weights at which a small network is silent, alive or saturated.

    80 excitatory and 20 inhibitory leaky neurons. `more` goes to `Explorer`.
    """
    return Explorer(
        "network",
        [
            Slider("weight", 0.0, 0.8, 0.01, value=0.2, label="weight of a synapse", unit="as θ"),
            Slider("inhibition", 0.0, 8.0, 0.1, value=4.0, label="inhibition", unit="x weight"),
            Slider("drive", 0.0, 0.3, 0.01, value=0.15, label="input spikes", unit="per step"),
        ],
        [
            Raster(
                "spk",
                groups={"excitatory": 80, "inhibitory": 20},
                title="Spikes of 100 neurons",
                ylabel="neuron",
                height=260,
            ),
            Traces(
                {"active": "active"},
                title="Active neurons (%)",
                xlabel="time step",
                ylim=(0, 100),
                height=140,
            ),
        ],
        title="A recurrent network",
        outcome="The network is {regime}: a neuron spikes in {percent:.1f} % of the steps.",
        **more,
    )

"""The explorers of the course, ready to play: each is one declaration."""

import math
from collections.abc import Sequence
from typing import Any

from snnedu import _check
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Curve, Raster, Slider, Traces

STEP = "time step"
TENTHS = [i / 10 for i in range(11)]
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
                xlabel=STEP,
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


def circuit_explorer(*, fires: bool = True, **more: Any) -> Explorer:
    """Turn the knobs of a leaky neuron's circuit, in ms, MΩ, mV and nA; see U, spikes, f-I point.

    `fires=False` leaves the bare membrane. `more` goes to `Explorer`.
    """
    membrane = [
        Slider("tau", 2.0, 50.0, 1.0, value=20.0, label="time constant τ", unit="ms"),
        Slider("R", 1.0, 20.0, 0.5, value=10.0, label="resistance R", unit="MΩ"),
        Slider("amplitude", 0.0, 4.0, 0.05, value=2.0, label="current I", unit="nA"),
    ]
    above = Traces({"cur": "I"}, title="Input current I (nA)", ylim=(0, None), height=110)
    title, ms = "Membrane potential U (mV)", "time (ms)"
    if not fires:
        return Explorer(
            "circuit",
            [*membrane, Choice("drive", DRIVES.options, "step", "input")],
            [above, Traces({"mem": "U"}, title=title, xlabel=ms, ylim=(0, None), height=190)],
            constants={"threshold": 1e9, "reset_mechanism": "none"},
            title="A membrane: a resistor and a capacitor",
            outcome="U rises to {peak:.1f} mV at most.",
            **more,
        )
    return Explorer(
        "circuit",
        [
            *membrane,
            Slider("threshold", 5.0, 30.0, 0.5, value=15.0, label="threshold θ", unit="mV"),
            RESETS,
            DRIVES,
        ],
        [
            above,
            Traces(
                {"mem": "U"},
                threshold="threshold",
                spikes="spk",
                title=title,
                xlabel=ms,
                height=190,
            ),
            Curve(
                "fi_current",
                {"fi_rate": "rate"},
                point=("amplitude", "rate"),
                ylim=(0, None),
                title="f-I curve: spikes per second at a constant current",
                xlabel="input current I (nA)",
            ),
        ],
        title="A leaky neuron and its circuit",
        outcome="{count} spikes in 200 ms. In steps of 1 ms, β = {beta:.3f}.",
        code="snn.Leaky(math.exp(-1 / {tau}), {threshold}, reset_mechanism={reset_mechanism})",
        **more,
    )


def zoo_explorer(**more: Any) -> Explorer:
    """Give several neuron models the same input, side by side. `more` goes to `Explorer`."""
    titles = {
        "leaky": "Leaky",
        "synaptic": "Synaptic (α = 0.8)",
        "alpha": "Alpha (α = 0.97)",
        "adaptive": "AdaptiveLeaky (ρ = 0.95, k = 5)",
        "izhikevich": "Izhikevich (mV)",
        "hodgkin_huxley": "Hodgkin and Huxley (mV)",
    }
    clocks = {"izhikevich": 0.1, "hodgkin_huxley": 0.05}  # ms; the others count steps
    membranes = [
        Traces(
            {f"{name}_mem": "V" if name in clocks else "U"}
            | ({"adaptive_threshold": "Θ"} if name == "adaptive" else {}),
            threshold=1.0 if name in ("leaky", "synaptic", "alpha") else None,
            spikes=f"{name}_spk",
            title=title,
            xlabel="time (ms); input 40 I" if name in clocks else "",
            dt=clocks.get(name, 1),
            height=150,
        )
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
            Traces({"cur": "I"}, title="The same input for all", ylim=(0, None), height=150),
            *membranes,
        ],
        title="A neuron zoo",
        columns=2,
        outcome="Spikes: "
        + ", ".join(f"{name.replace('_', '-')} {{{name}_count}}" for name in titles)
        + ".",
        **more,
    )


def encoder_explorer(code: str = "rate", x: Sequence[float] | None = None, **more: Any) -> Explorer:
    """Turn numbers into spikes by a "rate", "latency" or "delta" code, and back.

    `x`: numbers in [0, 1], one a neuron; for "delta" a signal over time. `more` goes to `Explorer`.
    """
    _check.one_of("code", code, ("rate", "latency", "delta"))
    explorer = {"rate": _rate_explorer, "latency": _latency_explorer, "delta": _delta_explorer}
    return explorer[code](x, more)


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
            Slider("weight", 0.0, 0.8, 0.01, value=0.2, label="weight of a synapse", unit="θ"),
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
                xlabel=STEP,
                ylim=(0, 100),
                height=140,
            ),
        ],
        title="A recurrent network",
        outcome="The network is {regime}: a neuron spikes in {percent:.1f} % of the steps.",
        **more,
    )


def _rate_explorer(x: Sequence[float] | None, more: dict[str, Any]) -> Explorer:
    return Explorer(
        "rate",
        [
            Slider("steps", 5, 200, 5, value=50, label="duration", unit="steps"),
            Slider("gain", 0.0, 2.0, 0.05, value=1.0, label="gain", unit="probability per unit"),
            Slider("seed", 0, 50, 1, value=0, label="random draw", unit="number"),
        ],
        [
            Raster("spk", title="Each row: the spikes of one number", height=200, xlabel=STEP),
            Curve(
                "p",
                {"p": "wanted", "decoded": "share of steps with a spike"},
                title="What the spikes say",
                xlabel="probability of a spike",
                ylim=(0, 1),
            ),
        ],
        constants={"x": list(x or TENTHS)},
        title="The rate code",
        outcome="{count} spikes; decoded with a mean error of {error:.3f}.",
        code="snn.spikegen.rate(x, num_steps={steps}, gain={gain}, seed={seed})",
        **more,
    )


def _latency_explorer(x: Sequence[float] | None, more: dict[str, Any]) -> Explorer:
    return Explorer(
        "latency",
        [
            Slider("steps", 5, 200, 5, value=50, label="duration", unit="steps"),
            Slider("theta", 0.01, 0.2, 0.01, value=0.01, label="threshold θ", unit="as x"),
            Choice("pace", ("linear", "logarithmic")),
        ],
        [
            Raster("spk", title="Each row: the one spike of a number", height=200, xlabel=STEP),
            Curve(
                "x",
                {"x": "wanted", "decoded": "read from the time of the spike"},
                title="What the spikes say",
                xlabel="number x",
                ylim=(0, 1),
            ),
        ],
        constants={"x": list(x or TENTHS)},
        title="The latency code",
        outcome="{count} spikes; decoded with a mean error of {error:.3f}.",
        **more,
    )


def _delta_explorer(x: Sequence[float] | None, more: dict[str, Any]) -> Explorer:
    wave = [math.sin(t / 9) * math.exp(-t / 80) + (t > 70) * 0.8 for t in range(120)]
    return Explorer(
        "delta",
        [
            Slider("theta", 0.02, 0.5, 0.01, value=0.1, label="threshold θ", unit="as x"),
            Choice("compare", ("the step before", "what was told"), label="compare with"),
        ],
        [
            Traces({"x": "signal", "rebuilt": "rebuilt from spikes"}, title="Signal", height=200),
            Raster("spk", groups={"down": 1, "up": 1}, title="Spikes", height=110, xlabel=STEP),
        ],
        constants={"x": list(x or wave)},
        title="The delta code",
        outcome="{count} spikes; rebuilt with a mean error of {error:.3f}.",
        **more,
    )

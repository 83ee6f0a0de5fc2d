"""The explorers of this chapter: each is one declaration."""

from typing import Any

from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import DRIVES, RESETS, Choice, Curve, Slider, Traces

STEP = "time step"
CURRENT, POTENTIAL, MS = "Input current I (nA)", "Membrane potential U (mV)", "time (ms)"


def lif_explorer(*, beta: float = 0.9, ask: str = "", **more: Any) -> Explorer:
    """Drag the decay, threshold and input of one leaky neuron; see its membrane and f-I curve.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        "leaky",
        [
            Slider("beta", 0.0, 1.0, 0.01, value=beta, label="decay β", unit="per step"),
            Slider("threshold", 0.1, 2.0, 0.05, value=1.0, label="threshold θ", unit="unit of U"),
            Slider(
                "amplitude", 0.0, 1.0, 0.01, value=0.3, label="input current I", unit="unit of U"
            ),
            RESETS,
            DRIVES,
        ],
        [
            Traces({"cur": "I"}, title="Input current I", ylim=(0, 2), height=110, given=True),
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
        outcome="Spikes in 100 steps: {count}.",
        code="snn.Leaky(beta={beta}, threshold={threshold}, reset_mechanism={reset_mechanism})",
        **(in_explorer(ask) if ask else {}),
        **more,
    )


def circuit_explorer(*, fires: bool = True, **more: Any) -> Explorer:
    """Change a leaky neuron's circuit, in nF, MΩ, mV and nA; see U, spikes and the f-I curve.

    `fires=False` shows the membrane alone. `more` goes to `Explorer`.
    """
    membrane = [
        Slider("C", 1.5, 5.0, 0.1, value=2.0, label="capacitance C", unit="nF"),
        Slider("R", 1.0, 12.0, 0.5, value=10.0, label="resistance R", unit="MΩ"),
        Slider("amplitude", 0.0, 4.0, 0.05, value=2.0, label="current I", unit="nA"),
    ]
    return _neuron(membrane, **more) if fires else _membrane(membrane, **more)


def _membrane(membrane: list[Slider], **more: Any) -> Explorer:
    """Return the circuit without spikes, for 600 ms: long enough for U to arrive."""
    return Explorer(
        "circuit",
        [*membrane, Choice("drive", DRIVES.options, "step", "input")],
        [
            Traces({"cur": "I"}, title=CURRENT, ylim=(0, 8), height=110, given=True),
            Traces({"mem": "U"}, title=POTENTIAL, xlabel=MS, ylim=(0, 60), height=230),
        ],
        constants={"threshold": 1e9, "reset_mechanism": "none", "steps": 600},
        title="A membrane: a resistor and a capacitor",
        outcome="τ = R C = {tau:.0f} ms. U rises to {peak:.1f} mV at most.",
        **more,
    )


def _neuron(membrane: list[Slider], **more: Any) -> Explorer:
    return Explorer(
        "circuit",
        [
            *membrane,
            Slider("threshold", 12.0, 30.0, 0.5, value=15.0, label="threshold θ", unit="mV"),
            RESETS,
            DRIVES,
        ],
        [
            Traces({"cur": "I"}, title=CURRENT, ylim=(0, 8), height=110, given=True),
            Traces(
                {"mem": "U"},
                threshold="threshold",
                spikes="spk",
                title=POTENTIAL,
                xlabel=MS,
                ylim=(0, 60),
                height=230,
            ),
            Curve(
                "fi_current",
                {"fi_rate": "rate"},
                point=("amplitude", "rate"),
                ylim=(0, 200),
                title="f-I curve: spikes per second at a constant current",
                xlabel="input current I (nA)",
                height=230,
            ),
        ],
        title="A leaky neuron and its circuit",
        outcome="Spikes in 200 ms: {count}. τ = R C = {tau:.0f} ms; in steps of 1 ms, β = {beta:.3f}.",
        code="snn.Leaky(math.exp(-1 / ({R} * {C})), {threshold}, reset_mechanism={reset_mechanism})",
        **more,
    )

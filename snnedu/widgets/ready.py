"""The explorers of the course, ready to play: each is one declaration."""

from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Curve, Raster, Slider, Traces

DRIVES = Choice("drive", ("constant", "step", "pulses", "ramp", "noise"), label="input")
RESETS = Choice("reset_mechanism", ("subtract", "zero", "none"), label="reset")


def lif_explorer(*, beta: float = 0.9, predict: str = "") -> Explorer:
    """Drag the decay, threshold and input of one leaky neuron; see its membrane and f-I curve."""
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
        predict=predict,
    )

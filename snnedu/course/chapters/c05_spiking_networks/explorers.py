"""The explorers of this chapter: each is one declaration."""

from typing import Any

from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Curve, Raster, Slider, Traces

STEP = "time step"


def fluctuation_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Drive a leaky neuron by the mean of its input current, by its fluctuation, or by both.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        "fluctuation",
        [
            Slider("mean", 0.0, 0.4, 0.01, value=0.05, label="mean current μ", unit="θ"),
            Slider("spread", 0.0, 0.6, 0.01, value=0.0, label="fluctuation σ", unit="θ"),
        ],
        [
            Traces({"cur": "I"}, title="Input current I", ylim=(-2, 2.5), height=110, given=True),
            Traces(
                {"mem": "U"},
                threshold=1.0,
                spikes="spk",
                title="Membrane potential U",
                xlabel=STEP,
                ylim=(-2, 4),
                height=190,
            ),
            Curve(
                "means",
                {"moving": "with this fluctuation", "still": "without"},
                point=("mean", "percent"),
                title="Spikes (% of the steps)",
                xlabel="mean current μ",
                ylim=(0, 40),
            ),
        ],
        title="Two ways to make a neuron fire",
        outcome="Spikes in {percent:.1f} % of 1,000 steps: {pattern}.",
        **(in_explorer(ask) if ask else {}),
        **more,
    )


def network_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Find the weights at which a small network is silent, alive or overactive.

    80 excitatory and 20 inhibitory leaky neurons. `ask` names a prediction that is made first.
    `more` goes to `Explorer`.
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
        **(in_explorer(ask) if ask else {}),
        **more,
    )

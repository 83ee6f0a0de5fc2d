"""The explorers of this chapter: each is one declaration."""

from typing import Any

from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Raster, Slider, Traces

STEP = "time step"


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

"""The explorers of this chapter: each is one declaration."""

from typing import Any

from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Curve, Raster, Slider, Traces

STEP = "time step"
BELOW = {
    "predict": "A mean current of 0.05 does not reach θ. What will a growing fluctuation do?",
    "options": {
        "nothing, since the mean stays the same": "Look at the membrane: U is above θ now and then.",
        "spikes at equal intervals, like a clock": "A clock needs a mean that reaches θ by itself.",
        "spikes at irregular intervals": "U crosses θ whenever the current happens to be large.",
    },
    "right": "spikes at irregular intervals",
}
RUNAWAY = {
    "predict": "Inhibition at 0: what happens when the weights grow?",
    "options": {
        "spikes grow slowly with the weights": "They do at first. Then each spike causes many.",
        "at some weight, nearly all neurons fire": "Each spike causes more than one new spike.",
        "nothing, the input decides alone": "The input starts it, but spikes cause spikes here.",
    },
    "right": "at some weight, nearly all neurons fire",
}


def fluctuation_explorer(*, ask: bool = False, **more: Any) -> Explorer:
    """Drive a leaky neuron by the mean of its input current, by its fluctuation, or by both.

    With `ask`, the learner predicts first. `more` goes to `Explorer`.
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
        outcome="Spikes in {percent:.1f} % of 1,000 steps; irregularity (CV) {cv:.2f}: {pattern}.",
        **(BELOW if ask else {}),
        **more,
    )


def network_explorer(*, ask: bool = False, **more: Any) -> Explorer:
    """Find the weights at which a small network is silent, alive or overactive.

    80 excitatory and 20 inhibitory leaky neurons. With `ask`, the learner predicts first. `more`
    goes to `Explorer`.
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
        **(RUNAWAY if ask else {}),
        **more,
    )

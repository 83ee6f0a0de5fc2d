"""The explorers of this chapter: each is one declaration."""

from typing import Any

from snnedu.course.chapters.c03_neuron_zoo.experiments import axon
from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import DRIVES, Choice, Slider, Traces


def zoo_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Give several neuron models the same input, side by side.

    `ask` names a prediction about the ramp that is made first. `more` goes to `Explorer`.
    """
    titles = {
        "leaky": "Leaky",
        "synaptic": "Synaptic (gets 0.2 I)",
        "alpha": "Alpha",
        "adaptive": "Adaptive",
        "izhikevich": "Izhikevich, in mV (gets 40 I)",
        "hodgkin_huxley": "Hodgkin–Huxley, in mV (gets 40 I)",
    }
    clocks = {"izhikevich": 0.1, "hodgkin_huxley": 0.05}  # ms; the others count steps
    membranes = [
        Traces(
            {f"{name}_mem": "V" if name in clocks else "U"}
            | ({"adaptive_threshold": "Θ"} if name == "adaptive" else {}),
            threshold=1.0 if name in ("leaky", "synaptic", "alpha") else None,
            spikes=f"{name}_spk",
            title=title,
            xlabel="time (ms)" if name in clocks else "time (steps)",
            dt=clocks.get(name, 1),
            height=150,
        )
        for name, title in titles.items()
    ]
    return Explorer(
        "zoo",
        [
            Slider(
                "amplitude",
                0.0,
                1.0,
                0.01,
                value=0.3,
                label="input current I",
                unit="in units of θ",
            ),
            Slider("beta", 0.5, 0.95, 0.01, value=0.8, label="decay β", unit="per step"),
            Choice("drive", DRIVES.options, "ramp" if ask else "step", "input"),
        ],
        [
            Traces(
                {"cur": "I"},
                title="The same input for all",
                xlabel="time (steps, or ms)",
                ylim=(0, 2),
                height=150,
                given=True,
            ),
            *membranes,
        ],
        title="A neuron zoo",
        columns=2,
        outcome="Spikes: "
        + ", ".join(f"{name.replace('_', '-')} {{{name}_count}}" for name in titles)
        + ".",
        **(in_explorer(ask) if ask else {}),
        **more,
    )


def firing_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Turn the four parameters of Izhikevich's neuron.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        "izhikevich",
        [
            Slider("a", 0.01, 0.2, 0.01, value=0.02, label="a (pace of u)", unit="1/ms"),
            Slider("b", 0.1, 0.26, 0.01, value=0.2, label="b (pull of V on u)", unit="1/ms"),
            Slider("c", -70.0, -40.0, 1.0, value=-65.0, label="c (reset of V)", unit="mV"),
            Slider("d", 0.0, 10.0, 0.5, value=8.0, label="d (kick of u)", unit="mV/ms"),
            Slider("amplitude", 0.0, 20.0, 0.5, value=10.0, label="current", unit="mV/ms"),
        ],
        [
            Traces({"mem": "V"}, spikes="spk", title="V (mV)", dt=0.1, ylim=(-90, 40)),
            Traces(
                {"rec": "u"}, title="Recovery u (mV/ms)", xlabel="time (ms)", dt=0.1, height=120
            ),
        ],
        constants={"drive": "constant"},
        title="Izhikevich's neuron",
        outcome="Spikes in 300 ms: {count}.",
        **(in_explorer(ask) if ask else {}),
        **more,
    )


def axon_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Push the squid's axon, and poison its channels.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        axon,
        [
            Choice("stimulus", ("one pulse", "two pulses", "20 ms"), label="current"),
            Slider("strength", -20.0, 100.0, 1.0, value=15.0, label="strength", unit="µA/cm²"),
            Slider("gap", 2.0, 20.0, 1.0, value=10.0, label="between two pulses", unit="ms"),
            _share("sodium", "sodium channels (TTX)"),
            _share("potassium", "potassium channels (TEA)"),
        ],
        [
            Traces({"mem": "V"}, title="V (mV)", ylim=(-100, 80), dt=0.05),
            Traces({"m": "m", "h": "h", "n": "n"}, title="Open gates", ylim=(0, 1), dt=0.05),
            Traces(
                {"cur": "I"},
                title="I (µA/cm²)",
                xlabel="time (ms)",
                dt=0.05,
                height=100,
                given=True,
            ),
        ],
        title="The squid's axon",
        outcome="Spikes in 50 ms: {count}.",
        code="zoo.axon({stimulus}, {strength}, {gap}, {sodium}, {potassium})",
        **(in_explorer(ask) if ask else {}),
        **more,
    )


def _share(name: str, label: str) -> Slider:
    return Slider(name, 0.0, 1.0, 0.05, value=1.0, label=label, unit="share left")

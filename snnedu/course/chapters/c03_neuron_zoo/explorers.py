"""The explorers of this chapter: each is one declaration."""

from typing import Any

from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import DRIVES, Choice, Slider, Traces


def zoo_explorer(**more: Any) -> Explorer:
    """Give several neuron models the same input, side by side. `more` goes to `Explorer`."""
    titles = {
        "leaky": "Leaky",
        "synaptic": "Synaptic (α = 0.8)",
        "alpha": "Alpha (α = 0.97)",
        "adaptive": "Adaptive (ρ = 0.95, k = 5)",
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
            Traces(
                {"cur": "I"}, title="The same input for all", ylim=(0, 1), height=150, given=True
            ),
            *membranes,
        ],
        title="A neuron zoo",
        columns=2,
        outcome="Spikes: "
        + ", ".join(f"{name.replace('_', '-')} {{{name}_count}}" for name in titles)
        + ".",
        **more,
    )

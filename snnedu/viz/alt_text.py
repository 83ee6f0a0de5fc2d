"""Pictures in words, for readers who do not see them."""

from __future__ import annotations

from jaxtyping import Shaped

from snnedu.viz.recording import Array


def of_spikes(spikes: Shaped[Array, "time neurons"]) -> str:
    """Say in words what a raster plot shows; spikes of -1 count like those of +1."""
    steps, neurons = spikes.shape
    fired = spikes != 0
    counts = fired.sum(axis=0)
    text = f"{many(neurons, 'neuron')} over {many(steps, 'step')}, "
    text += many(int(counts.sum()), "spike")
    if (spikes < 0).any():
        text += f" ({(spikes > 0).sum()} of +1 and {(spikes < 0).sum()} of -1)"
    if not counts.any():
        return f"{text}."
    busiest, silent = int(counts.argmax()), int((counts == 0).sum())
    text += f", {fired.mean():.3g} per neuron and step. "
    return f"{text}Busiest: neuron {busiest} with {counts[busiest]:.0f}; {silent} silent."


def of_counts(counts: Shaped[Array, " neurons"], names: list[str], what: str) -> str:
    """Say in words what a bar chart of spikes shows."""
    text = f"Bar chart: {many(int(counts.sum()), 'spike')} of {many(len(counts), what)}. "
    if len(counts) > 20:
        most = int(counts.argmax())
        return f"{text}Most: {what} {names[most]} with {counts[most]:.0f}."
    bars = zip(names, counts, strict=True)
    return text + ", ".join(f"{name}: {count:.0f}" for name, count in bars) + "."


def of_evidence(values: Shaped[Array, " classes"], names: list[str]) -> str:
    """Say in words which class has the most evidence."""
    most = values.max()
    ahead = [name for name, value in zip(names, values, strict=True) if value == most]
    if len(ahead) == len(names):
        return f"In the end every class has the same evidence, {most:.3g}."
    return f"Most evidence in the end: {' and '.join(ahead)} with {most:.3g}."


def of_traces(
    mem: Shaped[Array, "time neurons"],
    spikes: Shaped[Array, "time neurons"] | None,
    chosen: list[int],
    threshold: float | None,
    unit: str | None,
) -> str:
    """Say in words what membrane potentials do."""
    shown = mem[:, chosen]
    who = ("neuron " if len(chosen) == 1 else "neurons ") + ", ".join(map(str, chosen))
    text = f"Membrane potential of {who} over {many(len(mem), 'step')}, from {shown.min():.3g} "
    text += f"to {shown.max():.3g}" + (f" {unit}" if unit else "")
    text += "" if threshold is None else f"; threshold {threshold:g}"
    if spikes is not None:
        counts = ", ".join(f"{count:.0f}" for count in spikes[:, chosen].sum(axis=0))
        text += f"; spikes: {counts}"
    return f"{text}."


def of_weights(values: Shaped[Array, "outputs inputs"]) -> str:
    """Say in words what a weight matrix holds."""
    return (
        f"Weights from {values.shape[1]} inputs to {len(values)} neurons, from "
        f"{values.min():.3g} to {values.max():.3g}; mean {values.mean():.3g}, "
        f"{(values < 0).mean():.0%} negative."
    )


def many(number: int, thing: str) -> str:
    """Return "1 spike", "2 spikes"."""
    return f"{number} {thing}" + ("" if number == 1 else "s")

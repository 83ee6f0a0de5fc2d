"""A recording of a real neuron that comes with the library, and a score for models of it.

sound, spk = recordings.grasshopper()       # both [time], steps of 0.25 ms
coincidence(model_spk_rec, spk)             # 1: every spike predicted; 0: no better than chance

The score is the coincidence factor Γ.
"""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

DT = 0.25  # ms, the step of the recordings
CUTOFFS = (200, 800)  # Hz, the fastest change of the sound in each recording

Sound = Float[Tensor, " time"]
Spikes = Float[Tensor, " time"]


def grasshopper(cutoff: int = 200) -> tuple[Sound, Spikes]:
    """Return ten seconds of sound, and the spikes with which a locust's receptor answered it.

    Both are `[time]` with 40,000 steps of 0.25 ms, and they start together. The sound is the
    amplitude of a tone, between 0 and 1; it varies at random, up to `cutoff` Hz (200 or 800: two
    recordings of one cell). The spikes are 0 or 1; they were recorded in the receptor's axon, so
    they lag the sound by some ms.

    Raises ValueError for another cut-off.
    Source: Rokem et al. 2006, doi:10.1152/jn.00891.2005, through nitime 0.12.1 (BSD licence), which
    has the sound at 0.05 ms; five values were averaged into one.
    """
    if cutoff not in CUTOFFS:
        raise ValueError(
            f"`cutoff` must be 200 or 800 Hz: two sounds were played. Received {cutoff!r}."
        )
    number = CUTOFFS.index(cutoff) + 1
    with np.load(Path(__file__).with_name("grasshopper.npz")) as file:
        sound = torch.from_numpy(file[f"stimulus{number}"].astype(np.float32))
        times = torch.from_numpy(file[f"spikes{number}_us"].astype(np.float64)) / 1000
    spk = torch.zeros_like(sound)
    spk[(times / DT).round().long()] = 1
    return sound, spk


def coincidence(
    spk_rec: Float[Tensor, "time models"], real: Spikes, within: int = 8
) -> Float[Tensor, " models"]:
    """Return how well models predict spikes: the coincidence factor Γ of each.

        Γ = (N - 2 ν w N_real) / ((N_real + N_model) / 2) / (1 - 2 ν w)

    N counts the spikes that have a partner at most w = `within` steps away, among the model's or
    among the real ones, whichever are fewer. ν = N_model / time: what a model that fires at random
    would meet is taken off. 1 is perfect, 0 is chance; a model that fires so often that chance
    meets every spike (2 ν w ≥ 1) gets 0.

    Raises ValueError where the lengths differ.
    Source: Kistler, Gerstner and van Hemmen 1997, doi:10.1162/neco.1997.9.5.1015.
    """
    if len(spk_rec) != len(real):
        raise ValueError(
            f"`coincidence(spk_rec, real)` needs recordings of one length. Received "
            f"{len(spk_rec)} and {len(real)} steps. Cut both to the same stretch."
        )
    met = torch.minimum(_near(real[:, None], within)[:, 0] @ spk_rec, real @ _near(spk_rec, within))
    fired, spikes = spk_rec.sum(0), real.sum()
    window = 2 * within * fired / len(real)
    factor = 2 * (met - window * spikes) / (fired + spikes) / (1 - window)
    return torch.where(window < 1, factor, 0.0)


def _near(spk_rec: Float[Tensor, "time models"], steps: int) -> Float[Tensor, "time models"]:
    """Return 1 wherever there is a spike at most so many steps away."""
    pooled = torch.nn.functional.max_pool1d(spk_rec.T[:, None], 2 * steps + 1, 1, steps)
    return pooled[:, 0].T

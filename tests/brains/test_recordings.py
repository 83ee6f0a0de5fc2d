"""The real neuron: what is known of the recording, and a score that knows chance."""

import pytest
import torch

from snnedu.brains import recordings
from snnedu.brains.recordings import coincidence, grasshopper


@pytest.mark.parametrize(("cutoff", "spikes"), [(200, 929), (800, 868)])
def test_the_receptor_fires_and_tires_while_the_sound_goes_on(cutoff, spikes):
    sound, spk = grasshopper(cutoff)
    assert sound.shape == spk.shape == (40_000,)
    assert 0 < sound.min() < sound.max() <= 1
    assert set(spk.unique().tolist()) == {0.0, 1.0}
    assert spk.sum() == spikes  # no two of them in one step
    seconds = spk.view(10, 4000).sum(1)
    assert seconds[0] > 1.4 * seconds[-1] > 0
    loudness = sound.view(10, 4000).mean(1)
    assert loudness.max() < 1.2 * loudness.min()


def test_no_interval_is_shorter_than_a_spike():
    for cutoff in recordings.CUTOFFS:
        steps = grasshopper(cutoff)[1].nonzero()[:, 0].diff()
        assert steps.min() * recordings.DT >= 3  # ms: nothing was counted twice


def test_the_sound_before_a_spike_is_loud():
    sound, spk = grasshopper()
    when = spk.nonzero()[:, 0]
    lagged = [sound[when[when > 100] - lag].mean() for lag in range(80)]
    best = max(range(80), key=lambda lag: lagged[lag])
    assert 20 < best < 32  # 5 to 8 ms from the ear to the electrode
    assert lagged[best] > 1.5 * sound.mean()


def test_another_cutoff_is_refused():
    with pytest.raises(ValueError, match=r"200 or 800 Hz.*Received 300"):
        grasshopper(300)


def test_coincidence_is_one_for_the_spikes_themselves_and_a_small_shift():
    _, real = grasshopper()
    exact, shifted, far = real, real.roll(6), real.roll(4000)
    factor = coincidence(torch.stack([exact, shifted, far], 1), real)
    assert factor[:2].tolist() == pytest.approx([1, 1], abs=0.01)
    assert abs(factor[2]) < 0.15


def test_coincidence_takes_chance_off():
    torch.manual_seed(0)
    _, real = grasshopper()
    chances = (torch.rand(len(real), 20) < torch.linspace(0.005, 0.03, 20)).float()
    assert chances.mean() > 0.01
    assert coincidence(chances, real).abs().max() < 0.1


def test_coincidence_counts_by_hand():
    real, model = torch.zeros(1000), torch.zeros(1000, 1)
    real[[100, 200, 300, 400]] = 1
    model[[102, 103, 201, 350], 0] = 1  # 102 and 103 share a partner; 350 has none
    chance = 2 * 5 * 4 / 1000
    wanted = (2 - chance * 4) / 4 / (1 - chance)
    assert coincidence(model, real, within=5).item() == pytest.approx(wanted)
    assert coincidence(torch.zeros(1000, 1), real, within=5).item() == 0


def test_a_model_that_fires_all_the_time_predicts_nothing():
    _, real = grasshopper()
    busy = torch.zeros(len(real), 2)
    busy[:, 0], busy[::15, 1] = 1, 1  # a spike in each step, and one within reach of each step
    assert coincidence(busy, real).tolist() == [0, 0]


@pytest.mark.bad_input
def test_recordings_of_two_lengths_are_refused():
    with pytest.raises(ValueError, match=r"10 and 20 steps"):
        coincidence(torch.zeros(10, 1), torch.zeros(20))

"""The spoken vowels: whole, padded with zeros, and each utterance with its length."""

from pathlib import Path

import pytest
import torch

import snnedu as snn
from snnedu.core import data


def test_the_vowels_have_the_published_sizes():
    (x, speakers, lengths), (x_test, speakers_test, lengths_test) = data.japanese_vowels()
    assert x.shape == (270, 29, 12)
    assert x_test.shape == (370, 29, 12)
    assert speakers.bincount().tolist() == [30] * 9
    assert speakers_test.bincount().tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    assert (lengths.min(), lengths.max()) == (7, 26)
    assert (lengths_test.min(), lengths_test.max()) == (7, 29)
    assert {x.dtype, x_test.dtype} == {torch.float32}
    assert {speakers.dtype, lengths.dtype, lengths_test.dtype} == {torch.int64}


def test_frames_stand_in_front_of_the_padding():
    for x, _, lengths in data.japanese_vowels():
        real = torch.arange(29) < lengths[:, None]
        assert (x[~real] == 0).all()
        assert (x[real] != 0).any(1).all()
        assert x.isfinite().all()


def test_speech_changes_little_from_frame_to_frame():
    """A frame lasts 25.6 ms and starts 6.4 ms after the one before: neighbors are alike."""
    (x, _, lengths), _ = data.japanese_vowels()
    real = torch.arange(29) < lengths[:, None]
    jump = (x[:, 1:] - x[:, :-1])[real[:, 1:]].square().mean()
    assert jump < 0.3 * 2 * x[real].var(0).mean()  # twice the variance: frames in any order


def test_the_first_frame_is_the_one_in_the_archive():
    (x, *_), _ = data.japanese_vowels()
    known = [1.860936, -0.207383, 0.261557, -0.214562]
    assert x[0, 0, :4].tolist() == pytest.approx(known, rel=1e-3)


def test_the_file_is_small_and_its_license_is_named():
    file = Path(data.__file__).with_name("japanese_vowels.npz")
    assert file.stat().st_size < 250_000
    root = Path(snn.__file__).parents[1]
    assert "japanese_vowels.npz" in (root / "LICENSE-CONTENT").read_text(encoding="utf-8")

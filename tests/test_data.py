"""The data sets: their sizes, their ranges, their seeds."""

import subprocess
import sys

import pytest
import torch
from sklearn.datasets import load_digits

from snnedu import data


def test_digits_are_scikit_learns():
    (x, labels), (x_test, labels_test) = data.digits(seed=3)
    scans, classes = load_digits(return_X_y=True)
    ours = torch.cat([torch.cat([x, x_test]) * 16, torch.cat([labels, labels_test])[:, None]], 1)
    theirs = torch.cat([torch.tensor(scans), torch.tensor(classes)[:, None]], 1)
    assert sorted(ours.int().tolist()) == sorted(theirs.int().tolist())


def test_digits_have_every_class_in_the_same_share():
    (x, labels), (x_test, labels_test) = data.digits(test_share=0.25)
    assert x.dtype == torch.float32
    assert labels.dtype == torch.int64
    assert 0 == x.min() < x.max() == 1
    assert len(x) + len(x_test) == 1797
    share = labels_test.bincount() / (labels.bincount() + labels_test.bincount())
    assert (share - 0.25).abs().max() < 0.005
    assert len(labels[:50].unique()) == 10  # mixed: the first batch sees every class


def test_digits_follow_their_seed_alone():
    torch.manual_seed(1)
    once = data.digits(seed=5)
    state = torch.random.get_rng_state()
    again, other = data.digits(seed=5), data.digits(seed=6)
    assert torch.equal(state, torch.random.get_rng_state())
    assert torch.equal(once[0][0], again[0][0])
    assert torch.equal(once[1][1], again[1][1])
    assert not torch.equal(once[0][0], other[0][0])


def test_digits_do_not_import_scikit_learn():
    code = "import sys; from snnedu import data; data.digits(); print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.bad_input
def test_digits_say_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(data, "find_spec", {"torch": "is here"}.get)
    with pytest.raises(ModuleNotFoundError, match="pip install scikit-learn"):
        data.digits()

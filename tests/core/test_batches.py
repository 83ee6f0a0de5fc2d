"""batches.py: every form of data gives the same training; what is no data is answered at once."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

import snnedu as snn
from snnedu.core.batches import Batches

quiet = partial(snn.fit, encode=lambda x: 3 * x.expand(10, *x.shape), epochs=2, progress=False)
X = torch.rand(96, 6, generator=torch.Generator().manual_seed(0))
Y = (X[:, :3].sum(1) < X[:, 3:].sum(1)).long()


def small() -> snn.Sequential:
    torch.manual_seed(0)
    return snn.Sequential(nn.Linear(6, 20), snn.Leaky(0.9), nn.Linear(20, 2), snn.Leaky(0.9))


class Pairs(Dataset):
    """Samples by number, as NumPy and Python have them."""

    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        return X[index].numpy(), int(Y[index])


class Stream(IterableDataset):
    """Samples of which nobody knows how many there are."""

    def __iter__(self):
        return iter(zip(X, Y, strict=True))


class Dicts(Pairs):
    def __getitem__(self, index):
        return {"image": X[index], "label": Y[index]}


class Endless(Dataset):
    def __getitem__(self, index):
        return X[0], Y[0]


# Each gives the same batches in the same order as the pair of tensors.
IN_ORDER = {
    "arrays": (X.numpy(), Y.numpy()),
    "float64, int32 and a list of two": [X.numpy().astype(np.float64), Y.numpy().astype(np.int32)],
    "big-endian and backwards": (X.numpy().astype(">f4"), Y.numpy()[::-1].copy()[::-1]),
    "a tensor and a list": (X, Y.tolist()),
    "a data set": Pairs(),
    "a stream": Stream(),
    "a loader": DataLoader(TensorDataset(X, Y), batch_size=32),
    "a loader of a stream": DataLoader(Stream(), batch_size=32),
    "a list of batches": [*zip(X.split(32), Y.split(32), strict=True)],
    "a list of arrays": [*zip(np.split(X.numpy(), 3), np.split(Y.numpy(), 3), strict=True)],
    "a list of samples in a loader": DataLoader([*zip(X, Y, strict=True)], batch_size=32),
}  # fmt: skip


@pytest.mark.parametrize("form", IN_ORDER)
def test_every_form_of_data_gives_the_same_batches(form):
    for _ in range(2):
        found = [*Batches("data", IN_ORDER[form], 32, shuffled=False)]
        assert [len(x) for x, _ in found] == [32, 32, 32]
        assert torch.equal(torch.cat([x for x, _ in found]), X)
        assert torch.equal(torch.cat([y for _, y in found]).long(), Y)


@pytest.mark.parametrize("form", IN_ORDER)
def test_fit_and_evaluate_take_every_form_of_data(form):
    net = small()
    history = quiet(net, IN_ORDER[form], IN_ORDER[form], batch_size=32)
    assert history.epochs == len(history.test_loss) == 2
    assert len(history.batch_loss) == 6
    score = snn.evaluate(net, IN_ORDER[form], encode=quiet.keywords["encode"])
    assert score.loss == pytest.approx(history.test_loss[-1], rel=1e-5)


def test_a_data_set_is_shuffled_for_training_and_follows_the_seed():
    first, again, other = (
        next(iter(Batches("train", Pairs(), 96, shuffled=True)))[1]
        for _ in map(torch.manual_seed, (1, 1, 2))
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first, Y)
    assert first.sum() == Y.sum()


def test_arrays_train_as_tensors_do_and_stay_as_they_are():
    x, y = X.numpy().copy(), Y.numpy().astype(np.uint8)
    x.flags.writeable = y.flags.writeable = False  # torch warns about sharing these
    nets = small(), small()
    histories = quiet(nets[0], (x, y)), quiet(nets[1], (X, Y))
    assert histories[0].loss == histories[1].loss
    assert torch.equal(nets[0][0].weight, nets[1][0].weight)


@pytest.mark.parametrize(
    ("form", "shown"), [("a loader", "6/6"), ("a loader of a stream", "6batch")]
)
def test_the_bar_counts_batches_whether_or_not_their_number_is_known(form, shown, capsys):
    snn.fit(small(), IN_ORDER[form], encode=quiet.keywords["encode"], epochs=2)
    assert shown in capsys.readouterr().err


def test_a_look_at_the_test_data_changes_no_random_number():
    train = DataLoader(TensorDataset(X, Y), batch_size=32, shuffle=True)
    nets = small(), small()
    for net, test in zip(nets, (None, DataLoader(TensorDataset(X, Y))), strict=True):
        torch.manual_seed(5)
        quiet(net, train, test, seed=None, epochs=1)
    assert torch.equal(nets[0][0].weight, nets[1][0].weight)


class Called(Exception):  # noqa: N818
    """The first epoch has begun."""


def begun(report):
    raise Called


BAD = {
    "unequal lengths": ((X, Y[:-1]), ValueError, "96 samples and 95 targets"),
    "unequal arrays": ((X.numpy(), Y.numpy()[:7]), ValueError, "96 samples and 7 targets"),
    "unequal batches": ([(X, Y[:-1])], ValueError, "96 samples and 95 targets"),
    "dicts": (
        DataLoader(Dicts(), batch_size=32), TypeError,
        r"`(train|test|data)` must be a pair.*a dict of 'image', 'label'.*`collate_fn`",
    ),
    "x alone": (X, TypeError, r"a single Tensor of shape \[96, 6\]"),
    "an array alone": (X.numpy(), TypeError, r"a single ndarray of shape \[96, 6\]"),
    "a loader of x alone": (
        DataLoader(TensorDataset(X), batch_size=32), TypeError, "Received a list of 1",
    ),
    "four parts": ([(X, Y, Y, Y)], TypeError, "Received a tuple of 4"),
    "three parts without lengths": ([(X, Y, X)], ValueError, "third part.*must be lengths"),
    "samples": ([*zip(X, Y, strict=True)], ValueError, "single one.*DataLoader"),
    "samples with numbers": ([(x, 1) for x in X], ValueError, "single one.*DataLoader"),
    "names": ((X.numpy(), np.array(["cat"] * 96)), TypeError, "must hold numbers.*their numbers"),
    "things": ((X.numpy(), [object()] * 96), TypeError, "must hold numbers"),
    "a number": (7, TypeError, "Received an object of type int.*Pass a pair"),
    "no batch": ([], ValueError, "at least one batch"),
    "an empty data set": (TensorDataset(X[:0], Y[:0]), ValueError, "at least one sample"),
    "a data set without length": (Endless(), ValueError, "`__len__`"),
}  # fmt: skip


@pytest.mark.bad_input
@pytest.mark.parametrize("name", BAD)
def test_bad_data_raises_before_the_first_epoch(name):
    data, error, message = BAD[name]
    with pytest.raises(error, match=message):
        quiet(small(), data)
    with pytest.raises(error, match=message):
        quiet(small(), (X, Y), data, on_batch=begun)
    with pytest.raises(error, match=message):
        snn.evaluate(small(), data, encode=quiet.keywords["encode"])

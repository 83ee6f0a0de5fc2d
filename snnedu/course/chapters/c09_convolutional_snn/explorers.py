"""The explorer of this chapter: a digit, a kernel, the spikes of its feature map, and what pooling sends."""

from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, max_pool2d

from snnedu.core.data import mnist_small
from snnedu.core.neurons import Leaky
from snnedu.course.predict import in_explorer
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.panels import Choice, Image, Slider

STEPS = 8
KERNELS = {
    "upper edges": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "left edges": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "ink": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
}


@cache
def picture(label: int) -> Tensor:
    """Return the first test scan of a digit, `[28, 28]`."""
    x, labels = mnist_small()[1]
    return x[labels == label][0].view(28, 28)


def feature_map(label: int, kernel: str, gain: float, step: int, pooling: str) -> dict[str, Any]:
    """Return one channel of a convolution as it spikes at a step, and what pooling makes of it."""
    weight = gain / 3 * torch.tensor(KERNELS[kernel], dtype=torch.float32)[None, None]
    cur = conv2d(picture(label)[None, None], weight, padding=1)
    spk_rec, _ = Leaky(0.8).unroll(cur.expand(STEPS, *cur.shape))
    spk = spk_rec[step - 1]
    pooled = (avg_pool2d if pooling == "average" else max_pool2d)(spk, 2)
    return {
        "ink": picture(label),
        "spk": spk[0, 0],
        "pooled": pooled[0, 0],
        "spikes": spk.sum(),
        "sent": (pooled > 0).sum(),
        "fractions": ((pooled > 0) & (pooled < 1)).sum(),
    }


def pooling_explorer(*, ask: str = "", **more: Any) -> Explorer:
    """Watch one feature map spike, and what average or maximum pooling sends of it.

    `ask` names a prediction that is made first. `more` goes to `Explorer`.
    """
    return Explorer(
        feature_map,
        [
            Choice("pooling", ("average", "maximum")),
            Slider("step", 1, STEPS, 1, value=2, label="step"),
            Choice("kernel", tuple(KERNELS)),
            Slider("gain", 0.1, 2.0, 0.1, value=0.8, label="weights", unit="x kernel / 3"),
            Slider("label", 0, 9, 1, value=5, label="digit"),
        ],
        [
            Image("ink", clim=(0, 1), title="The digit", given=True),
            Image("spk", clim=(0, 1), title="Spikes", given=True),
            Image("pooled", clim=(0, 1), title="After pooling"),
        ],
        title="One feature map",
        outcome="{spikes:.0f} spikes go in, {sent:.0f} values come out; {fractions:.0f} are fractions.",
        columns=3,
        code="snn.pooling_explorer().run(pooling={pooling}, step={step}, kernel={kernel}, gain={gain}, label={label})",
        **(in_explorer(ask) if ask else {}),
        **more,
    )

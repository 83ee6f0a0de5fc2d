"""How far a mean of a few runs can be trusted: Student's interval.

interval(gains)            # the ends of the 95 % interval of their mean
students_t(len(gains) - 1)         # how many standard errors it reaches to each side
"""

from jaxtyping import Float
from torch import Tensor


def students_t(freedom: float) -> float:
    """Return how many standard errors the 95 % interval of a mean reaches to each side.

    `freedom`: degrees of freedom, one less than the number of values. 2.571 for five, near 1.96
    for many. Source: Student 1908, doi:10.1093/biomet/6.1.1.
    """
    from scipy.stats import t

    return float(t.ppf(0.975, freedom))


def interval(values: Float[Tensor, " runs"]) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a mean: mean ± t · spread / √n."""
    half = students_t(len(values) - 1) * values.std().item() / len(values) ** 0.5
    mean = values.mean().item()
    return mean - half, mean + half

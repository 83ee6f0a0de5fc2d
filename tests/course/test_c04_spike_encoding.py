"""What the explorers of 04 show must agree with what the chapter says about them."""

import pytest

from snnedu.course.chapters.c04_spike_encoding.explorers import send_by_many, send_digit


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("lost", [0.1, 0.2, 0.4, 0.6])
def test_lost_spikes_cost_a_latency_picture_more(digit: int, lost: float):
    """The mean error said the opposite: pixels that turn white are few, but entirely wrong."""
    rate, latency = (send_digit(digit, code, 17, lost) for code in ("rate", "latency"))
    assert latency["error"] > rate["error"]
    assert latency["worst"] > rate["worst"]


def test_a_clean_latency_picture_is_exact():
    sent = send_digit(3, "latency", 17, 0.0)
    assert sent["error"] == 0
    assert (sent["ink"] == sent["read"]).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_best_width_of_a_population_lies_between(seed: int):
    errors = {w: float(send_by_many(0.4, 10, w, 10, seed)["error"]) for w in (0.2, 0.5, 1, 4)}
    assert errors[0.5] < errors[1] < errors[4] < errors[0.2]
    assert errors[1] < 0.5 * errors[4]


def test_a_number_in_a_gap_is_unknown_and_drawn_all_the_same():
    sent = send_by_many(0.17, 10, 0.2, 1, 0)
    assert sent["count"] == 0
    assert sent["said"] == "unknown"
    assert sent["read"] == 0.5

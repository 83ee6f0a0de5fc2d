"""What the explorers of 04 show must agree with what the chapter says about them."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

import snnedu as snn
from snnedu.core import spikegen
from snnedu.course.attempt import WrongAnswer
from snnedu.course.chapters.c04_spike_encoding.explorers import send_by_many, send_digit
from snnedu.course.check import verdict
from snnedu.course.exercise import exercise


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
    widths = (0.1, 0.2, 0.5, 1, 2, 4)
    errors = {w: float(send_by_many(0.4, 10, w, 10, seed)["error"]) for w in widths}
    assert errors[0.5] < errors[1] < errors[2] < errors[4] < errors[0.2] < errors[0.1]
    assert errors[1] < 0.5 * errors[4]


def test_the_best_threshold_of_a_logarithmic_latency_lies_near_a_third():
    """The reader says the mean of all numbers that spike at the same of the 17 steps."""
    x, errors = torch.linspace(0, 1, 1001), dict[float, float]()
    for level in (0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        sent = spikegen.latency(x, 17, threshold=level).argmax(0)
        means = torch.zeros(17).index_add(0, sent, x) / sent.bincount(minlength=17).clamp(min=1)
        errors[level] = float((means[sent] - x).square().mean().sqrt())
    assert min(errors, key=errors.__getitem__) == 0.3


def test_on_the_way_to_it_the_explorer_shows_a_shallower_dip_near_a_tenth():
    explorer, levels = snn.encoder_explorer("latency"), (0.27, 0.09, 0.13, 0.05)
    errors = [float(explorer.run(theta=level)["error"]) for level in levels]
    assert errors == sorted(errors)
    assert errors[0] < 0.75 * errors[1] < 0.6 * errors[2]


def test_a_number_in_a_gap_is_unknown_and_drawn_all_the_same():
    sent = send_by_many(0.17, 10, 0.2, 1, 0)
    assert sent["count"] == 0
    assert sent["said"] == "unknown"
    assert sent["read"] == 0.5


def test_the_code_of_the_rate_explorer_sends_its_numbers():
    """It said `x`, which is the set of digits in this chapter."""
    explorer = snn.encoder_explorer("rate")
    spk = eval(explorer.code.format(steps=25), {"snn": snn, "torch": torch})
    assert spk.shape == explorer.run(steps=25)["spk"].shape == (25, 41)
    assert snn.encoder_explorer("rate", x=[0.2, 0.8]).code == "snn.spikegen.rate(x, {steps})"


def _reply(name: str, answer: Callable[..., Any]) -> str:
    with pytest.raises(WrongAnswer) as reply:
        verdict(exercise(name), answer)
    return str(reply.value)


def test_a_step_of_several_spikes_is_named():
    def send(x: torch.Tensor, threshold: float) -> torch.Tensor:
        told, spikes = 0.0, list[int]()
        for value in x.tolist():
            spikes.append(int((value - told) / threshold))
            told += threshold * spikes[-1]
        return torch.tensor(spikes)

    assert "several spikes at once" in _reply("04.4", send)


def test_spikes_in_place_of_probabilities_are_named():
    assert "Return the probabilities" in _reply(
        "04.6", lambda x, neurons: torch.bernoulli(spikegen.receptive_fields(x, neurons))
    )


def test_rates_that_are_wrong_for_white_and_black_do_not_pass_in_forty_checks():
    for _ in range(40):
        verdict(exercise("04.1"), lambda x, steps: torch.rand(steps, len(x)) <= x)
        assert "x = 1" in _reply(
            "04.1", lambda x, steps: torch.randint(1, 101, (steps, len(x))) / 100 < x
        )


@pytest.mark.parametrize("neurons", [3, 10])
def test_no_false_stroke_joins_two_bells(neurons: int):
    """Where a line jumps, it lies outside the picture: of x from 0 to 1, or of y from 0 to 1."""
    sent = send_by_many(0.37, neurons, 1.0, 10, 0)
    for name, own in (("even", (neurons + 1) // 2), ("odd", neurons // 2)):
        inside = (sent["grid"] >= 0) & (sent["grid"] <= 1) & (sent[name] >= 0)
        y = sent[name].where(inside, torch.tensor(torch.nan))
        assert inside.sum() == own * 101
        assert sent[name][2:103].min() >= 0  # what is said of x on hover is a probability
        assert y.diff().abs().nan_to_num(0).max() < 0.1


def test_every_explorer_speaks_of_one_spike_as_of_many():
    one: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "rate": ({"x": [0.02]}, {}),
        "latency": ({"x": [0.5]}, {}),
        "delta": ({}, {"theta": 0.5}),
        "population": ({}, {"x": 0.5, "neurons": 3, "width": 0.1, "steps": 1}),
        "digit": ({}, {"digit": 7, "code": "rate", "steps": 2, "lost": 0.9}),
    }
    for code, (given, setting) in one.items():
        explorer = snn.encoder_explorer(code, **given)
        assert explorer.run(**setting)["count"] == 1
        assert ": 1." in explorer.describe(**setting)
        assert ": {count}." in explorer.outcome

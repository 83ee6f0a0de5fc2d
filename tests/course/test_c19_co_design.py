"""What 19 claims, on one seed; its chips by hand, and its explorer against the library."""

import pytest
import torch
from torch import nn

import snnedu as snn
from snnedu.course import check as checks
from snnedu.course.chapters.c19_co_design import experiments
from snnedu.course.chapters.c19_co_design.explorers import _compared
from snnedu.course.exercise import exercise

pytestmark = pytest.mark.house
PLAIN = {"k": 3, "state_bits": 8, "headroom": "2 θ", "overflow": "wrap", "rounding": "floor"}


@pytest.fixture(scope="module")
def net():
    return experiments.train(experiments.make(0), 8, 0)


def test_rounding_hurts_at_two_bits_alone_and_training_with_it_helps(net):
    exact = experiments.right(net)
    rounded = {b: experiments.right(snn.quantize.weights(net, b)) for b in (8, 4, 2)}
    trained = experiments.train(snn.quantize.aware(net, 2), 4, 0)
    assert exact > 90
    assert rounded[8] > exact - 1.5
    assert rounded[4] > exact - 4
    assert rounded[2] < exact - 15
    assert experiments.right(trained) > rounded[2] + 10


def test_a_better_scale_saves_most_at_two_bits_and_training_the_rest(net):
    exact = experiments.right(net)
    coarse, fine = (experiments.right(snn.quantize.weights(net, 2, cut=c)) for c in (1, 0.5))
    trained = experiments.right(experiments.train(snn.quantize.aware(net, 2, cut=0.5), 4, 0))
    assert fine > coarse + 8
    assert fine + 1 < trained < exact + 1


def test_noise_that_stays_costs_more_than_noise_that_is_fresh(net):
    exact = experiments.right(net)
    fresh, stays = (
        sum(experiments.right(made(seed)) for seed in range(6)) / 6
        for made in (
            lambda seed: snn.quantize.noisy(net, 0.5, torch.Generator().manual_seed(seed)),
            lambda seed: experiments.shifted(net, 0.5, seed),
        )
    )
    assert exact > stays + 1
    assert fresh > stays + 0.5


def test_integers_lose_nothing_and_wrapping_nearly_everything(net):
    rounded = experiments.right(snn.quantize.weights(net, 8))
    assert abs(experiments.right(snn.quantize.integer(net, 8)) - rounded) < 1.5
    short = {
        how: experiments.right(snn.quantize.integer(net, 8, headroom=2, overflow=how))
        for how in ("saturate", "wrap")
    }
    assert short["saturate"] > rounded - 2
    assert short["wrap"] < rounded - 10


def test_more_mismatch_costs_more(net):
    little, much = (experiments.on_chips(net, sd, 8, 0).mean() for sd in (0.1, 0.5))
    assert little > much + 3


def test_the_cost_of_a_network_on_paper():
    # One input of 64 is on, at all 16 steps; the hidden neurons have no weights and stay silent.
    net = experiments.make(0)
    with torch.no_grad():
        for layer in (net[0], net[2]):
            layer.weight.zero_()
            layer.bias.zero_()
        net[0].weight[:4] = 0.001
    x, _ = experiments.digits()[1]
    busy = (x[:100] != 0).double().sum(1).mean().item() * 16  # inputs that are on, over all steps
    found = experiments.cost(net, 4)
    assert found["operations"] == pytest.approx(4 * busy)
    assert found["at the input"] == found["operations"]  # the hidden neurons are silent
    assert found["dense"] == 16 * (64 * 32 + 32 * 10)
    assert found["bytes"] == 4 * 64 * 4 / 8
    # Chip C: all weights at all steps, of 4 bits from 8 kB; 42 sums of 16 bits at each step.
    add, multiply, access = 0.03 * 2, 0.2 / 2, 10.0
    dense = 16 * (64 * 32 + 32 * 10)
    sums = 2 * 16 * 42 * access * 16 / 64
    by_hand = dense * (add + access * 4 / 64) + 16 * 64 * 32 * multiply + sums
    assert found["skips nothing"] == pytest.approx(1e-3 * by_hand)
    # Chip B: 32 sums are read and written for each input that is on.
    done = 32 * busy
    moved = 2 * (done + 16 * 42) * access * 16 / 64
    by_hand = done * (add + multiply + access * 4 / 64) + moved
    assert found["skips inputs"] == pytest.approx(1e-3 * by_hand)
    assert found["skips both"] < found["skips inputs"]
    cheaper = experiments.cost(net, 4, sum_price=0.5)
    assert cheaper["skips inputs"] == pytest.approx(1e-3 * (by_hand - moved / 2))


def test_agreement_counts_the_pairs_in_the_right_order():
    energy = torch.tensor([1.0, 2.0, 3.0, 3.0])
    assert experiments.agreement(energy, energy) == 100
    assert experiments.agreement(-energy, energy) == 0
    assert experiments.agreement(torch.tensor([1.0, 3.0, 2.0, 9.0]), energy) == pytest.approx(80)
    assert experiments.differing(energy) == 5


def test_pruned_networks_keep_their_zeros_in_training(net):
    small = experiments.compress(net, 4, 0.75, 0)
    layers = [layer for layer in small if isinstance(layer, nn.Linear)]
    assert all((layer.weight == 0).float().mean() >= 0.75 for layer in layers)


def test_the_explorer_shows_an_overflow_and_its_cure():
    calm = _compared(burst=0.3, **PLAIN)
    assert calm["count"] == calm["wanted"] > 0
    asked = _compared(burst=1.8, **PLAIN)  # the prediction: a true sum of 2.5 θ in step 20
    assert asked["ideal"][20] == pytest.approx(2.5, abs=0.05)
    assert asked["mem"][20] < 0
    assert asked["spk"][20] == 0
    assert asked["spk"][41] == 1  # the inhibition wraps, too
    assert asked["count"] < _compared(burst=1.8, **PLAIN | {"overflow": "saturate"})["count"]
    wrapped = _compared(burst=2.0, **PLAIN)
    held = _compared(burst=2.0, **PLAIN | {"overflow": "saturate"})
    roomy = _compared(burst=2.0, **PLAIN | {"headroom": "8 θ"})
    assert wrapped["ideal"][20:22].max() > 2
    assert wrapped["mem"][20:22].min() < -1
    assert held["mem"][20:22].max() == pytest.approx(127 / 63)
    assert (roomy["mem"][20:22] - roomy["ideal"][20:22]).abs().max() < 0.2
    assert calm["theta"] == 63


def test_the_explorer_remembers_an_inhibition_for_longer_with_a_larger_shift():
    last = {}
    for k in (1, 6):
        run = _compared(burst=1.8, **PLAIN | {"k": k, "overflow": "saturate"})
        last[k] = int((run["mem"] < 0).nonzero().max())
    assert last == {1: 43, 6: 53}


@pytest.mark.parametrize("state_bits", [4, 12])
@pytest.mark.parametrize("headroom", ["2 θ", "8 θ"])
def test_the_explorer_stays_within_its_axes(state_bits, headroom):
    for burst in (0.0, 2.5):
        for overflow in ("wrap", "saturate"):
            given = PLAIN | {"overflow": overflow, "state_bits": state_bits, "headroom": headroom}
            shown = _compared(burst=burst, **given)
            assert shown["mem"].abs().max() < 6
            assert shown["ideal"].abs().max() < 6


def test_a_step_of_an_exercise_equals_the_library():
    step = exercise("19.2").solution
    cur, mem = torch.randint(-300, 300, (2, 50)).int()
    mem = mem.clamp(-128, 127)
    how = {"rounding": "floor", "overflow": "saturate", "reset_mechanism": "subtract"}
    spk, now = snn.quantize.int_leaky_step(
        cur[None], mem[None], shift=3, threshold=40, state_bits=8, **how
    )
    mine = step(cur, mem, 3, 40, 8)
    assert torch.equal(mine[0], spk[0].int())
    assert torch.equal(mine[1], now[0])


def test_a_chip_drawn_in_numpy_cannot_learn_and_is_told_so(capsys):
    checks.check(
        "19.3",
        lambda weight, sd: weight.detach().numpy() * (1 + sd * torch.randn(*weight.shape).numpy()),
    )
    assert "gradient" in capsys.readouterr().out

"""training.py: what `fit` learns, what it reports, how it stops, and how it continues."""

import copy
import math
import os
import signal
import sys
import time
from functools import partial

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import snnedu as snn
from snnedu import functional, spikegen
from snnedu.core import _interrupt
from snnedu.core.network import detach
from snnedu.core.training import Interrupted

STEPS = 10
quiet = partial(snn.fit, progress=False)


def constant(x: torch.Tensor) -> torch.Tensor:
    return 2 * x.expand(STEPS, *x.shape)


def rate(x: torch.Tensor) -> torch.Tensor:
    return spikegen.rate(x, STEPS)


def task(samples: int = 96, seed: int = 0):
    """Which half of six numbers is the larger one: learned in a few epochs."""
    x = torch.rand(samples, 6, generator=torch.Generator().manual_seed(seed))
    return x, (x[:, :3].sum(1) < x[:, 3:].sum(1)).long()


def small(*, dropout: float = 0.0, batch_norm: bool = False, seed: int = 0) -> snn.Sequential:
    torch.manual_seed(seed)
    extra = [nn.BatchNorm1d(20)] if batch_norm else []
    return snn.Sequential(
        nn.Linear(6, 20),
        *extra,
        snn.Leaky(0.9),
        nn.Dropout(dropout),
        nn.Linear(20, 2),
        snn.Leaky(0.9),
    )


def weights(net: nn.Module) -> dict[str, torch.Tensor]:
    return copy.deepcopy(net.state_dict())


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def told(history: snn.History) -> dict[str, object]:
    """All that a history tells except how long it took."""
    return {name: value for name, value in vars(history).items() if name != "seconds"}


# ----------------------------------------------------------------------------------- it learns


def test_reads_digits_after_a_few_epochs():
    train, test = snn.data.digits()
    torch.manual_seed(0)
    net = snn.Sequential(nn.Linear(64, 100), snn.Leaky(0.9), nn.Linear(100, 10), snn.Leaky(0.9))
    history = quiet(net, train, test, encode=constant, epochs=5, lr=5e-3)
    assert history.test_accuracy[-1] > 0.9
    assert history.loss[-1] < history.loss[0]
    score = snn.evaluate(net, test, encode=constant)
    assert score.accuracy == pytest.approx(history.test_accuracy[-1])
    assert all(0 < rate < 1 for rate in score.rates.values())


def test_equals_the_loop_written_by_hand_bit_for_bit():
    (x, y), ours, hand = task(), small(), small()
    history = quiet(ours, (x, y), encode=constant, epochs=2, batch_size=32, lr=0.01, seed=7)
    torch.manual_seed(7)
    optimizer, losses = torch.optim.Adam(hand.parameters(), lr=0.01), []
    for _ in range(2):
        for some in torch.randperm(len(x)).split(32):
            spk_rec, _ = hand(constant(x[some]))
            loss = functional.ce_rate_loss(spk_rec, y[some])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert not equal(weights(hand), weights(small()))
    assert equal(weights(hand), weights(ours))
    assert history.batch_loss == losses


def test_truncated_bptt_equals_the_loop_written_by_hand():
    (x, y), ours, hand = task(32), small(), small()
    x = 2 * x  # strong enough for the output to fire
    quiet(ours, (x, y), encode=constant, epochs=1, lr=0.01, truncate=4)
    torch.manual_seed(0)
    order = torch.randperm(len(x))
    optimizer, state, rates = torch.optim.Adam(hand.parameters(), lr=0.01), None, []
    for stretch in constant(x[order]).split(4):  # 4, 4 and 2 steps
        recordings, state = hand.unroll(stretch, state)
        optimizer.zero_grad()
        functional.ce_rate_loss(recordings["4"].spk, y[order]).backward()
        optimizer.step()
        state = detach(state)
        rates.append(recordings["4"].spk.mean().item())
    assert 0 < max(rates) < 1
    assert equal(weights(hand), weights(ours))


def test_truncating_after_the_last_step_changes_nothing():
    whole, cut, short = small(), small(), small()
    for net, truncate in ((whole, None), (cut, STEPS), (short, STEPS - 1)):
        quiet(net, task(), encode=constant, epochs=1, truncate=truncate)
    assert equal(weights(whole), weights(cut))
    assert not equal(weights(whole), weights(short))


def test_sequences_need_no_encoder():
    train, test = snn.data.manifolds(2, 8, 20, samples=60)  # one spike a neuron: time tells all
    torch.manual_seed(0)
    net = snn.Sequential(nn.Linear(8, 64), snn.Leaky(0.95), nn.Linear(64, 2), snn.Leaky(0.95))
    with torch.no_grad():
        net[0].weight *= 4  # spikes are rare: without this the first layer is silent
    history = quiet(net, train, test, epochs=20, batch_size=32, lr=0.02)
    assert history.test_accuracy[-1] > 0.8


def test_a_loss_that_asks_for_membranes_gets_them():
    seen = {}

    def on_membrane(mem_rec, targets):
        seen["mem"] = mem_rec.detach()
        return functional.ce_max_membrane_loss(mem_rec, targets)

    def on_spikes(rec, targets):
        seen["spk"] = rec.detach()
        return functional.accuracy_rate(rec, targets)

    net = small()
    snn.evaluate(net, task(), encode=constant, loss=on_membrane, accuracy=on_spikes)
    spk_rec, mem_rec = net(constant(task()[0]))
    assert torch.equal(seen["mem"], mem_rec)
    assert torch.equal(seen["spk"], spk_rec)
    assert 0 < spk_rec.mean() < 1
    history = quiet(
        net, task(), encode=constant, loss=functional.ce_max_membrane_loss,
        accuracy=functional.accuracy_max_membrane, lr=0.02, epochs=25,
    )  # fmt: skip
    assert history.accuracy[-1] > 0.8


# ----------------------------------------------------------------- sequences of unequal length

UNEQUAL = torch.tensor([3, STEPS, 1, 7, 5, 9, 2, 4])
LOSSES = (
    functional.ce_rate_loss, functional.ce_count_loss, functional.mse_count_loss,
    functional.ce_temporal_loss, functional.ce_max_membrane_loss,
)  # fmt: skip


def unequal(padding: float = 0.0):
    """Return sequences with their targets and lengths; what follows after the end is `padding`."""
    x, targets = task(len(UNEQUAL))
    x = 6 * x.unsqueeze(1).repeat(1, STEPS, 1)  # strong enough for the output to fire
    x[torch.arange(STEPS) >= UNEQUAL.unsqueeze(-1)] = padding
    return x, targets, UNEQUAL


def one_by_one(data):
    """Return each sequence alone, without padding."""
    return [(x[None, :n], y[None]) for x, y, n in zip(*data, strict=True)]


@pytest.mark.parametrize("loss", LOSSES)
def test_padding_changes_no_score(loss):
    net = small()
    together = snn.evaluate(net, unequal(padding=9.0), loss=loss)
    alone = snn.evaluate(net, one_by_one(unequal()), loss=loss)
    assert together.loss == pytest.approx(alone.loss, rel=1e-5)
    assert together.accuracy == alone.accuracy
    assert together.rates == pytest.approx(alone.rates, rel=1e-5)
    assert all(0 < rate < 1 for rate in together.rates.values())


@pytest.mark.parametrize("loss", LOSSES)
def test_padding_changes_no_weight(loss):
    nets, few = (small(dropout=0.3), small(dropout=0.3)), unequal()
    for net, padding in zip(nets, (0.0, 9.0), strict=True):
        quiet(net, unequal(padding), loss=loss, epochs=2, batch_size=4, lr=0.01)
    assert equal(*map(weights, nets))
    assert not equal(weights(nets[0]), weights(small()))
    padded = few[0], few[1]  # without lengths the network learns from the padding, too
    quiet(unaware := small(dropout=0.3), padded, loss=loss, epochs=2, batch_size=4, lr=0.01)
    assert not equal(weights(nets[0]), weights(unaware))


def test_a_batch_learns_what_its_sequences_say_one_by_one():
    ours, hand, data = small(), small(), unequal()
    sgd = torch.optim.SGD(ours.parameters(), lr=0.1)
    quiet(ours, [data], optimizer=sgd, epochs=1)
    sgd = torch.optim.SGD(hand.parameters(), lr=0.1)
    for x, y in one_by_one(data):
        (functional.ce_rate_loss(hand(x.transpose(0, 1))[0], y) / len(UNEQUAL)).backward()
    sgd.step()
    for a, b in zip(ours.parameters(), hand.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_a_penalty_gets_the_mask_as_well():
    seen = []

    def calm(spikes, mask):
        seen.append(mask)
        return functional.l1_rate_sparsity(spikes["1"], mask=mask)

    quiet(small(), [unequal()], penalty=calm, epochs=1)
    assert torch.equal(seen[0], functional.length_mask(UNEQUAL))


def test_lengths_come_along_in_every_form_of_data_and_are_shuffled_with_it():
    data, nets = unequal(), (small(), small(), small())
    samples = TensorDataset(*data)
    quiet(nets[0], data, epochs=2, batch_size=8)
    quiet(nets[1], tuple(part.numpy() for part in data), epochs=2, batch_size=8)
    quiet(nets[2], DataLoader(samples, batch_size=8), epochs=2)
    assert equal(weights(nets[0]), weights(nets[1]))
    for a, b in zip(nets[0].parameters(), nets[2].parameters(), strict=True):
        torch.testing.assert_close(a, b)  # one batch, in another order
    for x, y, n in snn.data.batches(data, 3):
        assert torch.equal(x.any(-1).sum(1), n)
        assert len(y) == len(n)


def test_without_accuracy_only_the_loss_is_reported():
    x, _ = task()
    net = snn.Sequential(nn.Linear(6, 2), snn.Leaky(0.9, reset_mechanism="none"))

    def distance(mem_rec, targets):
        return (mem_rec[-1] - targets).square().mean()

    data = (x, x[:, :2])
    history = quiet(
        net, data, data, encode=constant, loss=distance, accuracy=None, epochs=4, lr=0.02
    )
    assert history.accuracy == history.test_accuracy == []
    assert history.test_loss[-1] < history.test_loss[0]
    assert history.best_epoch == 4


def test_a_penalty_on_hidden_spikes_makes_them_fewer():
    calm, free = small(), small()
    asked = {"penalty": lambda spk: 2 * spk["1"].mean()}
    for net, extra in ((calm, asked), (free, {})):
        quiet(net, task(), encode=constant, epochs=10, lr=0.01, **extra)
    calm_rate, free_rate = (
        snn.evaluate(net, task(), encode=constant).rates["1"] for net in (calm, free)
    )
    assert 0 < calm_rate < 0.8 * free_rate


def test_clipping_shortens_long_gradients_only():
    first = {}

    class Spy(torch.optim.SGD):
        def step(self, closure=None):
            grads = [p.grad for group in self.param_groups for p in group["params"]]
            first.setdefault("norm", torch.cat([g.flatten() for g in grads]).norm().item())
            return super().step(closure)

    norms = {}
    for clip in (None, 1e-3, 1e3):
        net = small()
        first.clear()
        history = quiet(net, task(), encode=constant, epochs=1, batch_size=96, clip=clip,
                        optimizer=Spy(net.parameters(), lr=0.01))  # fmt: skip
        norms[clip] = first["norm"]
        before_clipping = sum(n[0] ** 2 for n in history.grad_norms.values()) ** 0.5
        assert before_clipping == pytest.approx(norms[None], rel=1e-5)
        assert set(history.grad_norms) == {"0", "3"}
    assert norms[1e-3] == pytest.approx(1e-3, rel=1e-3)
    assert norms[1e3] == norms[None] > 1e-3


def test_rates_are_spikes_per_neuron_and_step():
    net, (x, y) = small(), task()
    score = snn.evaluate(net, (x, y), encode=constant, batch_size=20)  # the last batch is smaller
    for name, recording in net.record(constant(x)).items():
        assert score.rates[name] == pytest.approx(recording.spk.mean().item(), rel=1e-5)
    assert 0 < score.rates["1"] < 1
    loss = functional.ce_rate_loss(net(constant(x))[0], y).item()
    assert score.loss == pytest.approx(loss, rel=1e-5)


# ----------------------------------------------------------------------------- silent networks


def silent(scale: float = 0.02) -> snn.Sequential:
    net = small()
    with torch.no_grad():
        for weight in net.parameters():
            weight *= scale
    return net


@pytest.mark.bad_input
@pytest.mark.parametrize(("epochs", "batches"), [(8, 12), (1, 3)])
def test_an_output_that_never_fires_warns_once(epochs, batches):
    told = rf"'4' has not fired in {batches} batches.*layers: 1, 4\. Wake every layer.*05"
    with pytest.warns(UserWarning, match=told) as seen:
        history = quiet(silent(), task(), encode=constant, batch_size=32, epochs=epochs, lr=1e-5)
    assert len(seen) == 1
    assert seen[0].filename == __file__
    assert history.loss[-1] == pytest.approx(math.log(2))


def test_a_silent_output_whose_membrane_is_read_does_not_warn():
    for loss in (functional.ce_max_membrane_loss, functional.mse_membrane_loss):
        quiet(silent(), task(), encode=constant, batch_size=3, epochs=1, loss=loss, lr=1e-5)


def test_an_output_that_training_wakes_soon_does_not_warn():
    net, rates = silent(0.5), []
    quiet(
        net, task(), encode=constant, batch_size=12, epochs=3, lr=0.02,
        on_batch=lambda report: rates.append(report.rates["4"]),
    )  # fmt: skip
    assert rates[0] == 0 < rates[-1]


def test_a_single_silent_batch_does_not_warn():
    assert quiet(silent(), task(), encode=constant, epochs=1).epochs == 1


# ------------------------------------------------------------------------- seeds and evaluation


def test_the_seed_governs_all_randomness_and_touches_no_other():
    def run(seed):
        net = small(dropout=0.3)
        torch.manual_seed(99)
        quiet(net, task(), task(), encode=rate, epochs=2, seed=seed)
        return weights(net), torch.get_rng_state()

    (first, random), (again, _), (other, _) = run(1), run(1), run(2)
    assert equal(first, again)
    assert not equal(first, other)
    torch.manual_seed(99)
    assert torch.equal(random, torch.get_rng_state())
    assert equal(run(None)[0], run(None)[0])  # seed=None: torch's own state, the same in both
    assert not torch.equal(run(None)[1], random)


def test_a_test_set_does_not_change_what_is_learned():
    alone, tested = small(dropout=0.3), small(dropout=0.3)
    quiet(alone, task(), encode=rate, epochs=2)
    quiet(tested, task(), task(seed=1), encode=rate, epochs=2)
    assert equal(weights(alone), weights(tested))


def test_evaluation_repeats_itself_and_leaves_the_network_alone():
    net = small(dropout=0.5, batch_norm=True)
    net[1].eval()  # someone has frozen the batch norm
    before = weights(net)
    scores = [snn.evaluate(net, task(), encode=rate) for _ in range(2)]
    assert scores[0] == scores[1] != snn.evaluate(net, task(), encode=rate, seed=1)
    assert equal(before, weights(net))
    assert net.training
    assert not net[1].training
    assert quiet(net, task(), encode=rate, epochs=1)
    assert not net.training


# --------------------------------------------------------------------------- stopping, going on


@pytest.mark.parametrize(
    ("cut", "loader", "best"),
    [("on_epoch", False, False), ("Ctrl-C", True, False), ("Ctrl-C", False, True)],
)
def test_resumed_equals_uninterrupted_bit_for_bit(tmp_path, cut, loader, best):
    x, y = task()
    wrong = x, 1 - y  # so that the first epochs test best, and the file must know their weights
    train = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True) if loader else (x, y)

    def run(file, **stop):
        net = small(dropout=0.3, batch_norm=True)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
        try:
            history = quiet(
                net, train, wrong, encode=rate, epochs=5, batch_size=32, optimizer=optimizer,
                keep_best=best, checkpoint=file, **stop,
            )  # fmt: skip
        except Interrupted as interrupt:
            history = interrupt.history
        return history, weights(net)

    def interrupt(report):
        if (report.epoch, report.batch) == (3, 2):
            raise KeyboardInterrupt

    stop = {"on_batch": interrupt} if cut == "Ctrl-C" else {"on_epoch": lambda h: h.epochs == 2}
    whole, expected = run(tmp_path / "whole.pt")
    part, cut_short = run(tmp_path / "part.pt", **stop)
    assert (part.stopped, part.epochs) == (cut, 2)
    assert whole.best_epoch <= 2
    torch.rand(3)  # whatever happens in between
    resumed, got = run(tmp_path / "part.pt")
    assert equal(expected, got)
    assert best or not equal(expected, cut_short)
    assert told(resumed) == told(whole)
    assert not list(tmp_path.glob("*.part"))
    again, unchanged = run(tmp_path / "part.pt")  # nothing left to do
    assert told(again) == told(whole)
    assert equal(unchanged, expected)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_ctrl_c_keeps_what_was_learned():
    net, before = small(), weights(small())

    def press(report):
        if (report.epoch, report.batch) == (2, 2):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt, match="stopped after batch 5") as raised:
        quiet(net, task(), encode=constant, epochs=50, batch_size=32, on_batch=press)
    history = raised.value.history
    assert (history.stopped, history.epochs, len(history.batch_loss)) == ("Ctrl-C", 1, 5)
    assert not equal(before, weights(net))
    assert repr(history).endswith("stopped by Ctrl-C)")


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
@pytest.mark.parametrize("where", ["encode", "loss", "test", "on_epoch", "evaluate"])
def test_ctrl_c_leaves_everything_as_it_was(where):
    net = small(dropout=0.3)
    net[1].eval()
    modes, seeds = [part.training for part in net.modules()], torch.get_rng_state()

    def press(*args):
        os.kill(os.getpid(), signal.SIGINT)

    def encode(x):
        if where == "encode" or (where in ("test", "evaluate") and not torch.is_grad_enabled()):
            press()
        return rate(x)

    def loss(spk_rec, targets):
        if where == "loss":
            press()
        return snn.functional.ce_rate_loss(spk_rec, targets)

    more = {"on_epoch": press} if where == "on_epoch" else {}
    run = partial(snn.evaluate, net, task())
    if where != "evaluate":
        run = partial(quiet, net, task(), task(), loss=loss, epochs=1, **more)
    with pytest.raises(KeyboardInterrupt):
        run(encode=encode)
    assert torch.is_grad_enabled()
    assert [part.training for part in net.modules()] == modes
    assert torch.equal(torch.get_rng_state(), seeds)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_ctrl_c_ends_a_loop_over_seeds_and_a_second_one_a_batch_that_never_ends(monkeypatch):
    monkeypatch.setattr(_interrupt, "PATIENCE", 0.0)
    started = []

    def hangs(x):
        started.append(x)
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)

    def three():
        for _ in range(3):
            quiet(small(), task(), encode=hangs, epochs=1)

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        three()
    assert len(started) == 1
    assert time.monotonic() - start < 30


def test_callbacks_hear_of_each_batch_and_epoch_and_can_stop():
    reports, lengths = [], []

    def after_two(history):
        lengths.append(len(history.test_loss))
        return history.epochs == 2

    history = quiet(
        small(), task(), task(), encode=constant, epochs=9, batch_size=32,
        on_batch=reports.append, on_epoch=after_two,
    )  # fmt: skip
    assert history.stopped == "on_epoch"
    assert lengths == [1, 2]
    assert [(r.epoch, r.batch, r.samples) for r in reports] == [
        (epoch, batch, 32) for epoch in (1, 2) for batch in (1, 2, 3)
    ]
    assert [r.loss for r in reports] == history.batch_loss
    assert sum(r.rates["1"] for r in reports[3:]) / 3 == pytest.approx(history.rates["1"][1])
    assert set(reports[0].grad_norms) == {"0", "3"}
    stopped = quiet(
        small(), task(), encode=constant, batch_size=32, on_batch=lambda r: r.batch == 2
    )
    assert (stopped.stopped, stopped.epochs, len(stopped.batch_loss)) == ("on_batch", 0, 2)


def test_keep_best_ends_with_the_best_epoch():
    seen = []
    net = small()
    history = quiet(
        net, task(), task(seed=1), encode=constant, epochs=8, lr=0.2, keep_best=True,
        on_epoch=lambda h: seen.append(weights(net)),
    )  # fmt: skip
    best = history.best_epoch
    assert best < 8  # so large a step that it gets worse again
    assert history.test_accuracy[best - 1] == max(history.test_accuracy)
    assert equal(weights(net), seen[best - 1])
    assert not equal(weights(net), seen[-1])


def test_the_bar_goes_to_the_terminal_if_wanted(capsys):
    snn.fit(small(), task(), encode=constant, epochs=2, batch_size=32)
    assert "6/6" in capsys.readouterr().err
    quiet(small(), task(), encode=constant, epochs=1)
    assert capsys.readouterr() == ("", "")


# -------------------------------------------------------------------------------------- bad input


def nan_in(x: torch.Tensor, sample: int) -> torch.Tensor:
    x = x.clone()
    x[sample, 0] = float("nan")
    return x


def test_what_is_not_finite_never_reaches_the_weights():
    x, y = task()
    net = small(batch_norm=True)
    with pytest.raises(ValueError, match=r"(?s)NaN or infinity in sample \d+ .*epoch 1, batch 2"):
        quiet(net, [(x[:32], y[:32]), (nan_in(x, 5), y)], encode=constant)
    after_one = small(batch_norm=True)
    quiet(after_one, [(x[:32], y[:32])], encode=constant, epochs=1)
    assert equal(weights(net), weights(after_one))


def broken() -> snn.Sequential:
    net = small()
    with torch.no_grad():
        net[3].weight[0, 0] = float("inf")
    return net


def nan_loss(spk_rec, targets):
    return spk_rec.sum() / 0.0


def nan_gradient(spk_rec, targets):
    return (spk_rec.sum() * 0).sqrt()  # the slope of sqrt at 0 is infinite


TASK = task()
OTHER = small()
STEP = torch.optim.lr_scheduler.StepLR
COMPILED = torch.compile(small(), backend="eager")
BAD = {
    "a compiled network": (
        lambda: quiet(COMPILED, TASK), TypeError, r"Received OptimizedModule.*Sequential inside it",
    ),
    "a network in DataParallel": (
        lambda: quiet(nn.DataParallel(small()), TASK), TypeError, "they share their weights",
    ),
    "evaluate another network": (
        lambda: snn.evaluate(nn.Sequential(nn.Linear(6, 2)), TASK), TypeError,
        r"snnedu\.Sequential.*Received Sequential.*Put its layers into one",
    ),
    "evaluate a compiled network": (
        lambda: snn.evaluate(COMPILED, TASK), TypeError, "Sequential inside it",
    ),
    "a class of networks": (lambda: quiet(snn.Sequential, TASK), TypeError, "Received type"),
    "an optimizer's class": (
        lambda: quiet(small(), TASK, optimizer=torch.optim.Adam), TypeError,
        r"`optimizer` must be made.*Adam.*Pass `torch\.optim\.Adam\(net",
    ),
    "an optimizer of another network": (
        lambda: quiet(small(), TASK, optimizer=torch.optim.Adam(OTHER.parameters())), ValueError,
        r"must hold weights of `net`.*Make it from `net\.parameters\(\)`",
    ),
    "a scheduler's class": (
        lambda: quiet(small(), TASK, scheduler=STEP), TypeError,
        "`scheduler` must be .*Pass `StepLR",
    ),
    "a scheduler of another optimizer": (
        lambda: quiet(OTHER, TASK, optimizer=torch.optim.Adam(OTHER.parameters()),
                      scheduler=STEP(torch.optim.Adam(OTHER.parameters()), 1)),
        ValueError, "`scheduler` must be made for `optimizer`",
    ),
    "a scheduler of another network": (
        lambda: quiet(small(), TASK, scheduler=STEP(torch.optim.Adam(OTHER.parameters()), 1)),
        ValueError, "must hold weights of `net`",
    ),
    "a scheduler and a step size": (
        lambda: quiet(OTHER, TASK, lr=1.0, scheduler=STEP(torch.optim.Adam(OTHER.parameters()), 1)),
        ValueError, "Leave one out",
    ),
    "a plateau of the accuracy": (
        lambda: quiet(OTHER, TASK, scheduler=torch.optim.lr_scheduler.ReduceLROnPlateau(
            torch.optim.Adam(OTHER.parameters()), mode="max")), ValueError, "mode='min'",
    ),
    "nothing to learn": (
        lambda: quiet(small().requires_grad_(False), TASK), ValueError, "have weights to learn",
    ),
    "an encoder of arrays": (
        lambda: quiet(small(), TASK, encode=lambda x: constant(x).numpy()), TypeError,
        "`encode` must return a tensor.*Received ndarray",
    ),
    "a loss without a tensor": (
        lambda: quiet(small(), TASK, encode=constant, loss=lambda spk_rec, targets: 0.5),
        ValueError, "tensor of one number. Received float",
    ),
    "another network": (
        lambda: quiet(nn.Linear(6, 2), TASK), TypeError, r"snnedu\.Sequential.*Received Linear",
    ),
    "no epochs": (lambda: quiet(small(), TASK, epochs=0), ValueError, "`epochs`"),
    "no batch": (
        lambda: quiet(small(), TASK, encode=constant, batch_size=0), ValueError, "`batch_size`",
    ),
    "truncate": (lambda: quiet(small(), TASK, truncate=0), ValueError, "`truncate`"),
    "clip": (lambda: quiet(small(), TASK, clip=-1.0), ValueError, "`clip` must be .*above 0"),
    "best of nothing": (
        lambda: quiet(small(), TASK, keep_best=True), ValueError, "no `test`.*Pass `test=",
    ),
    "two step sizes": (
        lambda: quiet(small(), TASK, lr=0.1, optimizer=torch.optim.SGD(small().parameters(), 0.1)),
        ValueError, "Leave one out",
    ),
    "no time": (
        lambda: quiet(small(), TASK), ValueError, r"\[96, 6\].*`encode=lambda x: x\.expand",
    ),
    "batch first": (
        lambda: quiet(small(), TASK, encode=lambda x: constant(x).transpose(0, 1)), ValueError,
        r"batch of 96.*\[96, 10, 6\].*Time comes first",
    ),
    "one target short": (
        lambda: quiet(small(), (TASK[0], TASK[1][:-1]), encode=constant), ValueError,
        "96 samples and 95 targets",
    ),
    "targets out of range": (
        lambda: quiet(small(), (TASK[0], TASK[1] + 1), encode=constant), ValueError, "targets",
    ),
    "train and test in one": (
        lambda: quiet(small(), (TASK, TASK), encode=constant), ValueError,
        r"one data set\. Received a tuple of 2 pairs.*Unpack it",
    ),
    "no batches": (
        lambda: quiet(small(), iter([]), encode=constant), ValueError, "at least one batch",
    ),
    "a generator": (
        lambda: quiet(small(), (b for b in [TASK]), encode=constant), ValueError,
        "in each epoch.*empty after one epoch",
    ),
    "test without batches": (
        lambda: snn.evaluate(small(), [], encode=constant), ValueError, "at least one batch",
    ),
    "NaN in the data": (
        lambda: snn.evaluate(small(), (nan_in(TASK[0], 7), TASK[1]), encode=constant), ValueError,
        "NaN or infinity in sample 7",
    ),
    "NaN from encode": (
        lambda: quiet(small(), TASK, encode=lambda x: constant(x) / 0.0 * 0.0), ValueError,
        "Look at the data and at `encode`",
    ),
    "weights": (lambda: quiet(broken(), TASK), ValueError, r"infinity in '3\.weight'"),
    "loss": (
        lambda: quiet(small(), TASK, encode=constant, loss=nan_loss), ValueError,
        r"(?s)inf from `nan_loss`.*epoch 1, batch 1",
    ),
    "gradient": (
        lambda: quiet(small(), TASK, encode=constant, loss=nan_gradient), ValueError,
        r"(?s)infinity in layer 0, 3.*`clip=1\.0`",
    ),
    "a loss for each sample": (
        lambda: quiet(small(), TASK, encode=constant,
                      loss=partial(functional.ce_rate_loss, reduction="none")),
        ValueError, r"one number\. Received \[96\]",
    ),
    "dtype": (
        lambda: quiet(small(), (TASK[0].double(), TASK[1]), encode=constant), TypeError, "float64",
    ),
    "lengths of others": (
        lambda: quiet(small(), (*unequal()[:2], UNEQUAL[:3])), ValueError,
        r"third part of `train` must be lengths.*8 samples.*\[3\]",
    ),
    "lengths with decimals": (
        lambda: quiet(small(), (*unequal()[:2], UNEQUAL.float())), ValueError, "float32",
    ),
    "no step of a sample": (
        lambda: quiet(small(), (*unequal()[:2], UNEQUAL - 1)), ValueError, r"in \[1, 10\]",
    ),
    "longer than the padded sequence": (
        lambda: quiet(small(), (*unequal()[:2], UNEQUAL + 1)), ValueError, "have 10 steps",
    ),
    "a loss that takes no mask": (
        lambda: quiet(small(), unequal(), loss=lambda spk_rec, targets: spk_rec.sum()), TypeError,
        "`loss` must take `mask`.*spk_rec, targets.*mask=mask",
    ),
    "a penalty that takes no mask": (
        lambda: quiet(small(), unequal(), penalty=lambda spikes: 0.0), TypeError, "`penalty` must",
    ),
    "batch norm over padding": (
        lambda: quiet(small(batch_norm=True), unequal()), ValueError, "from the padding",
    ),
    "cut sequences of unequal length": (
        lambda: quiet(small(), unequal(), truncate=4), ValueError, "sequences of one length",
    ),
}  # fmt: skip


@pytest.mark.bad_input
@pytest.mark.parametrize("name", BAD)
def test_bad_input_raises(name):
    call, kind, message = BAD[name]
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.bad_input
def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    run = partial(quiet, train=TASK, encode=constant, checkpoint=tmp_path / "run.pt")
    run(small(), epochs=1)
    with pytest.raises(ValueError, match=r"run\.pt was written with: batch_size=128\. Pass these"):
        run(small(), epochs=2, batch_size=64)
    with pytest.raises(ValueError, match=r"lr: 0\.002"):
        run(small(), epochs=2, lr=0.1)
    assert run(small(), epochs=2).epochs == 2  # more epochs are welcome

"""checkpoint.py: resumed training ends bit for bit; files of other runs are refused, in time."""

import os
import warnings
from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, lr_scheduler

import snnedu as snn

X = torch.rand(96, 6, generator=torch.Generator().manual_seed(0))
Y = (X[:, :3].sum(1) < X[:, 3:].sum(1)).long()
quiet = partial(
    snn.fit, train=(X, Y), encode=lambda x: 3 * x.expand(10, *x.shape), batch_size=32,
    progress=False,
)  # fmt: skip


def small(*, beta: float = 0.9, hidden: int = 20, learn: bool = False) -> snn.Sequential:
    torch.manual_seed(0)
    neurons = snn.Leaky(beta, learn_beta=learn)
    return snn.Sequential(
        nn.Linear(6, hidden), neurons, nn.Dropout(0.2), nn.Linear(hidden, 2), snn.Leaky(0.9)
    )


def equal(net: nn.Module, other: nn.Module) -> bool:
    pairs = zip(net.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(*pair) for pair in pairs)


def rates_of(optimizer, rates):
    """Note the learning rate that each epoch begins with."""
    return lambda report: rates.append(optimizer.param_groups[0]["lr"]) if report.batch == 1 else 0


# --------------------------------------------------------------------------------- schedulers

SCHEDULES = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 1, gamma=0.5),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [1, 3], gamma=0.3),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.8),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 5),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=6),
    "ReduceLROnPlateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=0.1),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.ConstantLR(o, 0.5, 2), lr_scheduler.ExponentialLR(o, 0.8)], [2]
    ),
}


# OneCycleLR moves the momentum too, so its optimizer is no longer as it was at first.
RESUMED = [(name, True) for name in SCHEDULES]
RESUMED += [(name, False) for name in SCHEDULES if name != "OneCycleLR"]


@pytest.mark.parametrize(("name", "in_new_process"), RESUMED)
def test_a_resumed_schedule_ends_bit_for_bit(name, in_new_process, tmp_path):
    def start():
        net = small()
        optimizer = SGD(net.parameters(), lr=0.01, momentum=0.9)
        return net, optimizer, SCHEDULES[name](optimizer)

    def run(objects, file, epochs):
        net, optimizer, scheduler = objects
        return quiet(
            net, epochs=epochs, optimizer=optimizer, scheduler=scheduler, checkpoint=file,
            on_batch=rates_of(optimizer, rates),
        )  # fmt: skip

    rates: list[float] = []
    whole = start()
    history = run(whole, tmp_path / "whole.pt", 5)
    expected, rates = rates, []
    assert len(set(expected)) > 1
    part = start()
    run(part, tmp_path / "part.pt", 2)
    resumed = start() if in_new_process else part
    again = run(resumed, tmp_path / "part.pt", 5)
    assert rates == expected
    assert equal(resumed[0], whole[0])
    assert again.batch_loss == history.batch_loss


def test_a_scheduler_is_stepped_once_an_epoch_after_the_optimizer():
    net, rates = small(), []
    optimizer = Adam(net.parameters(), lr=0.01)
    quiet(
        net, epochs=3, scheduler=lr_scheduler.StepLR(optimizer, 1, 0.5),  # brings its optimizer
        on_batch=rates_of(optimizer, rates),
    )  # fmt: skip
    assert rates == [0.01, 0.005, 0.0025]
    assert optimizer.param_groups[0]["lr"] == 0.00125
    assert not equal(net, small())


@pytest.mark.parametrize("test", [None, (X, 1 - Y)])
def test_a_plateau_is_one_of_the_test_loss_or_of_the_loss_without_test(test):
    told, net = [], small()

    class Plateau(lr_scheduler.ReduceLROnPlateau):
        def step(self, metrics, *args):
            told.append(metrics)
            super().step(metrics, *args)

    optimizer = Adam(net.parameters(), lr=0.01)
    history = quiet(net, test=test, epochs=3, optimizer=optimizer, scheduler=Plateau(optimizer))
    assert told == (history.test_loss if test else history.loss)


# ------------------------------------------------------- what changes the learning rate by hand


def by_hand(net, file, epochs):
    """Step a scheduler of one's own in `on_epoch`, as one did before `fit` had an argument."""
    optimizer = SGD(net.parameters(), lr=0.01)
    schedule, rates = lr_scheduler.StepLR(optimizer, 1, gamma=0.5), []
    quiet(
        net, epochs=epochs, optimizer=optimizer, checkpoint=file,
        on_epoch=lambda history: schedule.step(), on_batch=rates_of(optimizer, rates),
    )  # fmt: skip
    return rates


@pytest.mark.bad_input
def test_a_learning_rate_changed_by_hand_is_restored_with_a_warning(tmp_path):
    whole, resumed = small(), small()
    expected = by_hand(whole, tmp_path / "whole.pt", 4)
    assert expected == [0.01, 0.005, 0.0025, 0.00125]
    first = by_hand(small(), tmp_path / "part.pt", 2)
    with pytest.warns(UserWarning, match=r"part\.pt, \[0\.0025\], and not with \[0\.01\]") as seen:
        rest = by_hand(resumed, tmp_path / "part.pt", 4)
    assert "scheduler=..." in str(seen[0].message)
    assert seen[0].filename == __file__
    assert first + rest == expected
    assert equal(whole, resumed)


def test_the_state_after_on_epoch_is_stored_even_where_it_fails(tmp_path):
    net, file = small(), tmp_path / "run.pt"
    optimizer = SGD(net.parameters(), lr=0.01)

    def fails(history):
        optimizer.param_groups[0]["lr"] = 0.003
        raise OSError("the plot could not be drawn")

    with pytest.raises(OSError, match="could not be drawn"):
        quiet(net, epochs=2, optimizer=optimizer, checkpoint=file, on_epoch=fails)
    stored = torch.load(file)
    assert stored["optimizer"]["param_groups"][0]["lr"] == 0.003
    assert len(stored["history"]["loss"]) == 1


# ------------------------------------------------------------------------------------- files


def test_a_missing_folder_is_made(tmp_path):
    quiet(small(), epochs=1, checkpoint=tmp_path / "a" / "b" / "run.pt")
    assert [file.name for file in (tmp_path / "a" / "b").iterdir()] == ["run.pt"]


def test_a_failed_write_leaves_the_checkpoint_before_it(tmp_path, monkeypatch):
    file = tmp_path / "run.pt"
    quiet(small(), epochs=1, checkpoint=file)
    before, save = file.read_bytes(), torch.save

    def full(content, part):
        save(content, part)
        os.truncate(part, 100)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left") as error:
        quiet(small(), epochs=2, checkpoint=file)
    assert "run.pt is as it was" in error.value.__notes__[0]
    assert file.read_bytes() == before
    assert [*tmp_path.iterdir()] == [file]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps files by other rules")
def test_a_folder_that_cannot_be_made_raises_before_the_first_epoch(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "run.pt", tmp_path / "folder"):
        with pytest.raises(ValueError, match="`checkpoint` must be a file that can be written"):
            quiet(small(), epochs=1, checkpoint=path, on_batch=lambda report: 1 / 0)
    assert not [*(tmp_path / "folder").iterdir()]


JUNK = {"nothing": b"", "text": b"these are my notes", "a torn archive": None, "bytes": bytes(999)}


@pytest.mark.bad_input
@pytest.mark.parametrize("name", JUNK)
def test_junk_is_refused_and_left_alone(name, tmp_path):
    file = tmp_path / "run.pt"
    torch.save(small().state_dict(), file)
    file.write_bytes(file.read_bytes()[:-200] if JUNK[name] is None else JUNK[name])
    before, net = file.read_bytes(), small()
    with pytest.raises(ValueError, match=r"`fit` has written\. Received .*run\.pt, .*Delete that"):
        quiet(net, epochs=1, checkpoint=file)
    assert file.read_bytes() == before
    assert equal(net, small())


@pytest.mark.bad_input
@pytest.mark.parametrize("content", [{"0.weight": torch.ones(2)}, [1, 2], torch.ones(3)])
def test_a_file_of_something_else_is_refused(content, tmp_path):
    torch.save(content, tmp_path / "run.pt")
    with pytest.raises(ValueError, match="which holds something else"):
        quiet(small(), epochs=1, checkpoint=tmp_path / "run.pt")


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("other", "told"),
    [({"hidden": 30}, r"0\.weight, 0\.bias, 3\.weight"), ({"beta": 0.5}, r"1\.beta")],
)
def test_another_networks_checkpoint_is_refused_and_the_network_stays(other, told, tmp_path):
    quiet(small(), epochs=1, checkpoint=tmp_path / "run.pt")
    net = small(**other)
    with pytest.raises(ValueError, match=rf"of this network.*differs in {told}\. Build"):
        quiet(net, epochs=2, checkpoint=tmp_path / "run.pt")
    assert equal(net, small(**other))


def test_a_learned_decay_is_no_other_network(tmp_path):
    net = small(learn=True)
    quiet(net, epochs=1, lr=0.1, checkpoint=tmp_path / "run.pt")
    assert net[1].beta != 0.9
    assert quiet(small(learn=True), epochs=2, lr=0.1, checkpoint=tmp_path / "run.pt").epochs == 2


@pytest.mark.bad_input
def test_an_optimizer_of_other_weights_is_refused(tmp_path):
    nets = small(), small()
    run = partial(quiet, checkpoint=tmp_path / "run.pt")
    run(nets[0], epochs=1, optimizer=SGD(nets[0].parameters(), lr=0.1))
    with pytest.raises(ValueError, match="`optimizer` must be made as the one in"):
        run(nets[1], epochs=2, optimizer=SGD(nets[1][0].parameters(), lr=0.1))
    assert equal(nets[1], small())


@pytest.mark.bad_input
def test_another_schedule_is_refused(tmp_path):
    def run(schedule, epochs):
        net = small()
        optimizer = SGD(net.parameters(), lr=0.1)
        return quiet(
            net, epochs=epochs, optimizer=optimizer, checkpoint=tmp_path / "run.pt",
            scheduler=schedule and schedule(optimizer),
        )  # fmt: skip

    run(lambda o: lr_scheduler.StepLR(o, 1, 0.5), 2)
    with pytest.raises(ValueError, match=r"was written with: scheduler's gamma=0\.5\. Pass these"):
        run(lambda o: lr_scheduler.StepLR(o, 1, 0.9), 3)
    with pytest.raises(ValueError, match=r"scheduler=StepLR\. Pass these"):
        run(lambda o: lr_scheduler.ExponentialLR(o, 0.5), 3)
    with pytest.raises(ValueError, match=r"scheduler=StepLR\. Pass these"):
        run(None, 3)


def test_a_checkpoint_from_before_there_were_schedulers_goes_on_without_one(tmp_path):
    file = tmp_path / "run.pt"
    quiet(small(), epochs=1, checkpoint=file)
    old = torch.load(file)
    del old["scheduler"], old["first_schedule"], old["settings"]["scheduler"]
    torch.save(old, file)
    net = small()
    optimizer = Adam(net.parameters(), lr=0.002)
    with pytest.raises(ValueError, match=r"scheduler=None\. Pass these"):
        quiet(net, epochs=2, scheduler=lr_scheduler.StepLR(optimizer, 1), checkpoint=file)
    whole = small()
    quiet(whole, epochs=2)
    with warnings.catch_warnings(action="error"):
        assert quiet(net, epochs=2, checkpoint=file).epochs == 2
    assert equal(net, whole)

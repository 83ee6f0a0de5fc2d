"""What 07 claims, on one seed; and what a learner may do without a later cell failing."""

import pytest
import torch

import snnedu as snn
from snnedu.course.attempt import WrongAnswer
from snnedu.course.chapters.c07_training_bptt.exercises import STATE_STAYS, my_credit
from snnedu.course.check import verdict
from snnedu.course.exercise import exercise
from tests.course.cells import run_cells

pytestmark = pytest.mark.house


def learned(**names):
    """Return the names of the cells on the digits, our solutions in the place of answers."""
    return run_cells("07", "t07-01 t07-17", my_step=exercise("07.2").solution, **names)


def test_the_loss_decides_how_many_spikes_a_finer_clock_costs():
    """The text once said of a faster clock: "it can send more, we cannot say why"."""
    setup = "t07-39 t07-40"
    names = run_cells("07", setup, {"ProgressBar(8)": "range(1)"}, **learned())
    hidden, fresh = names["hidden_and_accuracy"], names["trained_on"]
    for name, asked in {"ce_rate": snn.functional.ce_rate_loss, "mse_count": None}.items():
        (net,) = names["coarse"][name]
        coarse, fine = (hidden(*names["on_clock"](net, T))[0] for T in (10, 25))
        assert 1 < fine / coarse < 1.4
        anew = hidden(*fresh(25, asked or names["ask_for"](8, 25), 0))[0] / coarse
        assert anew > 1.8 if asked else anew < 1.1


def test_truncation_blinds_learning_not_the_network():
    """The readout finds the cue without training, too; the text once left this control out."""
    names = {**learned(), "my_stretches": exercise("07.4").solution}
    names = run_cells("07", "t07-35 t07-36", **names)
    names["trained"] = {15: [names["remember"](15, seed=1)]}
    ((right, _),) = names["trained"][15]
    names = run_cells("07", "t07-38b", {"range(8)": "range(2)"}, **names)
    assert right < 0.75
    assert names["read"].min() > 0.95
    assert names["fresh"].min() > 0.95


def test_a_longer_stretch_that_does_not_hold_cue_and_answer_is_no_help():
    """The text once advised to choose longer stretches: at 25 of 30 steps the network guesses."""
    names = {**learned(), "my_stretches": exercise("07.4").solution}
    remember = run_cells("07", "t07-35 t07-36", **names)["remember"]
    assert remember(25, seed=1)[0] < 0.75


def test_of_the_three_bugs_the_old_state_costs_the_accuracy():
    names = run_cells("07", "t07-24 t07-25", {"ProgressBar(8)": "range(2)"}, **learned())
    names = run_cells("07", "one-bug", {"ProgressBar(8)": "range(2)"}, **names)
    assert names["last_step"].mean() - names["old_state"].mean() > 0.02


def test_keeping_the_graph_of_the_last_batch_gives_another_error():
    """The quiz once said that `retain_graph=True` only hides the error."""
    changes = {
        'snn.detach(state)  # "else PyTorch complained"': "state",
        "loss.backward()": "loss.backward(retain_graph=True)",
    }
    names = run_cells("07", "t07-24", changes, **learned())
    net, x_rec, targets = names["make"](), names["constant"](names["pictures"], 5), names["targets"]
    optimizer = torch.optim.Adam(net.parameters())
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        names["broken_epoch"](net, optimizer, 2 * [(x_rec, targets)])


def test_a_training_that_was_stopped_at_once_has_curves_without_points(capsys):
    names = learned()
    run_cells("07", "t07-20", dashboard=snn.training_dashboard(names["net"]), **names)
    assert "training: no epoch is complete" in capsys.readouterr().out


@pytest.mark.parametrize("credit", exercise("07.1").accepts, ids=range(4))
def test_credit_in_another_form_gives_the_gradient_of_pytorch(credit):
    names = {"my_credit": snn.check("07.1", credit), **learned()}
    names = run_cells("07", "t07-11 t07-12", **names)
    torch.testing.assert_close(names["by_w"], names["w"].grad, rtol=1e-5, atol=0)


def test_the_answer_in_the_explorer_is_kept_and_recalled(capsys):
    credit = run_cells("07", "t07-03", torch=torch, snn=snn)["credit"]
    explorer = snn.credit_explorer(credit, ask="07.p1")
    assert explorer.guess == ""
    explorer.guess = "All have the same"
    assert snn.credit_explorer(credit, ask="07.p1").guess == "All have the same"
    assert not snn.credit_explorer(credit)._spec["predict"]
    assert explorer.run()["best"] == "step 39"
    assert explorer.run(beta=1.0)["best"] == "all steps alike"
    snn.recap("07")
    assert "You thought “All have the same”. It was “The last input's”" in capsys.readouterr().out


def test_the_stored_picture_gives_no_answer_away_before_one_is_given():
    credit = run_cells("07", "t07-03", torch=torch, snn=snn)["credit"]
    explorer = snn.credit_explorer(credit, ask="07.p1")
    assert "result = number of spikes. Largest credit: step 7." in stored(explorer)
    explorer.guess = "All have the same"
    assert "result = last membrane. Largest credit: step 39." in stored(explorer)
    assert "result = last membrane" in stored(snn.credit_explorer(credit))
    assert explorer.values["result"] == "last membrane"


def stored(explorer):
    data, _ = explorer._repr_mimebundle_()
    return data["text/html"]


def test_the_reply_to_another_sign_names_the_last_step_and_no_missing_zero():
    with pytest.raises(WrongAnswer, match=r"At the last step δ is h\[t\] g\[t\] alone") as reply:
        verdict(exercise("07.1"), lambda h, g, beta: -my_credit(h, g, beta))
    assert "use 0" not in str(reply.value)


def test_a_loop_from_the_first_step_on_is_told_that_the_next_one_is_still_zero():
    def credit(h, g, beta):
        delta = torch.zeros(len(h) + 1)
        for t in range(len(h)):
            delta[t] = h[t] * g[t] + beta * delta[t + 1]
        return delta[:-1]

    with pytest.raises(WrongAnswer, match="it is always 0"):
        verdict(exercise("07.1"), credit)


def test_the_reply_to_an_old_state_does_not_call_it_the_last_bug():
    assert "One bug is left" not in STATE_STAYS  # the sum may still be a tensor with a graph


def test_cuts_at_other_steps_are_told_apart_from_other_spikes():
    def stretches(net, x_rec, length):
        spikes, state = [], None
        for t, x in enumerate(x_rec):
            state = snn.detach(state) if state and t % length == 1 else state
            spk, state = net.step(x, state)
            spikes.append(spk)
        return torch.stack(spikes)

    with pytest.raises(WrongAnswer, match="not cut after each `length` steps"):
        verdict(exercise("07.4"), stretches)


def test_a_sum_over_each_stretch_is_not_taken_for_one_stretch():
    def stretches(net, x_rec, length):
        spk_rec = exercise("07.4").solution(net, x_rec, length)
        return torch.stack([part.sum(0) for part in spk_rec.split(length)])

    with pytest.raises(WrongAnswer, match="Return the shape"):
        verdict(exercise("07.4"), stretches)


def test_a_step_in_each_stretch_is_told_that_nothing_learns_here():
    """The error of the check itself was once shown: the graph was gone."""

    def stretches(net, x_rec, length):
        optimizer, spikes, state = torch.optim.Adam(net.parameters()), [], None
        for stretch in x_rec.split(length):
            recordings, state = net.unroll(stretch, state)
            spikes.append(list(recordings.values())[-1].spk)
            optimizer.zero_grad()
            spikes[-1].sum().backward()
            optimizer.step()
            state = snn.detach(state)
        return torch.cat(spikes)

    with pytest.raises(WrongAnswer, match="the code that calls it does the learning"):
        verdict(exercise("07.4"), stretches)


@pytest.mark.parametrize("form", [list, torch.tensor])
def test_the_loss_of_each_batch_is_told_to_become_a_mean(form):
    def epoch(net, optimizer, batches):
        step = exercise("07.2").solution
        return form([step(net, optimizer, x_rec, targets) for x_rec, targets in batches])

    with pytest.raises(WrongAnswer, match="Return one, the mean over all batches"):
        verdict(exercise("07.3"), epoch)


def test_float_makes_a_plain_number_of_a_loss_without_a_warning():
    """The reply once was: right, and "Your code printed" a warning of PyTorch."""

    def step(net, optimizer, x_rec, targets):
        loss = snn.functional.ce_rate_loss(net(x_rec)[0], targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss)

    torch.set_warn_always(True)  # by default, once for each process
    try:
        _, printed = verdict(exercise("07.2"), step)
    finally:
        torch.set_warn_always(False)
    assert printed == ""


def test_steps_joined_along_the_batch_are_told_to_be_stacked():
    def epoch(net, optimizer, batches):
        for x_rec, targets in batches:
            spikes, state = [], None
            for x in x_rec:
                spk, state = net.step(x, state)
                spikes.append(spk)
            snn.functional.ce_rate_loss(torch.cat(spikes), targets)

    with pytest.raises(WrongAnswer, match=r"Join steps by `torch\.stack`"):
        verdict(exercise("07.3"), epoch)


def test_detached_recordings_are_told_that_no_gradient_comes_through():
    def stretches(net, x_rec, length):
        spikes, state = [], None
        for stretch in x_rec.split(length):
            recordings, state = net.unroll(stretch, state)
            spikes.append(list(snn.detach(recordings).values())[-1].spk)
        return torch.cat(spikes)

    with pytest.raises(WrongAnswer, match="Detach only the state between stretches"):
        verdict(exercise("07.4"), stretches)


def test_an_empty_stretch_at_the_end_is_refused():
    """This answer was once right here, and a later cell raised an error: 15 divides 30."""

    def stretches(net, x_rec, length):
        spikes, state = [], None
        for number in range(len(x_rec) // length + 1):
            stretch = x_rec[number * length : (number + 1) * length]
            recordings, state = net.unroll(stretch, snn.detach(state))
            spikes.append(list(recordings.values())[-1].spk)
        return torch.cat(spikes)

    with pytest.raises(WrongAnswer, match="It holds no step"):
        verdict(exercise("07.4"), stretches)


def test_a_call_with_a_state_is_told_to_unroll():
    def stretches(net, x_rec, length):
        spikes, state = [], None
        for stretch in x_rec.split(length):
            spk_rec, state = net(stretch, state)
            spikes.append(spk_rec)
        return torch.cat(spikes)

    with pytest.raises(WrongAnswer, match="takes no state: it begins at rest"):
        verdict(exercise("07.4"), stretches)

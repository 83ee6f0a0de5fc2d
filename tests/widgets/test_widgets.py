"""Explorers without a browser: every corner of every control, through ipywidgets' own messages."""

import math
import sys
import time
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from torch import nn

import snnedu as snn
from snnedu.course.chapters.c08_objectives import experiments
from snnedu.widgets.dashboard import Dashboard
from snnedu.widgets.explorer import Explorer
from snnedu.widgets.models import BUILT_IN, uniform
from snnedu.widgets.panels import Bars, Choice, Curve, Image, Raster, Slider, Traces, fill

READY: list[Callable[[], Explorer]] = [
    snn.lif_explorer,
    snn.circuit_explorer,
    lambda: snn.circuit_explorer(fires=False),
    snn.zoo_explorer,
    snn.firing_explorer,
    lambda: snn.encoder_explorer("rate"),
    lambda: snn.encoder_explorer("latency"),
    lambda: snn.encoder_explorer("delta"),
    snn.surrogate_explorer,
    snn.pooling_explorer,
    snn.fluctuation_explorer,
    snn.network_explorer,
    lambda: snn.objectives_explorer(
        {"rate": experiments.make(0), "latency": experiments.make(1)}, snn.data.digits()[1]
    ),
    snn.memory_explorer,
    snn.spike_time_explorer,
]
NAMES = [make().title.replace(" ", "-") for make in READY]
BETA = Slider("beta", 0.0, 1.0, 0.01, value=0.9, label="decay β", unit="per step")


def two_traces(beta: float) -> dict[str, Any]:
    mem = beta ** torch.arange(20)
    return {"mem": mem, "spk": mem > 0.5, "count": (mem > 0.5).sum(), "word": "fading"}


def explorer(model: Any = two_traces, **more: Any) -> Explorer:
    return Explorer(model, [BETA], [Traces("mem", spikes="spk")], **more)


def ask(one: Explorer, settings: dict[str, Any]) -> dict[str, Any]:
    """Send what the browser sends, where ipywidgets receives it; return the answer."""
    answers: list[dict[str, Any]] = []
    one.send = lambda content, buffers=None: answers.append({**content, "buffers": buffers})
    content = {"kind": "run", "view": "v", "values": settings}
    one._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})
    (answer,) = answers
    return answer


def arrays(answer: dict[str, Any]) -> dict[str, np.ndarray]:
    sent = zip(answer["arrays"], answer["buffers"], strict=True)
    return {name: np.frombuffer(data, np.float32).reshape(shape) for (name, shape), data in sent}


@pytest.mark.parametrize("make", [explorer, lambda: Dashboard(snn.Sequential(snn.Leaky(0.9)))])
def test_a_front_end_hears_all_that_it_draws_when_it_first_hears_of_a_widget(make, monkeypatch):
    # Regression test: what to draw was sent in a second message. A front end that draws as soon
    # as it has the first one, as Colab's may, failed.
    opened: dict[str, Any] = {}
    monkeypatch.setattr(Explorer, "open", lambda one: opened.update(one.get_state()))
    made = make()
    for name in ("_spec", "_result", "values", "guess"):
        assert opened[name] == made.get_state()[name]
    assert opened["_spec"]["panels"]
    assert opened["_spec"]["stop"] == isinstance(made, Dashboard)


def test_an_explorer_that_is_stopped_says_so_and_keeps_working():
    def stops(beta: float) -> dict[str, Any]:
        if beta == 1:
            torch.set_grad_enabled(False)
            raise KeyboardInterrupt
        return two_traces(beta)

    one = explorer(stops)
    assert ask(one, {"beta": 1.0})["error"] == "Stopped. Move a control to run it again."
    assert torch.is_grad_enabled()
    assert "error" not in ask(one, {"beta": 0.5})


@pytest.mark.parametrize("make", READY, ids=NAMES)
def test_every_corner_of_every_explorer_answers_with_finite_arrays(make: Callable[[], Explorer]):
    one, times = make(), []
    for settings in one.extremes():
        start = time.perf_counter()
        answer = ask(one, settings)
        times.append(1000 * (time.perf_counter() - start))
        assert not answer.get("error"), f"{settings}: {answer['error']}"
        for name, array in arrays(answer).items():
            assert array.size > 0, f"{name} is empty at {settings}"
            assert np.isfinite(array).all(), f"{name} is not finite at {settings}"
    middle, worst = np.median(times), max(times)
    print(f"\n{one.title}: {len(times)} settings, median {middle:.1f} ms, max {worst:.1f} ms")


@pytest.mark.parametrize("make", READY, ids=NAMES)
def test_every_explorer_shows_something_and_more_than_one_thing(make: Callable[[], Explorer]):
    one = make()
    first, *others = [arrays(ask(one, settings)) for settings in one.extremes()]
    moved = {name for name in first for a in others if not np.array_equal(a[name], first[name])}
    drawn = {name for panel in one.panels for name in str(panel).split("'")}
    assert moved & drawn, "No control changes what any panel shows."


@pytest.mark.parametrize("make", READY, ids=NAMES)
def test_a_page_without_a_browser_engine_shows_a_picture_with_words(make: Callable[[], Explorer]):
    one, before = make(), dict(mpl.rcParams)
    data, metadata = one._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["image/png"].startswith("iVBOR")
    assert len(data["image/png"]) < 150_000
    alt = metadata["image/png"]["alt"]
    assert one.title in alt
    assert "{" not in alt, "a name was not filled in"
    assert 'alt="' in data["text/html"]
    assert dict(mpl.rcParams) == before
    assert data["text/plain"] == repr(make()), "the text must not change from run to run"


def test_on_colab_the_view_names_the_manager_that_draws_third_party_widgets(monkeypatch):
    # Colab draws a widget only with this note beside its view; anywidget writes it, we pass it on.
    output = ModuleType("google.colab.output")
    output.enable_custom_widget_manager = lambda: None  # pyright: ignore[reportAttributeAccessIssue]
    output._widgets = SimpleNamespace(_installed_url="https://a.b/manager.js")  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "google.colab.output", output)
    for widget in (snn.lif_explorer(), snn.quiz("02")):
        _, metadata = widget._repr_mimebundle_()
        manager = metadata["application/vnd.jupyter.widget-view+json"]["colab"]
        assert manager == {"custom_widget_manager": {"url": "https://a.b/manager.js"}}


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_models_spike_and_rest(name: str):
    calm, busy = ({"amplitude": 0.0}, {"amplitude": 1.0}) if name != "network" else (
        {"drive": 0.0}, {"drive": 0.3, "weight": 0.5, "inhibition": 0.0})  # fmt: skip
    other = {
        "surrogate": ({"at": -1.0}, {"at": 1.0}),
        "izhikevich": ({"amplitude": 0.0}, {"amplitude": 10.0}),
        "fluctuation": ({"spread": 0.0}, {"spread": 0.5}),
        "circuit": ({"amplitude": 1.0}, {"amplitude": 3.0}),
        "rate": ({"gain": 0.0, "x": [0.5]}, {"gain": 2.0, "x": [0.9]}),
        "delta": ({"x": [1.0, 1.0]}, {"x": [0.0, 1.0]}),
    }
    if name == "latency":
        return  # it always spikes once
    calm, busy = other.get(name, (calm, busy))
    key = {"surrogate": "spk_here", "zoo": "counts"}.get(name, "spk")
    assert float(torch.as_tensor(BUILT_IN[name](**calm)[key]).float().max()) == 0
    assert float(torch.as_tensor(BUILT_IN[name](**busy)[key]).float().max()) > 0


def test_the_rate_code_states_the_error_that_many_draws_have():
    laws = {steps: BUILT_IN["rate"](x=[0.3], steps=steps)["law"] for steps in (50, 200)}
    assert laws[200] == pytest.approx(laws[50] / 2)
    draws = [BUILT_IN["rate"](x=[0.3], steps=50, seed=seed)["error"] for seed in range(400)]
    assert np.sqrt(np.mean(np.square(draws))) == pytest.approx(laws[50], rel=0.1)


def test_leaky_is_the_librarys_golden_trace():
    out = BUILT_IN["leaky"](beta=0.9, amplitude=0.5, steps=8)
    assert out["spk"].tolist() == [0, 0, 1, 0, 1, 0, 0, 1]
    mem = [0.5, 0.95, 1.355, 0.7195, 1.14755, 0.53280, 0.97952, 1.38156]
    np.testing.assert_allclose(out["mem"], mem, atol=1e-5)


def test_a_fluctuating_current_makes_a_silent_neuron_fire_irregularly():
    # A constant current m stays below θ = 1 while m / (1 - β) ≤ 1; the fluctuation is of width 1.
    out = BUILT_IN["fluctuation"](mean=0.05, spread=0.4, steps=1000)
    np.testing.assert_allclose(out["cur"].mean(), 0.05, atol=4 * 0.4 / np.sqrt(1000))
    np.testing.assert_allclose(out["cur"].std(), 0.4, rtol=0.1)
    assert (out["still"][:10] == 0).all()
    assert out["still"][12] > 0
    assert out["moving"][5] == out["percent"] == 100 * out["spk"].mean()
    assert out["pattern"] == f"irregular (CV {out['cv']:.2f})"
    clock = BUILT_IN["fluctuation"](mean=0.2, spread=0.02)
    assert clock["pattern"] == f"like a clock (CV {clock['cv']:.2f})"
    gaps = np.diff(np.flatnonzero(out["spk"]))
    np.testing.assert_allclose(out["cv"], gaps.std() / gaps.mean(), rtol=1e-12)
    assert BUILT_IN["fluctuation"](spread=0.0)["pattern"] == "silent"


def test_the_circuit_rises_to_its_limit_and_fires_at_the_closed_form_interval():
    interval = 20 * np.log(30 / (30 - 15))  # ms: then U = R I (1 - exp(-t/τ)) reaches θ
    fires = BUILT_IN["circuit"](reset_mechanism="zero", amplitude=3.0)
    assert set(np.diff(np.flatnonzero(fires["spk"]))) == {np.ceil(interval)}
    assert fires["rate"] == fires["fi_rate"][45] == 1000 // np.ceil(interval)
    silent = BUILT_IN["circuit"](amplitude=1.49)  # R I < θ
    assert silent["rate"] == silent["count"] == 0
    np.testing.assert_allclose(silent["peak"], 14.9, rtol=1e-4)


def test_doubling_the_resistance_doubles_height_and_time_constant_but_not_the_first_slope():
    one, two = (BUILT_IN["circuit"](R=R, threshold=1e9, steps=1000) for R in (10.0, 20.0))
    assert two["tau"] == 2 * one["tau"] == 40.0
    np.testing.assert_allclose(two["peak"], 2 * one["peak"], rtol=1e-5)
    np.testing.assert_allclose(two["mem"][0], one["mem"][0], rtol=0.03)  # I / C for 1 ms


def test_the_code_to_copy_builds_the_neuron_that_is_shown():
    one = snn.circuit_explorer()
    code = fill(one.code, one.values, one.controls, as_code=True)  # outputs are not known there
    lif = eval(code, {"snn": snn, "math": math})
    out = one.run()
    gain = 10 * (1 - lif.beta)
    spk_rec, _ = lif.unroll(gain * torch.from_numpy(out["cur"]).unsqueeze(1))
    np.testing.assert_array_equal(spk_rec.squeeze(1), out["spk"])
    assert spk_rec.any()


def test_random_numbers_are_uniform_and_follow_the_seed():
    draws = uniform(3, 20_000)
    assert abs(draws.mean() - 0.5) < 3 * np.sqrt(1 / 12 / 20_000)
    np.testing.assert_allclose(np.histogram(draws, 10, (0, 1))[0], 2000, atol=5 * np.sqrt(1800))
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 0.03
    np.testing.assert_array_equal(uniform(3, 10), draws[:10])
    assert not np.array_equal(uniform(4, 10), draws[:10])


def test_the_rate_code_is_spikegens():
    x = torch.tensor([0.1, 0.5, 0.9])
    ours = BUILT_IN["rate"](x=x.tolist(), steps=20_000)["decoded"]
    theirs = snn.spikegen.rate(x, 20_000, seed=0).mean(0)
    np.testing.assert_allclose(ours, theirs, atol=6 * np.sqrt(0.25 / 20_000))


def test_a_learners_function_is_run_and_its_tensors_arrive():
    answer = ask(explorer(), {"beta": 0.5})
    np.testing.assert_array_equal(arrays(answer)["mem"], np.float32(0.5) ** np.arange(20))
    assert arrays(answer)["spk"].sum() == 1
    assert arrays(answer)["count"].shape == ()
    assert answer["texts"] == {"word": "fading"}


def test_integers_stay_integers_and_words_stay_words():
    seen: list[Any] = []

    def f(n: int, scale: float, kind: str) -> dict[str, Any]:
        seen.append((n, scale, kind))
        return {"y": [1.0] * n}

    controls = [Slider("n", 1, 9, 1), Slider("scale", 0.0, 2.0, 0.5), Choice("kind", ("a", "b"))]
    one = Explorer(f, controls, [Bars("y")])
    ask(one, {"n": 3.0, "scale": 1, "kind": "b"})
    assert repr(seen) == "[(5, 1.0, 'a'), (3, 1.0, 'b')]"


def test_settings_can_be_read_and_set_from_python():
    one = explorer()
    one.values = {"beta": 0.25}
    assert one.values == {"beta": 0.25}
    assert one.run()["mem"][1] == np.float32(0.25)
    assert one.run(beta=0.5)["mem"][1] == np.float32(0.5)
    assert "decay β = 0.25" in one.describe()


def test_a_prediction_made_in_the_browser_reaches_python():
    one = explorer(predict="How many?", options=("one", "two"))
    assert one._spec["predict"] == "How many?"
    assert one._spec["options"] == ["one", "two"]
    message = {"method": "update", "state": {"guess": "two"}, "buffer_paths": []}
    one._handle_msg({"content": {"data": message}, "buffers": []})
    assert one.guess == "two"


def test_a_prediction_is_kept_by_whoever_asks_for_it_and_given_back():
    kept: list[str] = []
    asked = {"predict": "How many?", "options": ("one", "two"), "on_guess": kept.append}
    one = explorer(**asked)
    one.guess = "two"
    assert kept == ["two"]
    assert explorer(**asked, guess="two").guess == "two"
    assert kept == ["two"]  # an answer given earlier is no new one


def test_options_may_answer_back_and_one_of_them_may_be_right():
    one = explorer(predict="How many?", options={"one": "Count again.", "two": ""}, right="two")
    assert one._spec["options"] == ["one", "two"]
    assert one._spec["replies"] == {"one": "Count again.", "two": ""}
    assert one._spec["right"] == "two"


def test_each_control_is_a_trait_that_other_widgets_can_be_linked_to():
    one = explorer()
    one.beta = 0.25
    assert one.values == {"beta": 0.25}
    one.values = {"beta": 0.5}
    assert one.beta == 0.5
    assert {"beta", "values"} <= set(one.get_state())
    message = {"method": "update", "state": {"beta": 0.75}, "buffer_paths": []}
    one._handle_msg({"content": {"data": message}, "buffers": []})
    assert one.values == {"beta": 0.75}


def test_a_control_with_a_name_that_explorers_need_is_a_trait_with_a_dash_below():
    word = Choice("code", ("rate", "latency"))
    one = Explorer(lambda code: {"y": [1.0]}, [word], [Bars("y")])
    one.code_ = "latency"
    assert one.values == {"code": "latency"}
    assert one._spec["controls"][0]["trait"] == "code_"


def small_network() -> snn.Sequential:
    torch.manual_seed(0)
    layers = [nn.Linear(4, 6), snn.Leaky(0.9), nn.Linear(6, 3), snn.Leaky(0.9)]
    return snn.Sequential(*layers)


def train(net: snn.Sequential, dashboard: Any, epochs: int = 2) -> snn.History:
    x = torch.rand(40, 4, generator=torch.Generator().manual_seed(0))
    data = x, x[:, :3].argmax(1)
    how: dict[str, Any] = {"encode": lambda x: x.expand(10, *x.shape), "batch_size": 8}
    how |= {"epochs": epochs, "progress": False}
    return snn.fit(net, data, data, on_batch=dashboard, on_epoch=dashboard, **how)


def test_a_dashboard_shows_every_batch_of_a_training():
    net = small_network()
    dashboard = snn.training_dashboard(net)
    assert "image/png" not in dashboard._repr_mimebundle_()[0], "nothing to see yet"
    history = train(net, dashboard)
    shown = arrays(dashboard._result)
    np.testing.assert_allclose(shown["loss"][:-1], history.batch_loss, rtol=1e-6)
    np.testing.assert_array_equal(shown["batch"], [*range(1, 11), 10])
    assert shown["rate 1"].max() > 0
    assert {"gradient 0", "gradient 2", "rate 1", "rate 3"} <= shown.keys()
    assert "Accuracy over all of epoch " in dashboard._result["texts"]["note"]
    assert dashboard.history is history
    assert "image/png" in dashboard._repr_mimebundle_()[0]


def test_stop_ends_the_training_and_keeps_what_was_learned():
    net = small_network()
    dashboard = snn.training_dashboard(net)
    content = {"data": {"method": "custom", "content": {"kind": "stop"}}}

    def click(report: Any) -> bool:
        if isinstance(report, snn.Report) and report.epoch == 2:
            dashboard._handle_msg({"content": content, "buffers": []})
        return dashboard(report)

    before = net[0].weight.detach().clone()
    history = train(net, click, epochs=50)
    assert history.stopped == "on_batch"
    assert len(history.batch_loss) == 6
    assert not torch.equal(net[0].weight, before)
    assert dashboard._result["texts"]["state"] == "stopped"
    again = train(net, dashboard)
    assert again.stopped == "", "a new training starts afresh"


def test_all_panels_draw_with_matplotlib():
    panels = [
        Traces({"y": "signal"}, threshold="level", spikes="z", dt=0.5),
        Curve("x", ("y", "z"), point=("at", "level"), ylim=(0, None)),
        Raster("spk", groups={"left": 2, "right": 1}),
        Raster("y"),
        Bars("y", labels="abcde"),
        Image("spk", clim=(0, 1)),
    ]
    y = np.arange(5.0)
    outputs = {"x": y, "y": y, "z": -y, "level": 2.0, "spk": np.eye(5)[:, :3]}
    figure = Explorer(lambda at: outputs, [Slider("at", 0, 4, 1)], panels, columns=2).figure()
    assert len(figure.axes) == 6
    trace, _, spikes = figure.axes[0].lines
    assert list(trace.get_xdata()) == [0, 0.5, 1, 1.5, 2]
    assert list(spikes.get_xdata()) == [0.5, 1, 1.5, 2]
    assert panels[4].describe()["labels"] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("make", READY, ids=NAMES)
def test_words_of_a_picture_are_whole_and_no_legend_meets_a_title(make: Callable[[], Explorer]):
    figure = make().figure()
    figure.draw(FigureCanvasAgg(figure).get_renderer())
    heading = figure._suptitle.get_window_extent()
    assert heading.x0 >= 0
    assert heading.x1 <= figure.bbox.x1, "the summary is cut"
    for ax in figure.axes:
        legend = ax.get_legend()
        if legend is None:
            continue
        assert not legend.get_window_extent().overlaps(ax._left_title.get_window_extent())
        assert legend.get_window_extent().y0 >= ax.bbox.y1 - 5, "the legend covers curves"


def test_an_image_is_gray_and_square_with_pixel_0_on_top():
    def model(at: int) -> dict[str, Any]:
        return {"ink": np.eye(4), "spk": np.eye(10)}

    panels = [Image("ink", clim=(0, 1)), Raster("spk", top_down=True), Raster("spk")]
    image, flipped, raster = Explorer(model, [Slider("at", 0, 4, 1)], panels).figure().axes
    assert image.get_aspect() == 1
    colors = image.images[0].to_rgba(np.eye(4), norm=True)
    assert (colors[..., 0] == colors[..., 2]).all()
    assert colors[0, 0, 0] < colors[0, 1, 0], "ink is dark"
    assert image.get_ylim() == (3.5, -0.5)
    assert flipped.get_ylim() == (9.5, -0.5)
    assert {*range(10)} <= set(raster.get_yticks())


@pytest.mark.parametrize(
    ("template", "as_code", "text"),
    [
        ("beta={beta}", True, "beta=0.90"),
        ("{n:.1f} of {n}", False, "2.7 of 2.667"),
        ("reset={kind}", True, 'reset="zero"'),
        ("{kind:s} {kind}", False, "zero zero"),
        ("{big} {whole}", False, "12350 3"),
        ("{missing} {many}", False, "{missing} {many}"),
    ],
)
def test_templates(template: str, as_code: bool, text: str):
    known = {"beta": 0.9, "n": 8 / 3, "kind": "zero", "big": 12345.678, "whole": np.float32(3)}
    assert fill(template, {**known, "many": np.ones(2)}, [BETA], as_code) == text


WRONG: list[tuple[Callable[[float], Any], str]] = [
    (lambda beta: 1 / 0, "ZeroDivisionError: division by zero"),
    (lambda beta: None, "must return a dict of arrays. Received NoneType"),
    (lambda beta: torch.ones(3), "must return a dict of arrays. Received Tensor"),
    (lambda beta: {"mem": [1, float("nan")], "spk": [0, 0]}, "'mem' must be finite. Received nan"),
    (lambda beta: {"mem": [1e300, 1], "spk": [0, 0]}, "'mem' must be finite. Received inf"),
    (lambda beta: {"mem": None, "spk": [0]}, "'mem' must be finite. Received nan"),
    (lambda beta: {"mem": object(), "spk": [0]}, "'mem' must be an array of numbers"),
    (lambda beta: {"mem": [[1], [1, 2]], "spk": [0]}, "'mem' must be an array of numbers"),
    (lambda beta: {"men": [1.0], "spk": [0]}, "Did you mean 'men'?"),
    (lambda beta: {"mem": torch.ones(9, 1), "spk": torch.ones(9)}, "Received shape (9, 1)"),
    (lambda beta: {"mem": [], "spk": []}, "not empty. Received shape (0,)"),
    (lambda beta: {"mem": "text", "spk": [1]}, "Received text"),
    (lambda beta: {"mem": [1.0, 2.0], "spk": [1.0]}, "need one length"),
    (lambda beta: {"mem": np.ones(3_000_000), "spk": [1]}, "Received 3,000,001"),
]


@pytest.mark.bad_input
@pytest.mark.parametrize(("f", "message"), WRONG)
def test_an_error_of_the_function_is_shown_and_the_next_value_works(
    f: Callable[[float], Any], message: str
):
    one = explorer(lambda beta: f(beta) if beta > 0.8 else two_traces(beta))
    assert message in one._result["error"], "shown at the start, too"
    assert message in repr(one)
    assert "image/png" not in one._repr_mimebundle_()[0]
    assert message in ask(one, {"beta": 0.9})["error"]
    assert "error" not in ask(one, {"beta": 0.5})


@pytest.mark.bad_input
def test_an_error_shows_the_learners_own_line():
    def leak(beta: float) -> dict[str, Any]:
        return {"mem": [beta / 0]}

    assert 'return {"mem": [beta / 0]}' in explorer(leak)._result["error"]


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: explorer("leeky"), "Did you mean 'leaky'"),
        (lambda: explorer({"mem": [1]}), "the function itself: `f`, not `f()`"),
        (lambda: Explorer("leaky", [Slider("bata", 0, 1)], []), "Did you mean 'beta'"),
        (lambda: Explorer("leaky", [], [], constants={"stepz": 9}), "Did you mean 'steps'"),
        (lambda: Traces("mem", dt=0), "`dt` must be finite and above 0. Received 0"),
        (lambda: Curve("x", "y", ylim=1), "`ylim` must be two numbers"),  # pyright: ignore
        (lambda: Traces("mem", ylim=(0, "1")), "`ylim` must be two numbers"),  # pyright: ignore
        (lambda: Bars("mem", ylim=(0, 1, 2)), "`ylim` must be two numbers"),  # pyright: ignore
        (lambda: Explorer("leaky", [Traces("mem")], []), "Received Traces in it"),  # pyright: ignore
        (lambda: Explorer("leaky", [], ["mem"]), "`panels` must be a list"),  # pyright: ignore
        (lambda: Slider("beta", 1, 0), "needs min < max"),
        (lambda: Slider("beta", 0, 1, value=2), "from 0 to 1. Received 2"),
        (lambda: Choice("kind", ()), "needs options"),
        (lambda: Choice("kind", ("a", "b"), "c"), "must be one of 'a', 'b'. Received 'c'"),
        (lambda: explorer(options=("a", "b")), "`options` answer the question in `predict`"),
        (lambda: explorer(predict="?", options=("a", "b"), right="c"), "one of 'a', 'b'"),
        (lambda: explorer().run(gamma=1), "must be one of 'beta'. Received 'gamma'"),
        (lambda: explorer().run(beta="high"), "from 0.0 to 1.0. Received 'high'"),
    ],
)
def test_a_wrong_declaration_raises(make: Callable[[], Any], message: str):
    with pytest.raises((ValueError, TypeError)) as caught:
        make()
    assert message in str(caught.value)


@pytest.mark.bad_input
def test_a_value_outside_its_slider_raises():
    one = explorer()
    with pytest.raises(ValueError, match=r"from 0\.0 to 1\.0"):
        one.values = {"beta": 1.5}
    assert one.values == {"beta": 0.9}


def test_stop_is_enabled_only_during_training():
    torch.manual_seed(0)
    net = snn.Sequential(torch.nn.Linear(4, 3), snn.Leaky(0.9))
    data = (torch.rand(8, 4), torch.randint(3, (8,)))
    dashboard, states = snn.training_dashboard(net), []

    def watch(news: object) -> bool:
        answer = dashboard(news)
        states.append(dashboard._curves()["state"])
        return answer

    encode = lambda x: x.expand(5, *x.shape)  # noqa: E731
    snn.fit(net, data, epochs=1, encode=encode, on_batch=watch, on_epoch=watch, progress=False)
    assert states == ["training", "stopped"]

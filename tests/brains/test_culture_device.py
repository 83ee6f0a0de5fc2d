"""The adapter to Cortical Labs' `cl`: its interface as of `cl-sdk` 1.0.0, written down.

`cl-sdk` needs Python 3.12. Where it is installed, its own signatures are compared with those here,
and its simulator is recorded from; elsewhere, a stand-in takes its calls.
"""

import sys
from importlib.util import find_spec
from inspect import Parameter, signature
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from snnedu.brains import culture
from snnedu.brains.culture import BurstDesign, ChannelSet, Device, Neurons, StimDesign

ONLY, BOTH = Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD
NEEDED = Parameter.empty
PULSES = [
    ("channel_set", ONLY, NEEDED),
    ("stim_design", ONLY, NEEDED),
    ("burst_design", BOTH, None),
    ("lead_time_us", BOTH, 80),
]
CL = {
    "stim": PULSES,
    "interrupt": [("channel_set", ONLY, NEEDED)],
    "interrupt_then_stim": PULSES,
    "sync": [("channel_set", ONLY, NEEDED)],
    "loop": [
        ("ticks_per_second", BOTH, NEEDED),
        ("stop_after_seconds", BOTH, None),
        ("stop_after_ticks", BOTH, None),
        ("ignore_jitter", BOTH, False),
        ("jitter_tolerance_frames", BOTH, 0),
    ],
    "read": [
        ("frame_count", ONLY, NEEDED),
        ("from_timestamp", ONLY, None),
        ("analysis", Parameter.KEYWORD_ONLY, False),
    ],
    "record": [
        ("file_suffix", BOTH, None),
        ("file_location", BOTH, None),
        ("from_seconds_ago", BOTH, None),
        ("from_frames_ago", BOTH, None),
        ("from_timestamp", BOTH, None),
        ("stop_after_seconds", BOTH, None),
        ("stop_after_frames", BOTH, None),
        ("attributes", BOTH, None),
        ("include_spikes", BOTH, True),
        ("include_stims", BOTH, True),
        ("include_raw_samples", BOTH, True),
        ("include_data_streams", BOTH, True),
        ("exclude_data_streams", BOTH, []),
    ],
    "timestamp": [],
    "get_frames_per_second": [],
    "get_channel_count": [],
    "get_frame_duration_us": [],
}


def parameters(function):
    """Return name, kind and default of each parameter but `self`."""
    return [(p.name, p.kind, p.default) for p in list(signature(function).parameters.values())[1:]]


@pytest.mark.parametrize("name", CL)
def test_what_the_simulated_culture_takes_cl_takes_with_the_same_meaning(name):
    ours, theirs = parameters(getattr(Neurons, name)), CL[name]
    for place, (parameter, kind, default) in enumerate(ours):
        if kind is Parameter.KEYWORD_ONLY:  # then it may stand anywhere there
            assert (parameter, default) in [(p, d) for p, k, d in theirs if k is not ONLY]
        else:
            assert (parameter, kind, default) == theirs[place]


@pytest.mark.parametrize("name", [name for name in CL if name in vars(Device)])
def test_the_adapter_takes_what_the_simulated_culture_takes(name):
    assert parameters(getattr(Device, name)) == parameters(getattr(Neurons, name))


@pytest.fixture
def cl(monkeypatch):
    """A stand-in of `cl` that writes down what it is given."""
    given = []

    class Connection:
        def __enter__(self):
            def take(name):
                return lambda *what, **more: given.append((name, *what, *more.items()))

            calls = {
                name: take(name) for name in ("stim", "interrupt", "interrupt_then_stim", "sync")
            }
            ten = np.full((10, 64), 10, np.int16)
            return SimpleNamespace(**calls, timestamp=lambda: 77, read=lambda *_: ten)

        def __exit__(self, *error):
            given.append("closed")

    stand_in = ModuleType("cl")
    for name in ("ChannelSet", "StimDesign", "BurstDesign"):
        setattr(stand_in, name, lambda *what, name=name: (name, *what))
    stand_in.open = Connection  # pyright: ignore
    monkeypatch.setitem(sys.modules, "cl", stand_in)
    return given


def test_the_adapter_translates_pulses_and_hands_on_the_rest(cl):
    with culture.connect() as neurons:
        neurons.stim(27, 1.5)
        neurons.stim(ChannelSet(3, 4), StimDesign(80, -1, 80, 1), BurstDesign(10, 20), 5000)
        neurons.interrupt(27)
        neurons.interrupt_then_stim(27, 2.0, lead_time_us=100)
        neurons.sync(ChannelSet(4, 3))
        assert neurons.timestamp() == 77
    assert cl == [
        ("stim", ("ChannelSet", 27), 1.5, None, 80),
        (
            "stim",
            ("ChannelSet", 3, 4),
            ("StimDesign", 80, -1, 80, 1),
            ("BurstDesign", 10, 20),
            5000,
        ),
        ("interrupt", ("ChannelSet", 27)),
        ("interrupt_then_stim", ("ChannelSet", 27), 2.0, None, 100),
        ("sync", ("ChannelSet", 3, 4)),
        "closed",
    ]


def test_the_adapter_reads_microvolts(cl):
    with culture.connect() as neurons:
        trace = neurons.read(10)
    assert trace.dtype == np.float32
    assert trace == pytest.approx(np.full((10, 64), 1.95))


def test_without_cl_its_licence_and_the_way_out_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cl", None)
    with pytest.raises(ModuleNotFoundError, match=r"`cl`.*Python 3\.12.*CC BY-NC.*culture\.open"):
        culture.connect()


# --- with the real `cl-sdk` and its simulator -----------------------------------------------------

installed = pytest.mark.skipif(find_spec("cl") is None, reason="needs cl-sdk (Python 3.12)")


@installed
@pytest.mark.parametrize("name", CL)
def test_the_interface_of_cl_is_the_one_written_down(name):
    import cl  # pyright: ignore[reportMissingImports]

    assert parameters(getattr(cl.Neurons, name)) == CL[name]


@installed
def test_one_program_runs_on_the_simulated_culture_and_on_cl(monkeypatch):
    monkeypatch.setenv("CL_SDK_VISUALISATION", "0")
    monkeypatch.setenv("CL_SDK_ACCELERATED_TIME", "1")
    for connection in (culture.open(culture.grow(73, 0)), culture.connect()):
        with connection as neurons:
            recorder, seen = neurons.record(stop_after_seconds=0.5), []
            for tick in neurons.loop(1000, stop_after_seconds=0.6):
                assert tick.iteration_timestamp == tick.analysis.stop_timestamp
                if tick.iteration == 5:
                    begin = tick.iteration_timestamp
                    neurons.stim(20, 1.0)
                    neurons.stim(20, 1.0)
                    neurons.stim(
                        ChannelSet(21, 22), StimDesign(160, -1, 160, 1), BurstDesign(2, 20)
                    )
                    neurons.stim(23, 1.0, BurstDesign(3, 20), 5000)
                seen += [(s.channel, (s.timestamp - begin) // 25) for s in tick.analysis.stims]
            recording = recorder.wait_until_stopped()
            trace = neurons.read(250)
        assert sorted(seen) == [
            (20, 0), (20, 5), (21, 0), (21, 50), (22, 0), (22, 50), (23, 5), (23, 55), (23, 105)
        ]  # fmt: skip
        recorded = [(s.channel, (s.timestamp - begin) // 25) for s in recorder.stims]
        assert sorted(recorded) == sorted(seen)
        assert recording.seconds == 0.5
        assert len(recording) > 0
        assert (np.diff(recording.times) >= 0).all()
        assert recording.times.max() < 0.5
        assert trace.shape == (250, 64)
        assert 1 < trace.std() < 100

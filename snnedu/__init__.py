"""Learn spiking neural networks by playing with them: a library, and the course built on it.

    import torch
    from torch import nn
    import snnedu as snn

    net = snn.Sequential(nn.Linear(64, 128), snn.Leaky(0.9), nn.Linear(128, 10), snn.Leaky(0.9))
    spk_rec, mem_rec = net(torch.rand(25, 32, 64))      # [time, batch, 64] -> [time, batch, 10]
    train, test = snn.data.digits()                     # images [samples, 64] and their labels
    history = snn.fit(net, train, test, encode=lambda x: x.expand(25, *x.shape), epochs=3)
    snn.viz.raster(spk_rec)                             # draws the spikes of the first sample

Time comes first: a sequence is [time, batch, *features], one step is [batch, *features].
State goes in and comes out: `spk, mem = lif(cur, mem)`; leave `mem` unset to start from rest.
`snnedu lab` opens the course. `help(snn.fit)` and `help(snn.Leaky)` explain one name. All names:

    neurons       Leaky Lapicque Synaptic Alpha AdaptiveLeaky RLeaky RSynaptic, and SpikingLayer
                  to make your own from; in physical units HodgkinHuxley Izhikevich (biophysics)
    spike times   ExactLeaky exact_spike_times: no time steps, exact gradients (spike_times)
    equations     leaky_step lapicque_step synaptic_step alpha_step adaptive_leaky_step rleaky_step
                  rsynaptic_step hodgkin_huxley_step izhikevich_step
    networks      Sequential Residual Delay DelayedLinear Recording detach peak_saved_bytes
    training      fit evaluate History Report Score; many runs: sweep Sweep; losses in functional;
                  surrogate gradients in surrogate; Hebb, STDP in plasticity; streams in online
    spikes, data  spikegen: codes; data: data sets; recordings, culture: neurons; sky: satellites
    to a chip     conversion: from an ANN; fold_batch_norm; quantize: few bits; events: cameras;
                  energy, synaptic_operations: what spikes cost; stream Stream: in time? To others
                  and back: to_nir from_nir to_snntorch from_snntorch to_onnx from_onnx to_program
    pictures      viz: raster, traces, spike_count, weights, runs, animate; training_dashboard
    exercises     check hint solution variant quiz; predict outcome recap; language for others
    progress      progress reset solved export_progress import_progress; this machine: doctor
    explorers     digit_explorer break_even_explorer circuit_explorer lif_explorer zoo_explorer
                  firing_explorer axon_explorer encoder_explorer fluctuation_explorer
                  network_explorer surrogate_explorer credit_explorer memory_explorer trace_explorer
                  objectives_explorer staircase_explorer timing_explorer conversion_explorer
                  camera_explorer pooling_explorer spike_time_explorer three_factor_explorer
                  stdp_explorer drift_explorer culture_explorer energy_explorer exchange_explorer
                  integer_explorer night_explorer scaling_explorer seeds_explorer bins_explorer
    your own      Explorer, its controls Slider Choice, its panels Traces Raster Curve Bars Image
"""

from typing import Any

import lazy_loader

__version__ = "0.1.0"

# The names stand in `__init__.pyi` and are loaded on first use, so that the import is quick.
_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    try:
        return _load(name)
    except ModuleNotFoundError as error:
        if (error.name or "snnedu").startswith("snnedu"):
            raise
        # An AttributeError, so that `help(snnedu)` and completion skip what is not installed.
        raise AttributeError(
            f"`snnedu.{name}` needs `{error.name}`, which is not installed. "
            "Run: python -m pip install 'snnedu[course]'"
        ) from error

# The public names, module by module. `__init__.py` reads this file to load them on first use.

__version__: str

from . import viz as viz
from .app import doctor as doctor
from .brains import (
    biophysics as biophysics,
    culture as culture,
    online as online,
    plasticity as plasticity,
    recordings as recordings,
)
from .brains.biophysics import (
    HodgkinHuxley as HodgkinHuxley,
    Izhikevich as Izhikevich,
    hodgkin_huxley_step as hodgkin_huxley_step,
    izhikevich_step as izhikevich_step,
)
from .core import (
    data as data,
    functional as functional,
    spikegen as spikegen,
    surrogate as surrogate,
)
from .core.delay import (
    Delay as Delay,
    DelayedLinear as DelayedLinear,
)
from .core.folding import fold_batch_norm as fold_batch_norm
from .core.history import (
    History as History,
    Report as Report,
    Score as Score,
)
from .core.layer import SpikingLayer as SpikingLayer
from .core.network import (
    Recording as Recording,
    Sequential as Sequential,
    detach as detach,
)
from .core.neurons import (
    AdaptiveLeaky as AdaptiveLeaky,
    Alpha as Alpha,
    Lapicque as Lapicque,
    Leaky as Leaky,
    RLeaky as RLeaky,
    RSynaptic as RSynaptic,
    Synaptic as Synaptic,
)
from .core.residual import Residual as Residual
from .core.saved_bytes import peak_saved_bytes as peak_saved_bytes
from .core.spike_times import (
    ExactLeaky as ExactLeaky,
    exact_spike_times as exact_spike_times,
)
from .core.steps import (
    adaptive_leaky_step as adaptive_leaky_step,
    alpha_step as alpha_step,
    lapicque_step as lapicque_step,
    leaky_step as leaky_step,
    rleaky_step as rleaky_step,
    rsynaptic_step as rsynaptic_step,
    synaptic_step as synaptic_step,
)
from .core.training import (
    evaluate as evaluate,
    fit as fit,
)
from .core.translation import language as language
from .course.chapters.c01_hello_spikes.explorers import (
    break_even_explorer as break_even_explorer,
    digit_explorer as digit_explorer,
)
from .course.chapters.c02_lif_neuron.explorers import (
    circuit_explorer as circuit_explorer,
    lif_explorer as lif_explorer,
)
from .course.chapters.c03_neuron_zoo.explorers import (
    axon_explorer as axon_explorer,
    firing_explorer as firing_explorer,
    zoo_explorer as zoo_explorer,
)
from .course.chapters.c04_spike_encoding.explorers import encoder_explorer as encoder_explorer
from .course.chapters.c05_spiking_networks.explorers import (
    fluctuation_explorer as fluctuation_explorer,
    network_explorer as network_explorer,
)
from .course.chapters.c06_surrogate_gradients.explorers import (
    surrogate_explorer as surrogate_explorer,
)
from .course.chapters.c07_training_bptt.explorers import credit_explorer as credit_explorer
from .course.chapters.c08_objectives.explorers import objectives_explorer as objectives_explorer
from .course.chapters.c09_convolutional_snn.explorers import pooling_explorer as pooling_explorer
from .course.chapters.c10_memory.explorers import memory_explorer as memory_explorer
from .course.chapters.c11_event_cameras.explorers import camera_explorer as camera_explorer
from .course.chapters.c12_ann_to_snn.explorers import (
    conversion_explorer as conversion_explorer,
    staircase_explorer as staircase_explorer,
    timing_explorer as timing_explorer,
)
from .course.chapters.c13_spike_times.explorers import spike_time_explorer as spike_time_explorer
from .course.chapters.c14_stdp.explorers import (
    drift_explorer as drift_explorer,
    stdp_explorer as stdp_explorer,
)
from .course.chapters.c15_stdp_meets_backprop.explorers import (
    three_factor_explorer as three_factor_explorer,
)
from .course.chapters.c16_online_learning.explorers import trace_explorer as trace_explorer
from .course.chapters.c17_wetware.explorers import culture_explorer as culture_explorer
from .course.chapters.c18_energy.explorers import energy_explorer as energy_explorer
from .course.chapters.c19_co_design.explorers import integer_explorer as integer_explorer
from .course.chapters.c20_deployment.explorers import exchange_explorer as exchange_explorer
from .course.chapters.c21_capstone_satellite.explorers import night_explorer as night_explorer
from .course.chapters.c22_scaling_out.explorers import scaling_explorer as scaling_explorer
from .course.chapters.c23_open_questions.explorers import seeds_explorer as seeds_explorer
from .course.chapters.c24_your_own_data.explorers import bins_explorer as bins_explorer
from .course.check import (
    check as check,
    hint as hint,
    solution as solution,
    variant as variant,
)
from .course.overview import (
    progress as progress,
    reset as reset,
)
from .course.predict import (
    outcome as outcome,
    predict as predict,
    recap as recap,
)
from .course.progress import (
    export_progress as export_progress,
    import_progress as import_progress,
    solved as solved,
)
from .course.quiz import quiz as quiz
from .silicon import (
    conversion as conversion,
    energy as energy,
    events as events,
    quantize as quantize,
    sky as sky,
)
from .silicon.nir import (
    from_nir as from_nir,
    to_nir as to_nir,
)
from .silicon.onnx import (
    from_onnx as from_onnx,
    to_onnx as to_onnx,
    to_program as to_program,
)
from .silicon.operations import synaptic_operations as synaptic_operations
from .silicon.scale import (
    Sweep as Sweep,
    sweep as sweep,
)
from .silicon.snntorch import (
    from_snntorch as from_snntorch,
    to_snntorch as to_snntorch,
)
from .silicon.streaming import (
    Stream as Stream,
    stream as stream,
)
from .widgets.dashboard import training_dashboard as training_dashboard
from .widgets.explorer import Explorer as Explorer
from .widgets.panels import (
    Bars as Bars,
    Choice as Choice,
    Curve as Curve,
    Image as Image,
    Raster as Raster,
    Slider as Slider,
    Traces as Traces,
)

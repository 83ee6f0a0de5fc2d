# The public names, module by module. `__init__.py` reads this file to load them on first use.

__version__: str

from . import (
    biophysics as biophysics,
    data as data,
    functional as functional,
    spikegen as spikegen,
    surrogate as surrogate,
    viz as viz,
)
from .biophysics import (
    HodgkinHuxley as HodgkinHuxley,
    Izhikevich as Izhikevich,
    hodgkin_huxley_step as hodgkin_huxley_step,
    izhikevich_step as izhikevich_step,
)
from .course.checks import (
    check as check,
    hint as hint,
    progress as progress,
    solution as solution,
    variant as variant,
)
from .course.progress import (
    export_progress as export_progress,
    import_progress as import_progress,
    solved as solved,
)
from .course.quiz import quiz as quiz
from .memory import keep_freed_memory as keep_freed_memory, peak_saved_bytes as peak_saved_bytes
from .network import (
    Recording as Recording,
    Sequential as Sequential,
    detach as detach,
)
from .neurons import (
    AdaptiveLeaky as AdaptiveLeaky,
    Alpha as Alpha,
    Lapicque as Lapicque,
    Leaky as Leaky,
    RLeaky as RLeaky,
    RSynaptic as RSynaptic,
    SpikingLayer as SpikingLayer,
    Synaptic as Synaptic,
    adaptive_leaky_step as adaptive_leaky_step,
    alpha_step as alpha_step,
    lapicque_step as lapicque_step,
    leaky_step as leaky_step,
    rleaky_step as rleaky_step,
    rsynaptic_step as rsynaptic_step,
    synaptic_step as synaptic_step,
)
from .training import (
    History as History,
    Report as Report,
    Score as Score,
    evaluate as evaluate,
    fit as fit,
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
from .widgets.ready import (
    circuit_explorer as circuit_explorer,
    encoder_explorer as encoder_explorer,
    lif_explorer as lif_explorer,
    network_explorer as network_explorer,
    surrogate_explorer as surrogate_explorer,
    zoo_explorer as zoo_explorer,
)

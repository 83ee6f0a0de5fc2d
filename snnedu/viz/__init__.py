"""Pictures of spikes, membranes and weights: tensors in, matplotlib `Axes` out; see `plots`."""

from snnedu.viz.every_run import runs as runs
from snnedu.viz.plots import (
    animate as animate,
    describe as describe,
    embed as embed,
    raster as raster,
    spike_count as spike_count,
    traces as traces,
    weights as weights,
)
from snnedu.viz.style import COLORS as COLORS, DASHES as DASHES, GRAY as GRAY

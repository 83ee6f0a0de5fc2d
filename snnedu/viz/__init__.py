"""Pictures of spikes, membranes and weights: tensors in, matplotlib `Axes` out; see `plots`."""

from snnedu.viz.plots import (
    COLOURS as COLOURS,
    DASHES as DASHES,
    GREY as GREY,
    animate as animate,
    describe as describe,
    embed as embed,
    raster as raster,
    spike_count as spike_count,
    traces as traces,
    weights as weights,
)

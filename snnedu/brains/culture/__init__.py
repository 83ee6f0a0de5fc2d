"""A simulated culture of neurons on an array of 64 electrodes, from day 16 to day 94.

    dish = culture.grow(day=34, seed=0)
    recording = culture.clean(dish.record(300))     # spikes of 300 s, each counted once
    culture.summary(recording)                      # rate, Fano factor, CV, bursts, synchrony

    with culture.open(dish) as neurons:             # the same culture, in a closed loop
        for tick in neurons.loop(ticks_per_second=100, stop_after_seconds=10):
            neurons.stim(27, 1.0)                   # a pulse of 1 uA at electrode 27

Files: `network` grows and runs the cells; `electrodes` says what is heard of them, `statistics`
what can be computed from it; `loop` closes the loop, `device` on a real device; `cart_pole` is a
task for it. `nwb` reads and writes files.
"""

from snnedu.brains.culture.cart_pole import (
    ARMS as ARMS,
    CartPole as CartPole,
    Lesson as Lesson,
    train as train,
)
from snnedu.brains.culture.device import (
    Device as Device,
    connect as connect,
)
from snnedu.brains.culture.electrodes import (
    GRID as GRID,
    PITCH as PITCH,
    SAMPLING as SAMPLING,
    SITES as SITES,
    Recording as Recording,
    clean as clean,
    detect as detect,
    from_trains as from_trains,
    snippets as snippets,
    sort as sort,
    spike_shape as spike_shape,
    to_spikeinterface as to_spikeinterface,
    voltage as voltage,
)
from snnedu.brains.culture.loop import (
    BurstDesign as BurstDesign,
    ChannelSet as ChannelSet,
    Neurons as Neurons,
    Spike as Spike,
    StimDesign as StimDesign,
    Tick as Tick,
    open as open,  # noqa: A004
)
from snnedu.brains.culture.network import (
    AGES as AGES,
    Age as Age,
    Culture as Culture,
    Rule as Rule,
    age as age,
    grow as grow,
)
from snnedu.brains.culture.nwb import (
    from_nwb as from_nwb,
    to_nwb as to_nwb,
)
from snnedu.brains.culture.statistics import (
    bursts as bursts,
    connectivity as connectivity,
    correlogram as correlogram,
    cv as cv,
    fano as fano,
    intervals as intervals,
    spike_counts as spike_counts,
    summary as summary,
    synchrony as synchrony,
)

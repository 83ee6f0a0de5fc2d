"""Fit a trained network to a chip: few bits, integer neurons, devices that differ, fewer synapses.

    rounded = quantize.weights(net, bits=4)            # the same network, weights on 15 values
    trained = quantize.aware(net, bits=4)              # train this copy: it feels the rounding
    chip = quantize.integer(trained, bits=4)           # integers only: what a chip computes
    spk_rec, mem_rec = chip(x_rec)                     # counts as `net(x_rec)`, nearly

    quantize.mismatch(net, sd=0.2)                     # one chip whose devices differ by 20 %
    quantize.robust(net, sd=0.2)                       # train this copy: a new chip at each pass
    quantize.prune(net, share=0.8)                     # without the 80 % smallest weights
    quantize.plain(trained)                            # rounded, masked for good: ordinary layers

Each returns a copy. Files: `rounded_weights` (bits), `imperfect_devices` (mismatch, noise,
pruning), `integer_steps` (the neuron's equation) and `integer_network` (the conversion).
"""

from snnedu.silicon.imperfect_devices import (
    mismatch as mismatch,
    noisy as noisy,
    prune as prune,
    robust as robust,
)
from snnedu.silicon.integer_network import (
    IntegerNetwork as IntegerNetwork,
    integer as integer,
)
from snnedu.silicon.integer_steps import (
    decay as decay,
    int_leaky_step as int_leaky_step,
    nearest_shift as nearest_shift,
)
from snnedu.silicon.rounded_weights import (
    aware as aware,
    integers as integers,
    plain as plain,
    scales as scales,
    weights as weights,
)

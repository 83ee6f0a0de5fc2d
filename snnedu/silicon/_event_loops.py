"""The loops of `event_camera.py` and of `denoise`: pixel by pixel, and event by event.

Where numba is installed, it compiles them: they then run about a hundred times faster.
"""
# Numba infers types itself, so there are none to check:
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportUntypedFunctionDecorator=false

from typing import no_type_check

import numpy as np

from snnedu.core._compiled import compiled

SAME = 1e-9  # of a threshold: a change that is this close to it counts as one


@compiled
@no_type_check
def watch(log, dt, on, off, refractory, leak, t, pixel, sign):
    """Write the events of all pixels, interval by interval, and return their number.

    `log`: brightness, [frames, pixels]. `on`, `off`: thresholds, [pixels]. `leak`: of a threshold,
    per ms. `t`, `pixel`, `sign`: room for all events.
    """
    count = 0
    memory = log[0].copy()
    ready = np.full(log.shape[1], -np.inf)  # when a pixel can see again, ms
    for step in range(len(log) - 1):
        start, end = step * dt, (step + 1) * dt
        for i in range(log.shape[1]):
            # A memory that sinks is a brightness that rises.
            before = log[step, i] + leak * on[i] * start
            after = log[step + 1, i] + leak * on[i] * end
            slope, begin = (after - before) / dt, start
            if ready[i] >= start:  # its time has come since the last interval, or comes later
                if ready[i] >= end:
                    continue
                begin = ready[i]
                memory[i] = before + slope * (begin - start)
            change = after - memory[i]
            while change >= on[i] * (1 - SAME) or change <= -off[i] * (1 - SAME):
                memory[i] += on[i] if change > 0 else -off[i]
                begin = min(max(start + (memory[i] - before) / slope, begin), end)
                t[count], pixel[count], sign[count] = begin, i, 1 if change > 0 else -1
                count += 1
                if refractory > 0:
                    ready[i] = begin = begin + refractory
                    if ready[i] >= end:
                        break
                    memory[i] = before + slope * (begin - start)
                change = after - memory[i]
    return count


@compiled
@no_type_check
def support(t, y, x, window, last, supported):
    """Mark each event that a neighbor supports.

    `last`: -inf for each pixel of the sensor and of a margin of one pixel around it.
    """
    for i in range(len(t)):
        row, column = y[i] + 1, x[i] + 1
        for dy in range(-1, 2):
            for dx in range(-1, 2):
                if dy != 0 or dx != 0:
                    supported[i] |= t[i] - last[row + dy, column + dx] <= window
        last[row, column] = t[i]

"""The loop of `network.py`: all cells of a culture, millisecond by millisecond.

Where numba is installed, it compiles the loop, which then runs hundreds of times faster.
"""
# Numba infers types itself, so there are none to check:
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportUntypedFunctionDecorator=false

from typing import no_type_check

from snnedu.core._compiled import compiled

THRESHOLD, RESET, FLOOR, SILENT = 15.0, 5.0, -15.0, 3  # mV above rest, and ms after a spike
SLOW_STEP = 10  # ms between two steps of the slow drives


@compiled
@no_type_check
def advance(steps, wiring, state, f, rule, rng, pushed, when, who):
    """Advance a culture by so many ms; return how many spikes are in `when` and `who`.

    `pushed`: [cells], those that a pulse makes fire in the first step. `when`: the step within
    this call, `who`: the cell; both hold as many spikes as fit.
    """
    count, bias, tide, clock = 0, wiring.bias, state.tide, state.clock
    mem, drive, fatigue, resource = state.mem, state.drive, state.fatigue, state.resource
    excitation, inhibition, silent, trace = (
        state.excitation,
        state.inhibition,
        state.silent,
        state.trace,
    )
    for step in range(steps):
        slot = clock[0] % len(state.excited)
        excited, inhibited = state.excited[slot], state.inhibited[slot]
        if clock[0] % SLOW_STEP == 0:
            if rule.tags:
                for s in range(len(state.tag)):
                    state.tag[s] *= f.tag
            tide[0] = tide[0] * f.tide_kept + f.tide_step * rng.standard_normal()
            for i in range(len(bias)):
                drive[i] = drive[i] * f.slow_kept + f.slow_step * rng.standard_normal()
        clock[0] += 1
        for i in range(len(bias)):
            excitation[i] = excitation[i] * f.excitation + excited[i]
            inhibition[i] = inhibition[i] * f.inhibition + inhibited[i]
            excited[i] = inhibited[i] = 0.0
            fatigue[i] *= f.fatigue
            resource[i] = 1.0 - (1.0 - resource[i]) * f.recovery
            trace[i] = (trace[i] + (silent[i] == SILENT)) * f.trace  # a spike counts from now on
        for i in range(len(bias)):
            noise = f.noise * rng.standard_normal()
            if silent[i] > 0:
                silent[i] -= 1
                continue
            goal = bias[i] + tide[0] + drive[i] + excitation[i] - inhibition[i] - fatigue[i]
            mem[i] = max(goal + (mem[i] - goal) * f.membrane + noise, FLOOR)
            if mem[i] > THRESHOLD or (step == 0 and pushed[i]):
                mem[i], silent[i] = RESET, SILENT
                fatigue[i] += f.tiring
                if count < len(when):
                    when[count], who[count] = step, i
                    count += 1
                send(i, slot, wiring, state, f)
                if rule.rate > 0:
                    learn(i, wiring, state, rule)
    return count


@compiled
@no_type_check
def send(i, slot, wiring, state, f):
    """Send a spike of cell i to its targets; each arrives after its delay."""
    for s in range(wiring.first[i], wiring.first[i + 1]):
        arrives = (slot + wiring.delay[s]) % state.excited.shape[0]
        if wiring.excitatory[i]:
            state.excited[arrives, wiring.target[s]] += state.weight[s] * state.resource[i]
        else:
            state.inhibited[arrives, wiring.target[s]] += state.weight[s]
    if wiring.excitatory[i]:
        state.resource[i] *= 1.0 - f.depletion


@compiled
@no_type_check
def learn(i, wiring, state, rule):
    """Change or tag the excitatory synapses of cell i, which has just fired, by the pair rule."""
    if wiring.excitatory[i]:  # its targets fired before it
        for s in range(wiring.first[i], wiring.first[i + 1]):
            drop = rule.rate * rule.depression * state.trace[wiring.target[s]]
            if rule.tags:
                state.tag[s] -= drop
            else:
                state.weight[s] *= max(1.0 - drop, 0.0)
    for k in range(wiring.first_input[i], wiring.first_input[i + 1]):  # its sources fired before it
        s = wiring.inputs[k]
        gain = rule.rate * state.trace[wiring.source[s]]
        if rule.tags:
            state.tag[s] += gain
        else:
            weight = state.weight[s] + gain * wiring.mean_weight
            state.weight[s] = min(weight, rule.most * wiring.mean_weight)

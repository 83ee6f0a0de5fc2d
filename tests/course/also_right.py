"""Mutants that pass: by exercise, the changed line and why it is right, too."""

SPIKES_AS_TRUE = "True and False are accepted as spikes, and converted"
CONTINUOUS = "at equality both are right: it has no chance to occur, or makes no difference"
ANY_LIMIT = "every limit between the kinds of neurons is right"
ANY_BRACKET = "any two ends are right between which the neuron changes"
ANY_SLOPE = "every slope is right that is largest at 0 and falls to both sides"
ONE_SAMPLE = "there is one sample: 0 is the last, too"
ONE_NUMBER = "a tensor of one number is converted"
PUT_IN = "the weights that are put in decide the sizes"
ANY_RANGE = "every range is right in which the model runs, every axis that holds the curve"
COMMON = "the largest count is the same when all have something in common"
ANY_ORDER = "`and` and `max` do not depend on the order"

_CURVE = "snn.Curve('cur', 'rate', xlabel='current', ylabel='spikes per step'"

ALSO_RIGHT: dict[str, dict[str, str]] = {
    "01.1": {"return spk_rec.sum(0).argmax(1)": "of two axes, 1 is the last one"},
    "02.1": {
        "paid = mem > threshold": "True times θ is θ",
        "return (mem > threshold, mem)": SPIKES_AS_TRUE,
    },
    "02.3": {"return -dt / torch.log(beta)": "a tensor of one number is converted"},
    "02.4": {
        "return torch.where(R * cur >= threshold, 1000 / interval, 0.0)": "at θ the rate is 0",
    },
    "03.1": {
        "paid = mem > threshold": "True times θ is θ",
        "return (mem > threshold, syn, mem)": SPIKES_AS_TRUE,
    },
    "03.2": {
        "tired = (0.995, 21.0)": "many values start fast and tire",
        "tired = (0.995, 19.0)": "many values start fast and tire",
    },
    "03.3": {
        "if max(late) >= 2 * min(late):": CONTINUOUS,
        "if max(late) > 3 * min(late):": ANY_LIMIT,
        "if max(late) <= 15:": CONTINUOUS,
        "if max(late) < 16:": ANY_LIMIT,
        "if max(late) < 14:": ANY_LIMIT,
        "late = strong[2:]": "any part without the first intervals is late",
        "late = strong[len(strong) // 3:]": "any part without the first intervals is late",
        "return 'intrinsically_bursting' if strong[0] <= 5 else 'regular_spiking'": CONTINUOUS,
        "return 'intrinsically_bursting' if strong[0] < 6 else 'regular_spiking'": ANY_LIMIT,
        "return 'intrinsically_bursting' if strong[0] < 4 else 'regular_spiking'": ANY_LIMIT,
    },
    "04.1": {"return (chance <= x).float()": CONTINUOUS, "return chance < x": SPIKES_AS_TRUE},
    "04.3": {"return steps == times": SPIKES_AS_TRUE},
    "04.4": {
        "return spikes": "a list is converted",
        "spikes.append(spike)": "whole numbers are converted",
    },
    "04.5": {"return threshold * spk.cumsum(-1)": "of one axis, 0 is the last one"},
    "04.6": {
        "distance = (favorites - x[:, None]) * (num_neurons - 1)": "the distance is squared",
        "distance = (x[:, None] - favorites) * (1 - num_neurons)": "the distance is squared",
    },
    "05.3": {
        "while net.record(x_rec)[str(number + 1)].spk.mean() <= 0.1:": CONTINUOUS,
    },
    "06.2": {
        "return grad / ((1 + 5 * x.abs()) * 2)": ANY_SLOPE,
        "return grad / (1 + 5 * x.abs())": ANY_SLOPE,
        "return grad / (1 + 5 * x.abs()) ** 1": ANY_SLOPE,
        "return grad / (1 + 5 * x.abs()) ** 3": ANY_SLOPE,
        "return grad / (2 + 5 * x.abs()) ** 2": ANY_SLOPE,
        "return grad / (1 + x.abs()) ** 2": ANY_SLOPE,
        "return grad / (1 + 6 * x.abs()) ** 2": ANY_SLOPE,
        "return grad / (1 + 4 * x.abs()) ** 2": ANY_SLOPE,
        "return grad / 2 ** (1 + 5 * x.abs())": ANY_SLOPE,
    },
    "08.2": {
        "return -spk_rec.grad[-1, 0, 3]": "a tensor of one number is converted",
        "return -spk_rec.grad[-1, -1, 3].item()": ONE_SAMPLE,
        "spk_rec[:fired, -1, 3] = 1.0": ONE_SAMPLE,
    },
    "08.3": {
        "return (counts[steps, samples].argmax(1), steps)": "of two axes, 1 is the last one",
    },
    "09.1": {
        "wider = weight.repeat_interleave(2, -1).repeat_interleave(2, 2)": "of four axes, 2 is -2",
    },
    "10.3": {"real = steps < lengths": "True counts as 1"},
    "11.1": {"return counts": "a list is converted"},
    "11.3": {
        "near = (dy + dx > 0) & ((dy <= 1) & (dx <= 1))": ANY_ORDER,
        "near = (dx <= 1) & (dy <= 1) & (dy + dx > 0)": ANY_ORDER,
        "dy, dx, age = ((y[i] - y).abs(), (x - x[i]).abs(), t[i] - t)": "a distance has no sign",
        "dy, dx, age = ((y - y[i]).abs(), (x[i] - x).abs(), t[i] - t)": "a distance has no sign",
        "keep[i] = ((age <= window) & (near & (age > 0))).any()": ANY_ORDER,
        "keep[i] = ((age > 0) & near & (age <= window)).any()": ANY_ORDER,
        "keep[i] = (near & (age >= 0) & (age <= window)).any()": CONTINUOUS,
    },
    "13.2": {
        "near, far = (-1.0, 10.0)": ANY_BRACKET,
        "near, far = (0.0, 11.0)": ANY_BRACKET,
        "near, far = (0.0, 9.0)": ANY_BRACKET,
        "while far - near >= 0.0001:": CONTINUOUS,
    },
    "14.1": {"return trace": "a list is converted"},
    "15.3": {
        "return (difference.mean().item(), difference.mean() / difference.std())": ONE_NUMBER,
        "return (difference.mean(), (difference.mean() / difference.std()).item())": ONE_NUMBER,
    },
    "16.1": {"return traces": "a list is converted"},
    "16.3": {"return spk_rec": "a list is converted"},
    "19.2": {"return (mem > threshold, mem)": SPIKES_AS_TRUE},
    "19.3": {"return weight * (1 - sd * torch.randn_like(weight))": "a normal is symmetric"},
    "17.1": {
        "if last + 1 >= len(times) or times[last + 1] - times[last] > longest:": "none is later",
    },
    "17.2": {
        "free = [t for t in a if not ((c <= t) & (c > t - 0.02)).any()]": ANY_ORDER,
        "free = [t for t in a if not ((c >= t - 0.02) & (c <= t)).any()]": CONTINUOUS,
        "hits = [((b > t) & (b < t + 0.005)).any() for t in free]": CONTINUOUS,
        "hits = [((b >= t) & (b <= t + 0.005)).any() for t in free]": CONTINUOUS,
        "hits = [((b <= t + 0.005) & (b > t)).any() for t in free]": ANY_ORDER,
        "return sum(hits) / len(hits)": "NumPy's number is converted",
    },
    "17.3": {
        "shares = torch.softmax(values / 0.15, -1).cumsum(0)": "of one axis, 0 is the last one",
        "shares = torch.softmax(values / 0.15, 0).cumsum(-1)": "of one axis, 0 is the last one",
        "return int((shares <= dice).sum())": CONTINUOUS,
        "return (shares < dice).sum()": "a tensor of one number is converted",
    },
    "18.2": {
        "return min(claims, key=lambda rule: abs(row['claim'] - claims[rule]))": (
            "a distance has no sign"
        ),
    },
    "20.2": {
        "linear = torch.nn.Linear(weight.shape[0], weight.shape[1], bias=False)": PUT_IN,
        "linear = torch.nn.Linear(weight.shape[1], weight.shape[1], bias=False)": PUT_IN,
        "linear = torch.nn.Linear(weight.shape[0], weight.shape[0], bias=False)": PUT_IN,
        "linear = torch.nn.Linear(weight.shape[1], weight.shape[-1], bias=False)": PUT_IN,
    },
    "20.3": {
        "free = max(arrival, free) + took": ANY_ORDER,
        "delays, free = ([], -1.0)": "the first sample comes at 0, and starts then",
        "for number, took in enumerate(latency):": ONE_NUMBER,
    },
    "21.1": {
        "sensitivity = (true & found).sum() / true.sum()": ANY_ORDER,
        "specificity = (~true & ~found).sum() / (~true).sum()": ANY_ORDER,
    },
    "21.3": {
        "mem, kept = (torch.zeros_like(counts[1]), [])": "all steps have the same shape",
        "mem, kept = (torch.zeros_like(counts[-1]), [])": "all steps have the same shape",
        "return kept": "a list is converted",
    },
    "22.1": {
        "for gradient, size in zip(sizes, gradients, strict=True):": "a product has no order",
        "total = torch.zeros_like(gradients[1])": "all gradients have one shape",
        "total = torch.zeros_like(gradients[-1])": "all gradients have one shape",
    },
    "22.3": {
        "return history.test_accuracy": ONE_NUMBER,
        "return history.test_accuracy[-0]": "there is one epoch",
    },
    "23.3": {
        "controls = [snn.Slider('beta', 0.5, 0.95), snn.Slider('threshold', 0.5, 2.5)]": ANY_RANGE,
        f"panel = {_CURVE}, ylim=(-1, 1))": ANY_RANGE,
        f"panel = {_CURVE}, ylim=(0, 2))": ANY_RANGE,
    },
    "24.1": {
        "t = (t - t[0]) / 1000": "fewer digits are enough",
        "return snn.events.Events(t, x, y, 2 * p - 1, size=size, duration=t[-1])": ONE_NUMBER,
    },
    "24.3": {
        "answers, state, counts = ([], None, 1)": COMMON,
        "answers, state, counts = ([], None, -1)": COMMON,
        "state, counts = (None, 1)": COMMON,
        "state, counts = (None, -1)": COMMON,
        "answers.append(counts.argmax())": ONE_NUMBER,
        "counts = counts + spk": ONE_SAMPLE,
        "counts = counts + spk[-1]": ONE_SAMPLE,
    },
}  # fmt: skip

"""Learning by STDP: its time beside other loops, and the digits that more neurons name.

`Plastic.learn` in compiled loops, a loop over `pair_step`, and a loop over snnTorch's `STDPLearner`
run the same equations. The last one lets a pair in one step strengthen *and* weaken; ours only
strengthens it. So that the weights can be compared, the difference is added again, outside of what
is timed.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import normalize as unit, one_hot

import snnedu as snn
from benchmarks import peers
from benchmarks.timing import Goal, Result, race
from snnedu.brains.plasticity import STDP, Plastic, pair_step
from snnedu.course.chapters.c14_stdp import digits

INPUTS, OUTPUTS, RATE = 1000, 100, 0.02  # spikes per input and step
RULE = STDP(a_plus=0.001, a_minus=0.0012)


def run(quick: bool) -> list[Result]:
    """Return how long steps of 1,000 x 100 synapses take, and how many digits are right."""
    sizes = ((50, 1.0),) if quick else ((200, 1.0), (400, 1.0), (800, 1.0), (800, 0.25))
    return [_time(quick), _digits(sizes, passes=1 if quick else 4)]


def _time(quick: bool) -> Result:
    steps = 200 if quick else 1000
    draw = torch.Generator().manual_seed(0)
    x_rec = (torch.rand(steps, 1, INPUTS, generator=draw) < RATE).float()
    runs: dict[str, Callable[[], Tensor]] = {
        "snnedu": lambda: _compiled(x_rec),
        "torch, step by step": lambda: _by_steps(x_rec),
    }
    weight = runs["snnedu"]()
    torch.testing.assert_close(weight, _by_steps(x_rec), rtol=0, atol=1e-4)
    assert not torch.equal(weight, _layer().weight), "nothing was learned"
    if "snntorch" not in peers.missing():
        torch.testing.assert_close(weight, _by_snntorch(x_rec, exact=True), rtol=0, atol=1e-4)
        runs["snnTorch"] = lambda: _by_snntorch(x_rec)
    took = race(runs)
    rows: list[dict[str, object]] = [{"loop": name, "ms": ms} for name, ms in took.items()]
    what = "STDP while it runs, 1,000 x 100 synapses: {}, times ours"
    goals = [
        Goal(what.format("a torch loop"), took["torch, step by step"] / took["snnedu"], 20),
        Goal(what.format("snnTorch"), took.get("snnTorch", math.nan) / took["snnedu"], 20),
    ]
    about = (
        f"{steps} steps, inputs fire in {100 * RATE:g} % of them. All change the same weights, but "
        "for pairs in one step, which snnTorch's `STDPLearner` counts in both directions."
    )
    return Result("STDP: a layer that learns while it runs", about, rows, goals)


def _digits(sizes: tuple[tuple[int, float], ...], passes: int) -> Result:
    """Name chapter 14's neurons on its 2,000 training digits, and test them on 1,000 fresh ones."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    train, test = snn.data.mnist_small()
    rows: list[dict[str, object]] = []
    for neurons, dt in sizes:  # dt: the length of a step in ms
        net = digits.learn(digits.network(neurons, dt=dt), train[0], passes)
        answering = (digits.responses(net, test[0], seed=100) > 0).float().sum(1).mean().item()
        fields, means = net.weight, _means(neurons, train[0])
        rows.append(
            {"prototypes": neurons, "step (ms)": dt,
             "STDP (%)": 100 * digits.score(net, train, test),
             "neurons that answer a digit": answering,
             "their fields, nearest (%)": 100 * _nearest(unit(fields), train, test, unit),
             "k-means (%)": 100 * _nearest(means, train, test)}
        )  # fmt: skip
    all_of_them = KNeighborsClassifier(1), LogisticRegression(C=0.1, max_iter=200)
    near, linear = (100 * one.fit(*train).score(*test) for one in all_of_them)
    about = (
        f"Passes over {len(train[0]):,} digits without labels: {passes}. Their labels then name "
        f"the neurons. On the same data the nearest training digit names {near:.1f} % of fresh "
        f"digits, and a linear classifier, trained with labels, {linear:.1f} %. So the data would "
        "allow more than these neurons reach: k-means gains from more prototypes, they do not. "
        "In finer steps inhibition comes sooner and fewer neurons answer a digit, but no more "
        "digits are right. The fields, asked without spikes, name a digit by their angle to it. "
        "One seed."
    )
    best = max(float(str(row["STDP (%)"])) for row in rows)
    goal = Goal("Digits named by STDP, best size", best, 88, "%")
    return Result("STDP: digits without labels", about, rows, [goal])


def _means(number: int, images: Tensor) -> Tensor:
    """Return what k-means finds in the images, `[number, pixels]`."""
    from sklearn.cluster import KMeans

    found = KMeans(number, n_init=1, random_state=0).fit(images.numpy())
    return torch.from_numpy(found.cluster_centers_).float()


def _nearest(
    prototypes: Tensor,
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    scale: Callable[[Tensor], Tensor] = lambda x: x,
) -> float:
    """Return the share of digits whose nearest prototype, named as neurons are, has their class."""
    nearest = [torch.cdist(scale(x), prototypes).argmin(1) for x in (train[0], test[0])]
    on_train, on_test = (one_hot(place, len(prototypes)).float() for place in nearest)
    answers = digits.vote(on_test, digits.name(on_train, train[1]))
    return (answers == test[1]).double().mean().item()


def _layer() -> Plastic:
    return Plastic(INPUTS, OUTPUTS, RULE, threshold=25.0, seed=0)


def _compiled(x_rec: Tensor) -> Tensor:
    layer = _layer()
    layer.learn(x_rec)
    return layer.weight


def _by_steps(x_rec: Tensor) -> Tensor:
    """Return the weights after the same steps, in torch."""
    layer = _layer()
    weight, mem, spk, y = layer.weight, *torch.zeros(3, OUTPUTS)
    x = torch.zeros(INPUTS)
    for now in x_rec[:, 0]:
        mem = layer.beta * (1 - spk) * mem + weight @ now
        spk = (mem > layer.threshold).float()
        weight, x, y = pair_step(weight, now, spk, x, y, dt=1.0, rule=RULE)
    return weight


@torch.no_grad()
def _by_snntorch(x_rec: Tensor, exact: bool = False) -> Tensor:
    """Return the weights after the same steps with snnTorch's layers and its learner.

    Its traces fade by 1 - 1/τ in a step, so τ is chosen for the same share. `exact` gives back what
    pairs in one step have lost.
    """
    import snntorch
    from snntorch.functional.stdp_learner import STDPLearner

    layer, synapse = _layer(), torch.nn.Linear(INPUTS, OUTPUTS, bias=False)
    synapse.weight.copy_(layer.weight)
    neuron = snntorch.Leaky(
        beta=layer.beta, threshold=layer.threshold, reset_mechanism="zero", init_hidden=True
    )
    learner = STDPLearner(
        synapse, neuron, tau_pre=-1 / math.expm1(-1 / RULE.tau_plus),
        tau_post=-1 / math.expm1(-1 / RULE.tau_minus),
        f_pre=lambda weight: RULE.a_minus, f_post=lambda weight: RULE.a_plus,
    )  # fmt: skip
    for now in x_rec:
        spk = neuron(synapse(now))
        change = learner.step(on_grad=False)
        if exact:
            change = change + RULE.a_minus * spk.T @ now
        synapse.weight.copy_((synapse.weight + change).clamp(0, RULE.w_max))
    return synapse.weight.detach()

"""The phrase book: the same ten phrases in seven libraries.

Every line is run by tests/course/test_c23_open_questions.py where its library is installed. The
lines of one library are run in order and share their names. They may use:

    x        a batch of pictures [8, 6], between 0 and 1
    cur      currents of one step [8, 6]
    x_rec    currents of 25 steps [25, 8, 6]
    targets  classes [8], from 0 to 5
    path     where to save

and must leave `spk` [8, 6], `spk_rec` [25, 8, 6], `spikes` [25, 8, 6], `loss`, `net` and `graph`.
"""

from dataclasses import dataclass

PHRASES = (
    "a leaky neuron", "reset by subtraction", "another surrogate", "one step", "a sequence",
    "rate loss", "spike trains from a picture", "a network", "save", "to NIR",
)  # fmt: skip

CROSS_ENTROPY = "loss = torch.nn.functional.cross_entropy(spk_rec.mean(0), targets)"
COINS = "spikes = (torch.rand(25, *x.shape) < x).float()"
STATE_DICT = "torch.save(net.state_dict(), path)"


@dataclass(frozen=True)
class Library:
    """How one library says each of PHRASES; `runs`: whether a test runs its lines.

    `start` has the imports, `remark` what surprises somebody who comes from another library.
    """

    module: str
    start: str
    lines: tuple[str, ...]
    remark: str
    runs: bool = True

    def says(self, phrase: str) -> str:
        """Return the lines of code for one of PHRASES."""
        return self.lines[PHRASES.index(phrase)]


LIBRARIES = {
    "snnedu": Library(
        "snnedu",
        "import snnedu as snn",
        (
            "neuron = snn.Leaky(0.9)",
            'neuron = snn.Leaky(0.9, reset_mechanism="subtract")',
            "neuron = snn.Leaky(0.9, spike_grad=snn.surrogate.fast_sigmoid(25))",
            "spk, mem = neuron(cur)",
            "spk_rec, mem_rec = neuron.unroll(x_rec)",
            "loss = snn.functional.ce_rate_loss(spk_rec, targets)",
            "spikes = snn.spikegen.rate(x, 25)",
            "net = snn.Sequential(torch.nn.Linear(6, 6), neuron)",
            STATE_DICT,
            "graph = snn.to_nir(net, dt=1e-3)",
        ),
        "The reset is one step late. State goes in and comes out.",
    ),
    "snnTorch": Library(
        "snntorch",
        "import snntorch\nfrom snntorch import functional, spikegen, surrogate\n"
        "from snntorch.export_nir import export_to_nir",
        (
            "neuron = snntorch.Leaky(beta=0.9)",
            'neuron = snntorch.Leaky(beta=0.9, reset_mechanism="subtract")',
            "neuron = snntorch.Leaky(beta=0.9, spike_grad=surrogate.fast_sigmoid(slope=25))",
            "spk, mem = neuron(cur, neuron.reset_mem())",
            "mem, spk_rec = neuron.reset_mem(), []\n"
            "for now in x_rec:\n"
            "    fired, mem = neuron(now, mem)\n"
            "    spk_rec.append(fired)\n"
            "spk_rec = torch.stack(spk_rec)",
            "loss = functional.ce_rate_loss()(spk_rec, targets)",
            "spikes = spikegen.rate(x, num_steps=25)",
            "betas, thresholds = torch.full((6,), 0.9), torch.ones(6)\n"
            "neuron = snntorch.Leaky(beta=betas, threshold=thresholds, init_hidden=True)\n"
            "net = torch.nn.Sequential(torch.nn.Linear(6, 6), neuron)",
            STATE_DICT,
            "graph = export_to_nir(net, x, ignore_dims=[0])",
        ),
        "The reset is one step late. Without a state, the last batch's is carried on.",
    ),
    "Norse": Library(
        "norse",
        "import norse.torch as norse\nfrom norse.torch.functional.reset import reset_subtract",
        (
            "pace = torch.full((6,), 100.0)  # 1/s: β = 1 - 100 · 0.001 = 0.9\n"
            "neuron = norse.LIFBoxCell(norse.LIFBoxParameters(tau_mem_inv=pace), dt=0.001)",
            "how = norse.LIFBoxParameters(tau_mem_inv=pace, reset_method=reset_subtract)\n"
            "neuron = norse.LIFBoxCell(how, dt=0.001)",
            'how = norse.LIFBoxParameters(tau_mem_inv=pace, method="super", alpha=torch.tensor(25.0))\n'
            "neuron = norse.LIFBoxCell(how, dt=0.001)",
            "spk, state = neuron(10 * cur)",
            "spk_rec, state = norse.Lift(neuron)(10 * x_rec)",
            CROSS_ENTROPY,
            "spikes = norse.PoissonEncoder(25, f_max=1000)(x)",
            "zero, one = torch.zeros(6), torch.ones(6)\n"
            "how = norse.LIFBoxParameters(pace, v_leak=zero, v_th=one, v_reset=zero)\n"
            "neuron = norse.LIFBoxCell(how, dt=0.001)\n"
            "net = norse.SequentialState(torch.nn.Linear(6, 6), neuron)",
            STATE_DICT,
            "graph = norse.to_nir(net, x)",
        ),
        "Time is in seconds. The current is multiplied by 1 - β, here 0.1; the factor 10 undoes it.",
    ),
    "sinabs": Library(
        "sinabs",
        "import math\nimport sinabs.layers as sl\nfrom sinabs import activation\n"
        "from sinabs.nir import to_nir",
        (
            "tau = -1 / math.log(0.9)  # in steps\nneuron = sl.LIF(tau, norm_input=False)",
            "neuron = sl.LIF(tau, norm_input=False, reset_fn=activation.MembraneSubtract())",
            "shape = activation.SingleExponential(grad_scale=1.0)\n"
            "neuron = sl.LIF(tau, norm_input=False, surrogate_grad_fn=shape)",
            "neuron.reset_states()\nspk = neuron(cur[:, None])[:, 0]",
            "neuron.reset_states()\nspk_rec = neuron(x_rec.transpose(0, 1)).transpose(0, 1)",
            CROSS_ENTROPY,
            COINS,
            "net = torch.nn.Sequential(torch.nn.Linear(6, 6), neuron)",
            STATE_DICT,
            "graph = to_nir(net, x_rec.transpose(0, 1))",
        ),
        "Batch first, then time. A neuron may fire several times in one step, at ≥ θ.",
    ),
    "SpikingJelly": Library(
        "spikingjelly",
        "from spikingjelly.activation_based import encoding, functional, layer, nir_exchange\n"
        "from spikingjelly.activation_based import neuron as neurons, surrogate",
        (
            "neuron = neurons.LIFNode(tau=10.0, decay_input=False)",
            "neuron = neurons.LIFNode(tau=10.0, decay_input=False, v_reset=None)",
            "neuron = neurons.LIFNode(\n"
            "    tau=10.0, decay_input=False, surrogate_function=surrogate.ATan(alpha=2.0)\n)",
            "functional.reset_net(neuron)\nspk = neuron(cur)",
            'functional.reset_net(neuron)\nneuron.step_mode = "m"\nspk_rec = neuron(x_rec)',
            CROSS_ENTROPY,
            "encoder = encoding.PoissonEncoder()\n"
            "spikes = torch.stack([encoder(x) for _ in range(25)])",
            'net = torch.nn.Sequential(layer.Linear(6, 6, step_mode="m"), neuron)',
            STATE_DICT,
            "functional.reset_net(net)\ngraph = nir_exchange.export_to_nir(net, x_rec)",
        ),
        "State is kept inside: reset it before each batch. It fires at ≥ θ; the usual reset is to 0.",
    ),
    "Brian 2": Library(
        "brian2",
        "from brian2 import *\ndefaultclock.dt = 1*ms",
        (
            "tau = -1*ms / log(0.9)\n"
            "neuron = NeuronGroup(6, 'dv/dt = (10 * I(t, i) - v) / tau : 1',\n"
            "                     threshold='v > 1', reset='v = 0', method='exact')",
            "neuron = NeuronGroup(6, 'dv/dt = (10 * I(t, i) - v) / tau : 1',\n"
            "                     threshold='v > 1', reset='v -= 1', method='exact')",
            "# none: Brian 2 simulates, it computes no gradients",
            "I = TimedArray(cur[:1].numpy(), dt=1*ms)\nrun(1*ms)",
            "I = TimedArray(x_rec[:, 0].numpy(), dt=1*ms)\n"
            "monitor = SpikeMonitor(neuron)\nrun(25*ms)",
            "# none: there are no gradients to follow",
            "spikes = PoissonGroup(6, rates=x[0].numpy() * 1000*Hz)",
            "synapses = Synapses(spikes, neuron, 'w : 1', on_pre='v += w')\nsynapses.connect()",
            "store('trained', path)",
            "# none that we know of",
        ),
        "Equations are text with units. No batches: a network is one simulation. This equation divides the current by τ; the factor 10 undoes it.",
        runs=False,
    ),
    "Lava": Library(
        "lava",
        "from lava.magma.core.run_conditions import RunSteps\n"
        "from lava.magma.core.run_configs import Loihi1SimCfg\n"
        "from lava.proc.dense.process import Dense\nfrom lava.proc.lif.process import LIF",
        (
            "neuron = LIF(shape=(6,), du=1.0, dv=0.1, vth=1.0)",
            "# none ready-made: `LIF` resets to 0; write a process model of your own",
            "# none here: training is done in Lava DL",
            "neuron.run(condition=RunSteps(num_steps=1), run_cfg=Loihi1SimCfg())",
            "neuron.run(condition=RunSteps(num_steps=25), run_cfg=Loihi1SimCfg())",
            "# none here: training is done in Lava DL",
            "# from lava.proc.io.source import RingBuffer\n"
            "source = RingBuffer(data=spikes)  # an array that it sends; it draws no spikes itself",
            "dense = Dense(weights=weights)\ndense.a_out.connect(neuron.a_in)",
            "weights = dense.weights.get()",
            "# none that we know of in Lava itself",
        ),
        "Neurons are processes that send messages, as on the chip Loihi.",
        runs=False,
    ),
}


def show(*names: str) -> None:
    """Print the phrase book of these libraries, phrase by phrase; upper and lower case are alike.

    Raises ValueError for a library that is not in it.
    """
    known = {name.lower(): name for name in LIBRARIES}
    for name in names:
        if name.lower() not in known:
            raise ValueError(
                f"The phrase book has {', '.join(LIBRARIES)}. Received {name!r}. Choose among them."
            )
    names = tuple(known[name.lower()] for name in names)
    for name in names:
        library = LIBRARIES[name]
        print(f"{name}{'' if library.runs else ' (not run here)'}: {library.remark}")
        print(f"{library.start}\n")
    for phrase in PHRASES:
        print(f"# {phrase}")
        for name in names:
            print(f"# … in {name}\n{LIBRARIES[name].says(phrase)}")
        print()

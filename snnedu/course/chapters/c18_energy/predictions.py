"""The predictions of 18 · Where the energy goes."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "18.p1": Prediction(
        question=(
            "Of the spiking network's energy, how many percent goes into memory, that is, into "
            "reading and writing weights, sums, membranes and spikes?"
        ),
        unit="%",
        between=(0, 100),
        close=4,
        low="An addition costs 0.9 pJ. To fetch its weight costs 5 to 55 times as much, by the size of the memory.",
        high="The arithmetic is small, but not nothing.",
        reply="A count of operations alone sees the small rest.",
    ),
    "18.p2": Prediction(
        question=(
            "All numbers shrink from 32 bits to 8. By which factor does the energy of the dense "
            "network fall?"
        ),
        unit="times",
        between=(0.1, 100),
        close=2,
        low="A number of 8 bits is a quarter of the traffic. And the weights now fit a smaller memory, which is cheaper to read.",
        high="Multiply-accumulates become 20 times cheaper, but they were a small part.",
        reply="Fewer bits, and a smaller memory that is nearer: both count.",
    ),
    "18.p3": Prediction(
        question=(
            "T = 5, and memory is counted. In the dense layer every second input is 0, and "
            "skipped. Below which rate are spikes cheaper?"
        ),
        options=(
            Option(
                "about 45 % of steps",
                "This is so if operations alone count. A spike saves the multiplication, but not the way to memory.",
            ),
            Option(
                "about 25 % of steps",
                "A spike and an activation cost nearly the same. At 25 % an input would send 1.25 spikes, but every second one is silent in the dense layer.",
            ),
            Option(
                "about 10 % of steps",
                "That is half a spike for each input, in all steps together.",
                right=True,
            ),
        ),
    ),
    "18.p4": Prediction(
        question=(
            "Rule C, and T = 4: both networks skip zeros, and memory is counted, too. The spiking network "
            "takes how many times the energy of the dense one?"
        ),
        unit="times",
        between=(0, 100),
        close=0.1,
        low="A spike saves a multiplication, and that is all. There are more spikes than activations.",
        high="It has more spikes than the dense network has activations, but not by so much.",
        reply="Under rule A it took about a fifth.",
    ),
    "18.p5": Prediction(
        question=(
            "Now the dense network may do the same: its activations have a price in training. "
            "Memory is counted. Which of the two takes less?"
        ),
        options=(
            Option(
                "The spiking network still",
                "ReLU can set activations to 0 exactly, and learns to do so as well.",
            ),
            Option("The dense network again", "It, too, saves what it pays for.", right=True),
            Option(
                "Both take the same, within 5 %",
                "The dense network can bear more: its energy falls further before it makes more errors.",
            ),
        ),
    ),
    "18.p6": Prediction(
        question="On the model of Loihi, which part of the energy is the largest?",
        options=(
            Option("Synapses", "Each spike takes a synapse for every neuron that it reaches."),
            Option(
                "Neurons", "There are 210 of them, updated at each step. Synaptic events are more."
            ),
            Option(
                "Messages",
                "A message is the most expensive event, but each stands for many synapses.",
            ),
        ),
    ),
    "18.p7": Prediction(
        question=(
            "We take a spiking and a dense network, at random from all 32. How often does the "
            "count of operations name another winner than operations and memory? (The numbers "
            "that are printed above are enough to work it out.)"
        ),
        unit="% of pairs",
        between=(0, 100),
        close=8,
        low="Operations favor the spiking networks throughout: they hold that a spike is five times as cheap as an activation.",
        high="Where the spiking network is cheaper under both, they agree.",
        reply="In three of the four comparisons of kinds the two rules disagree.",
    ),
}

"""The predictions of 08 · Objectives."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "08.p1": Prediction(
        question="Which of these losses will make the hidden layer fire most?",
        options=(
            Option(
                "Cross entropy of the counts",
                "Once the right class leads, it asks for little more.",
            ),
            Option(
                "Cross entropy at every step",
                "Each step without a spike of the right class costs, whatever came before.",
                right=True,
            ),
            Option("Cross entropy of the first spikes", "After the first spike nothing counts."),
            Option(
                "Squared distance from 8 spikes", "This loss asks for 8 spikes, and for no more."
            ),
        ),
    ),
    "08.p2": Prediction(
        question="Count the output spikes as they come. In which network does one class lead first?",
        options=(
            Option(
                "Latency: cross entropy of the first spikes",
                "This loss asks the right class to be earlier than others, and not to be early.",
            ),
            Option(
                "Rate: cross entropy at every step",
                "It asks for a spike at every step, so also at the first.",
                right=True,
            ),
            Option(
                "8 spikes: squared distance of the counts",
                "This network has 25 steps for 8 spikes, so the first may come late.",
            ),
        ),
    ),
    "08.p3": Prediction(
        question=(
            "The right class has fired at 12 of 25 steps, all others are silent. Which loss still "
            "pushes strongly for one more spike?"
        ),
        options=(
            Option(
                "Rate: cross entropy at every step",
                "Each step has its own loss. What earlier steps did does not help this one.",
                right=True,
            ),
            Option(
                "Count: cross entropy of the counts",
                "With a lead of 12, the softmax is almost 1, and its gradient almost 0.",
            ),
            Option("8 spikes: squared distance", "12 is more than 8: it pushes the other way."),
        ),
    ),
    "08.p4": Prediction(
        question=(
            "The population, ten outputs a class, may stop as soon as it is sure enough. How many of "
            "its 25 steps will it run on average?"
        ),
        unit="steps",
        between=(1, 25),
        close=1,
        high="At each step ten neurons of a class may fire, so one class soon leads.",
        reply="The full look is needed for few digits.",
    ),
    "08.p5": Prediction(
        question=(
            "The membrane loss never mentions spikes. A network is trained with it on 25 steps "
            "instead of 10, for the same look. What happens to its hidden spikes?"
        ),
        options=(
            Option("About as many", "Nothing in this loss sets a number of spikes."),
            Option("About half as many", "A finer clock gives more chances to fire, not fewer."),
            Option(
                "About twice as many",
                "Nothing in this loss limits spikes. This may be the reason.",
                right=True,
            ),
        ),
    ),
    "08.p6": Prediction(
        question=(
            "One step only. Which network recognizes most digits: 10 outputs read by their spikes, 100 "
            "outputs (ten a class) with as many weights in all, or 10 outputs read by membranes?"
        ),
        options=(
            Option("10 outputs, spikes", "A single step gives each class one spike or none."),
            Option("100 outputs, spikes", "Ten spikes tell more than one, but they are few."),
            Option("10 outputs, membranes", "A number tells more than ten spikes.", right=True),
        ),
    ),
}

"""The predictions of 15 · STDP meets backprop."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "15.p1": Prediction(
        question=(
            "The weight is so small that the neuron never fires. A learning signal asks for more "
            "spikes. Which rule changes the weight?"
        ),
        options=(
            Option("STDP alone", "STDP needs a spike on both sides, and the output is silent."),
            Option(
                "The gradient alone",
                "Its second factor is the slope h. It is above 0 without a spike.",
                right=True,
            ),
            Option("Both of them", "STDP's second factor is the output spike. There is none."),
            Option("Neither of them", "True for STDP. The slope h of the gradient is above 0."),
        ),
    ),
    "15.p2": Prediction(
        question=(
            "Input A triggers 40 % of the output spikes, B 35 %, C 25 %. 2,000 neurons learn with rate "
            "0.3, until one input has nearly everything. For what percentage of the neurons is it A?"
        ),
        unit="%",
        between=(0, 100),
        close=8,
        low="A still has the best chances of all three.",
        high="With this rate a few lucky spikes of B or C decide.",
    ),
    "15.p3": Prediction(
        question=(
            "A readout is trained on STDP's features, and on shuffled ones. How many points is STDP "
            "ahead with 1,000 labels?"
        ),
        unit="points",
        between=(-100, 100),
        close=2,
        low="They still lead, but by less than with few labels.",
        high="With many labels, the readout finds much of what it needs in random features, too.",
    ),
    "15.p4": Prediction(
        question=(
            "A network starts from STDP's weights, another one from torch's usual random ones. How "
            "many points is the first one ahead after one epoch of backprop at rate 0.002?"
        ),
        unit="points",
        between=(-100, 100),
        close=2,
        low="STDP's start does no harm here.",
        high="At this rate, backprop needs few steps to catch up.",
    ),
    "15.p5": Prediction(
        question="The picture slips sideways on the sensor. What keeps the most answers right?",
        options=(
            Option("To change nothing", "The frozen features do not find the digits any more."),
            Option(
                "To renormalize each pixel",
                "Renormalizing knows how bright a pixel was, but not where a stroke has gone.",
            ),
            Option(
                "To let STDP go on learning",
                "The features follow the strokes, and the readout still knows each neuron.",
                right=True,
            ),
        ),
    ),
    "15.p6": Prediction(
        question=(
            "Now each image gets the error of another image. What is the cosine between the "
            "difference and the gradient then?"
        ),
        between=(-1, 1),
        close=0.1,
        low="The images are alike, and so are their errors: the mean of both is still right.",
        high="What belongs to a single image is lost.",
    ),
}

"""The predictions of 19 · Co-design."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "19.p1": Prediction(
        question=(
            "Each weight may take one of 15 values (4 bits) in place of four billion, and nothing is "
            "trained again. How many percentage points of accuracy does the network lose?"
        ),
        unit="points",
        between=(-5, 90),
        close=1,
        low="A few answers may turn out right by luck, but no more.",
        high="A neuron adds up dozens of weights, and the errors of rounding largely cancel.",
        reply="The loss is near zero. With this scale, a large loss comes at 2 bits.",
    ),
    "19.p2": Prediction(
        question=(
            "2 bits: each weight is -s, 0 or s, where s is half of the largest weight. Rounded "
            "afterward, 80 to 90 % of the answers are right. How many are right if the network is "
            "trained for six more epochs, and rounds at each pass?"
        ),
        unit="%",
        between=(0, 100),
        close=2,
        low="Signs and zeros can be learned, and they carry most of what the network knows.",
        high="The floats reach about 97 %, and three values for a weight are fewer.",
        reply="The comparison that counts: the same six epochs with exact weights, rounded afterward.",
    ),
    "19.p3": Prediction(
        question=(
            "The membrane has 8 bits and holds ±2 θ. In step 20 a pulse of input takes the true sum "
            "to 2.5 θ. The chip adds as a processor does, without a limit (“wrap”). In that step "
            "the neuron …"
        ),
        options=(
            Option(
                "fires, as it should",
                "With a limit it would stop at 2 θ, which is above θ, and fire. Without one, the "
                "sum comes out below 0.",
            ),
            Option(
                "stays silent, below 0",
                "The bits above the top are lost, and what is left reads as a negative number.",
                right=True,
            ),
            Option(
                "fires, and in all later steps too",
                "The membrane does not stay at the top. It comes out below 0.",
            ),
        ),
    ),
    "19.p4": Prediction(
        question=(
            "On a chip each weight, threshold and time constant is off by 20 % (standard "
            "deviation). How many percentage points of accuracy does an average chip lose?"
        ),
        unit="points",
        between=(-5, 90),
        close=1,
        low="The ten output neurons alone have ten different thresholds.",
        high="Errors that are independent cancel in a sum, and the best class is often far ahead.",
        reply="An average chip loses little. The worst of ten loses about twice as much.",
    ),
    "19.p5": Prediction(
        question=(
            "Two networks are trained equally long, one of them on a new chip of ± 20 % at each "
            "pass. On new chips of ± 20 %, the one that trained for it is …"
        ),
        options=(
            Option(
                "clearly better",
                "Robust training helps where mismatch costs much. Here it costs about a point.",
            ),
            Option("about as good", "At this spread, ordinary training already leaves room."),
            Option("clearly worse", "Noise slows training down, but there was enough time."),
        ),
    ),
    "19.p6": Prediction(
        question=(
            "A network of 2 bits, with three quarters of its weights pruned, has about a seventh of the "
            "synaptic operations of the 8-bit network. Chip B skips inputs that are 0, but reads all "
            "weights of the others. By which factor does its energy fall?"
        ),
        unit="times",
        between=(0.5, 50),
        factor=1.25,
        low="Two bits are fetched in place of eight.",
        high="Chip B fetches the zeros, too. And it reads and writes a sum of 16 bits for each weight.",
        reply="Only the weights shrink, from 8 to 2 bits, and the sums cost more than the weights. An operation that a chip cannot skip is not saved.",
    ),
}

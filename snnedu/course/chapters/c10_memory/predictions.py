"""The predictions of 10 · Memory."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "10.p1": Prediction(
        question="τ is 100 steps. How much of the cue is left in the membrane 100 steps later?",
        options=(
            Option(
                "nothing at all",
                "A membrane fades slowly, and never to 0. Move τ to about 100, and see.",
            ),
            Option(
                "about a third",
                "After τ steps a share of exp(-1) = 0.37 is left. Move τ to about 100, and see.",
                right=True,
            ),
            Option(
                "half of it",
                "Half is left after 69 steps, ln 2 times τ. Move τ to about 100, and see.",
            ),
        ),
    ),
    "10.p2": Prediction(
        question="β is 0.9, and the network is asked 32 steps after the cue ended. How many of 100 answers will be right?",
        unit="of 100 answers",
        between=(0, 100),
        close=6,
        low="Two answers are possible: a coin gets half of them right.",
        high="Training finds no weights that bring back what has leaked away.",
    ),
    "10.p3": Prediction(
        question="After 100 rounds of training: which slow variable lets the network recall best?",
        options=(
            Option(
                "The membrane: each its own β",
                "Slow membranes help, but least of the three. The next experiments ask why.",
            ),
            Option(
                "The synapse: a second order",
                "It recalls nearly every cue.",
                right=True,
            ),
            Option(
                "The threshold: adaptation",
                "The threshold remembers well, but some seeds of it stay below the best.",
            ),
        ),
    ),
    "10.p4": Prediction(
        question="Slow membranes with subtraction are trained for 400 rounds, not 100. How many of 100 answers will be right?",
        unit="of 100 answers",
        between=(0, 100),
        close=6,
        low="More training brings the cue back: it was in the membranes all the time.",
        high="Some seeds need still more rounds.",
    ),
    "10.p5": Prediction(
        question="The delay is 2 and should be 15. The bell around it is half a step wide. Where will training bring it?",
        options=(
            Option("To 15, slowly", "The gradient of a narrow bell sees its neighbors only."),
            Option("Hardly anywhere", "It sees no step but its neighbors.", right=True),
            Option("To 20, its limit", "A narrow bell feels no pull to either side."),
        ),
    ),
    "10.p6": Prediction(
        question="The same test utterances are padded to 120 steps, not 29. How many of 100 will the network name correctly?",
        unit="of 100 utterances",
        between=(0, 100),
        close=10,
        low="The network gives nearly always the same name, and that is sometimes right.",
        high="In the padding only the biases vote, and it is now most of the steps.",
        reply="The utterances are the same, to the last number.",
    ),
    "10.p7": Prediction(
        question="A network without any memory (β = 0) hears one frame at a time, and averages. For how many of 100 utterances will it name the speaker?",
        unit="of 100 utterances",
        between=(0, 100),
        close=4,
        low="A voice can be told from single frames; their order says little more.",
        high="A few speakers are alike in most of their frames.",
        reply="A task that needs no memory cannot measure memory.",
    ),
    "10.p8": Prediction(
        question="Which of these memories will do best at telling gaps?",
        options=(
            Option("synapse", "The synaptic current tells how long ago a spike came."),
            Option("recurrence", "Recurrence could count steps, but here it did not learn to."),
            Option(
                "delays",
                "Two delays that differ by a gap could tell it, but here they learned less well.",
            ),
        ),
    ),
}

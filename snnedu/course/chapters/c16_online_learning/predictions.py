"""The predictions of 16 · Online learning."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "16.p1": Prediction(
        question="An adaptive neuron got an input and fired. 40 steps later a reward says: more spikes were good. How does the weight change?",
        options=(
            Option("It grows a little", "The membrane's part of the trace is gone by then."),
            Option("It stays as it is", "The threshold still remembers, so the trace does, too."),
            Option(
                "It shrinks a little",
                "The input brought spikes, which raised the threshold. That makes spikes rarer now: the trace is negative.",
                right=True,
            ),
        ),
    ),
    "16.p2": Prediction(
        question="A layer of 30 neurons has 20 inputs. How many numbers does RTRL carry from step to step for one sample?",
        unit="numbers",
        factor=1.5,
        between=(1, 1e9),
        low="Each of 30 neurons keeps one number for every weight, and there are 30 x 50 weights.",
        high="Each of 30 neurons keeps one number for each of 30 x 50 weights.",
    ),
    "16.p3": Prediction(
        question="The cosine says whether two gradients point the same way: 1 is the same, 0 is unrelated. What will it be for e-prop and BPTT in a new recurrent layer?",
        close=0.15,
        between=(-1, 1),
        low="Each neuron's own past is a larger part of the gradient than you thought.",
        high="The spikes that come back to the layer matter more than you thought.",
    ),
    "16.p4": Prediction(
        question="Three cues, 100 updates, the same networks, each rule at its own learning rate, no gradient is clipped. Which rule counts better?",
        options=(
            Option("BPTT", "BPTT's gradient is exact, but learning also depends on its size."),
            Option("e-prop", "e-prop drops a term, and the size of the rest is steadier."),
            Option("Both alike", "The two gradients differ, in direction and in size."),
        ),
    ),
    "16.p5": Prediction(
        question="The network hears the nine men one after the other, each with all his utterances. How many of the nine does it name in most cases afterwards?",
        unit="of nine",
        close=1,
        between=(0, 9),
        low="It still knows more of them than you thought.",
        high="Each new voice overwrites the ones before.",
    ),
    "16.p6": Prediction(
        question="The gradient of SLTT sees a single step. Each of 270 utterances is heard once, mixed. How many speakers of new utterances does SLTT name, compared with BPTT?",
        options=(
            Option(
                "Clearly fewer",
                "A voice can be told from single frames (tutorial 10): not much past is needed.",
            ),
            Option(
                "About as many", "For this task the past adds little to what a single step says."
            ),
            Option("Clearly more", "SLTT has less to learn from than BPTT, never more."),
        ),
    ),
}

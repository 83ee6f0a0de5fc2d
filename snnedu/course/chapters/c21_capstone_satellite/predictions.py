"""The predictions of 21 · Capstone."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "21.p1": Prediction(
        question="Some stars twinkle, some pixels are noisy, and a satellite crosses the picture. What percentage of all events of the nights comes from within 3 pixels of the satellite?",
        unit="%",
        between=(0, 100),
        close=5,
        low="The satellite is one of few things that move.",
        high="4,096 pixels make noise all the time; the satellite meets a few of them at a time.",
        reply="The noise of one pixel is rare, but there are many pixels.",
    ),
    "21.p2": Prediction(
        question="A detector reports every event as a satellite. What is its informedness on these nights? (1 is perfect, 0 is guessing.)",
        between=(-1, 1),
        close=0.15,
        low="Most volumes of space and time are empty, and a detector without events there is right.",
        high="It finds nearly every satellite, but each noise event is a false alarm.",
        reply="It is not blind guessing: where no event is, it reports nothing.",
    ),
    "21.p3": Prediction(
        question="A satellite tumbles and is dark for a second. Detections are off by a pixel or two. The tracker of exercise 21.2 follows them. What is its mean error, if that of the detections is called 100 %?",
        unit="%",
        between=(0, 300),
        close=15,
        low="It averages, but only over the last few detections.",
        high="A track that moves evenly averages out what jumps around.",
        reply="The tracker knows one more thing than the detector: the satellite moves evenly.",
    ),
    "21.p4": Prediction(
        question="All get the same events of new passes. Which has the highest informedness, without a tracker?",
        options=(
            Option(
                "The filter with one number",
                "The filter knows that real things excite their neighbors.",
            ),
            Option(
                "The network trained by gradient",
                "This network has seen labeled passes of such nights.",
            ),
            Option("The network trained by STDP", "STDP has learned what often comes together."),
        ),
    ),
    "21.p5": Prediction(
        question="We round the weights of the trained network to 3 bits, 7 values for each channel. By how many points (hundredths) does its informedness change, up or down?",
        unit="points",
        between=(0, 100),
        close=4,
        low="Seven values are not many.",
        high="Rounding errors of many weights average out in the membrane.",
        reply="What counts is which blocks cross the threshold, not the exact membrane.",
    ),
    "21.p6": Prediction(
        question="One network is trained on one sensor, another one on 60 different sensors. Both are tested on the usual sensor and on a strange one. What do you expect?",
        options=(
            Option(
                "Varied wins on both",
                "The varied network has seen more kinds, but each of them less often.",
            ),
            Option("Each wins at home", "Each network pays for what it never meets."),
            Option("Usual wins, then a tie", "The strange sensor is hard for both of them."),
            Option("Usual wins on both", "A network that learns one thing learns it well."),
        ),
    ),
}

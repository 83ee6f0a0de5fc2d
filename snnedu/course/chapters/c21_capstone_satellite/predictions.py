"""The predictions of 21 · Capstone."""

from snnedu.course.exercise import Option, Prediction

PREDICTIONS = {
    "21.p1": Prediction(
        question="Some stars twinkle, some pixels are noisy, and a satellite crosses the picture. What percentage of all events of the nights comes from within 3 pixels of the satellite?",
        unit="%",
        between=(0, 100),
        close=3,
        low="The satellite is one of few things that move.",
        high="4,096 pixels make noise all the time; the satellite meets a few of them at a time.",
        reply="The noise of one pixel is rare, but there are many pixels.",
    ),
    "21.p2": Prediction(
        question="A detector reports every event as a satellite. What is its informedness on these nights? (1 is perfect, 0 is guessing.)",
        between=(-1, 1),
        close=0.15,
        low="Most volumes of space and time hold no event at all, so it rightly reports nothing there.",
        high="It finds nearly every satellite, but each noise event is a false alarm.",
        reply="A third of the empty volumes hold an event. The other two thirds are rightly left out.",
    ),
    "21.p3": Prediction(
        question="The kept events near the satellites are off by a pixel or two. The tracker of exercise 21.2 follows them. What is the mean error of its reports over these passes, if that of the events is called 100 %?",
        unit="%",
        between=(0, 300),
        close=15,
        low="The tracker has only a few events in each step, and it lags behind.",
        high="The mean of several events is nearer to the satellite than one of them.",
        reply="The tracker averages the events of a step, and expects that the satellite moves evenly.",
    ),
    "21.p4": Prediction(
        question="All get the same events of new passes. Which has the highest informedness, without a tracker?",
        options=(
            Option(
                "The filter with one number",
                "Real things excite neighbors, but a trained network can use this, too.",
            ),
            Option(
                "The network trained by gradient",
                "This network has seen labeled passes, but only 60 of them in 50 updates.",
            ),
            Option(
                "The network trained by STDP",
                "STDP has learned what comes often, but that is not only satellites.",
            ),
            Option(
                "A tie of filter and gradient, within 0.05",
                "Both use the same clue: a satellite leaves events close in space and time.",
            ),
        ),
    ),
    "21.p5": Prediction(
        question="We round the weights of the trained network to 3 bits, 7 values for each channel. By how many points (hundredths) does its informedness change, up or down?",
        unit="points",
        between=(0, 100),
        close=4,
        low="Seven values are few: some blocks do cross the threshold at other times.",
        high="Rounding errors of many weights average out in the membrane.",
        reply="What counts is which blocks cross the threshold, not the exact membrane.",
    ),
    "21.p6": Prediction(
        question="One network is trained on one sensor, another one on 60 different sensors. Both are tested on the usual sensor and on a strange one. What do you expect?",
        options=(
            Option(
                "Varied wins on both",
                "A varied training has seen more kinds of noise, but the usual one hardly ever.",
            ),
            Option(
                "Each wins at home",
                "Later we ask how much of this is learned, and how much is the threshold.",
            ),
            Option(
                "Usual wins, then a tie",
                "Neither has seen this sensor, but the varied networks have seen similar ones.",
            ),
            Option(
                "Usual wins on both",
                "A network that learns one sensor learns it well, but on the strange sensor other noise comes.",
            ),
        ),
    ),
}

"""The quiz of 01 · Hello, spikes."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "01": (
        Question(
            "Why can a spike save energy, where a number cannot?",
            (
                Option("It needs fewer weights", "The network has just as many weights."),
                Option(
                    "It needs no multiplication",
                    "A weight is added or not added, and a silent neuron adds nothing.",
                    right=True,
                ),
                Option("It is shorter than a number", "What counts is the work that it causes."),
            ),
        ),
        Question(
            "A pixel of ink 0.2 tosses 100 coins. Which count is most likely?",
            (
                Option(
                    "about 20, give or take 4",
                    "Mean 100 × 0.2, deviation √(100 × 0.2 × 0.8) = 4.",
                    right=True,
                ),
                Option("exactly 20, every time", "Coins differ from run to run."),
                Option("about 20, give or take 0.4", "The deviation is √(T x (1 - x)), here 4."),
            ),
        ),
        Question(
            "The same network runs for 100 steps instead of 25. What happens to its operations?",
            (
                Option("They stay: it is one image", "The image is shown again at every step."),
                Option("They fall: it decides sooner", "Only if you stop it. It runs all steps."),
                Option("They grow about fourfold", "Each step adds its own spikes.", right=True),
            ),
        ),
        Question(
            "Your spiking network says “0” for every picture. What do you look at first?",
            (
                Option("its learning rate", "Perhaps later. First see whether anything fires."),
                Option(
                    "its output raster",
                    "If no neuron fires, ten counts are equal, and `argmax` names the first.",
                    right=True,
                ),
                Option("its test accuracy", "It is about one in ten, and does not tell you why."),
            ),
        ),
        Question(
            "A dense layer meets a spiking one. Which comparison of their energy is fair?",
            (
                Option(
                    "both skip zeros, or neither",
                    "What one side may do, the other may do too.",
                    right=True,
                ),
                Option(
                    "only the spiking one skips",
                    "Chips for dense networks can skip zeros, too.",
                ),
                Option(
                    "additions against MACs only",
                    "Then updates and coins, which cost energy too, are left out.",
                ),
            ),
        ),
        Question(
            "Which input suits a spiking network best?",
            (
                Option(
                    "a photograph, sent as coins",
                    "The same picture is sent again and again: this is nearly the worst case.",
                ),
                Option(
                    "a film full of fast motion",
                    "Much changes, so many events are sent. It can be done, but it costs.",
                ),
                Option(
                    "a scene where little moves",
                    "What does not change is not sent, and causes no operations.",
                    right=True,
                ),
            ),
        ),
    ),
}

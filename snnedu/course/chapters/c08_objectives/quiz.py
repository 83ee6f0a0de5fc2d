"""The quiz of 08 · Objectives."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "08": (
        Question(
            "The push of a loss for one more spike is the same, however many the right class has fired. What will training with it do?",
            (
                Option(
                    "Make the right class fire all the time",
                    "Nothing ever tells it that this is enough.",
                    right=True,
                ),
                Option(
                    "Make all of the classes fall silent",
                    "A push above 0 asks for spikes of the right class.",
                ),
                Option(
                    "Stop as soon as the right class leads",
                    "Then the push would fall with the lead, as that of `ce_count_loss` does.",
                ),
            ),
        ),
        Question(
            "You double the number of steps for the same look. For which loss should hidden spikes stay about the same?",
            (
                Option(
                    "The right class fires at 80 % of steps",
                    "With twice as many steps, a share of them is twice as many spikes.",
                ),
                Option(
                    "The right class fires 8 spikes a look",
                    "The number of spikes is fixed, whatever the clock.",
                    right=True,
                ),
                Option(
                    "Cross entropy at every step of a look",
                    "It asks for a spike at each step, and there are twice as many.",
                ),
            ),
        ),
        Question(
            "A network was trained on its highest membranes. You count its output spikes to decide. What happens?",
            (
                Option(
                    "The answers stay about as good",
                    "The network recognizes digits, but its spikes were in nobody's loss.",
                ),
                Option(
                    "It cannot be done: no spikes",
                    "Its outputs fire a lot, although its loss asks for no spike.",
                ),
                Option(
                    "The answers become clearly worse",
                    "Read a network as its loss does: membranes here.",
                    right=True,
                ),
            ),
        ),
        Question(
            "Which data may choose the margin of an early exit?",
            (
                Option(
                    "Training or validation data",
                    "Then the test says what a new picture will cost.",
                    right=True,
                ),
                Option(
                    "Those test data that are easy",
                    "Whoever chooses on test data reports what was chosen, not what is to come.",
                ),
                Option(
                    "All the test data, but once",
                    "Once is enough to make the reported number too good.",
                ),
            ),
        ),
        Question(
            "In our table the latency network does not answer first. Why?",
            (
                Option(
                    "Its outputs have smaller weights",
                    "All networks began with the same weights, and each learned its own.",
                ),
                Option(
                    "Its loss only compares the times",
                    "The right class should be earlier than others. All may be late.",
                    right=True,
                ),
                Option(
                    "First spikes carry no information",
                    "They do: it recognizes more than nine of ten digits by them.",
                ),
            ),
        ),
        Question(
            "A paper gives each class 50 output neurons and reads better than with one. What do you ask first?",
            (
                Option(
                    "Were the spikes of all neurons counted?",
                    "Worth asking for the energy. It does not explain the accuracy.",
                ),
                Option(
                    "Does one class have fewer neurons than others?",
                    "All have 50. The question is with what one neuron a class was compared.",
                ),
                Option(
                    "Did both networks have as many weights?",
                    "If not, the gain may be that of a larger network. Ask next for another loss.",
                    right=True,
                ),
            ),
        ),
    ),
}

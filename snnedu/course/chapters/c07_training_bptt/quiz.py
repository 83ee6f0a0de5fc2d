"""The quiz of 07 · Training through time."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "07": (
        Question(
            "A weight is used at every step. What is its gradient?",
            (
                Option("The sum over all steps", "Each use is one contribution.", right=True),
                Option("That of the last step", "Earlier uses moved the membrane, too."),
                Option(
                    "The mean over all steps",
                    "The chain rule adds. Only a loss that takes a mean divides.",
                ),
            ),
        ),
        Question(
            "You train on sequences twice as long. What happens to the memory that BPTT takes?",
            (
                Option("Nothing", "Every step's membranes are kept for the backward pass."),
                Option("It doubles", "One set of membranes for each step.", right=True),
                Option(
                    "It grows fourfold",
                    "Each step keeps the same amount, so memory grows linearly.",
                ),
            ),
        ),
        Question(
            "Truncated BPTT cuts a sequence into stretches. What does the network lose?",
            (
                Option(
                    "Its memory: it starts each stretch at rest",
                    "The state is passed on. Only its history is forgotten.",
                ),
                Option("Nothing", "Then the cue of section 5 would have been learned."),
                Option(
                    "Credit for what happened before the stretch",
                    "The state still carries the past forward; but no gradient carries credit back.",
                    right=True,
                ),
            ),
        ),
        Question(
            "A loop raises “Trying to backward through the graph a second time”. What do you do first?",
            (
                Option(
                    "Pass `retain_graph=True`, as the message says",
                    "It only hides the error. Ask first which tensor came from the last batch.",
                ),
                Option(
                    "Look for a state that is carried from one batch into the next",
                    "That is the usual cause. Start each batch at rest, or detach on purpose.",
                    right=True,
                ),
                Option("Lower the learning rate", "It has nothing to do with step size."),
            ),
        ),
    ),
}

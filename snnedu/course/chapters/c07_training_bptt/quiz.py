"""The quiz of 07 · Training through time."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "07": (
        Question(
            "A weight is used at every step. What is its gradient?",
            (
                Option("The mean over steps", "The chain rule adds. Only a loss may take a mean."),
                Option("The sum over steps", "Each use is one contribution.", right=True),
                Option("The last step's part", "Earlier uses moved the membrane, too."),
            ),
        ),
        Question(
            "You train on sequences twice as long. What happens to the memory that BPTT takes?",
            (
                Option(
                    "It stays the same", "Every step's membranes are kept for the backward pass."
                ),
                Option("It is doubled", "One set of membranes is kept for each step.", right=True),
                Option("It is fourfold", "Each step keeps the same amount: memory grows linearly."),
            ),
        ),
        Question(
            "Truncated BPTT cuts a sequence into stretches. What is lost at a cut?",
            (
                Option(
                    "The network's memory of the past",
                    "The state is passed on: the readout of section 5 found the cue in it.",
                ),
                Option(
                    "The credit for what came before",
                    "The state carries the past forward, but no gradient carries credit back.",
                    right=True,
                ),
                Option(
                    "The spikes of the last few steps",
                    "The state is passed on, so the next stretch starts where this one ended.",
                ),
            ),
        ),
        Question(
            "A loop raises “Trying to backward through the graph a second time”. What do you do first?",
            (
                Option(
                    "Pass `retain_graph=True` to `backward`",
                    "Another error follows: the optimizer has changed the weights since. Ask first which tensor came from the last batch.",
                ),
                Option(
                    "Lower the learning rate of the optimizer",
                    "The error has nothing to do with the size of a step.",
                ),
                Option(
                    "Look for a state that crosses batches",
                    "That is the usual cause. Start each batch at rest, or detach on purpose.",
                    right=True,
                ),
            ),
        ),
        Question(
            "`optimizer.zero_grad()` is missing. The loop runs. What does each step follow?",
            (
                Option(
                    "The sum of all gradients so far",
                    "`backward` adds to what is there, batch after batch.",
                    right=True,
                ),
                Option(
                    "The gradient of the first batch",
                    "Later gradients are added to it, not thrown away.",
                ),
                Option(
                    "The gradient of the last batch",
                    "That is what `zero_grad` makes sure of.",
                ),
            ),
        ),
        Question(
            "You go from 10 to 25 steps for the same time, train with `ce_rate_loss`, and spikes double. Why?",
            (
                Option(
                    "A finer clock makes neurons fire more",
                    "With the same weights it hardly does: you measured it.",
                ),
                Option(
                    "The loss asks for a spike at each step",
                    "It counts per step. A loss that asks for 8 spikes in all does not double them.",
                    right=True,
                ),
                Option(
                    "The learning rate is too high for this",
                    "It was the same for both losses, and only one of them doubled the spikes.",
                ),
            ),
        ),
    ),
}

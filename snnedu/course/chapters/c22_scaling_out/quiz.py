"""The quiz of 22 · Scaling out."""

from snnedu.course.exercise import Option, Question

QUESTIONS = {
    "22": (
        Question(
            "Two processes hold 60 and 40 samples of a batch. How do you join their mean gradients?",
            (
                Option(
                    "Add both, and divide by two",
                    "Then each of the 40 samples counts more than each of the 60.",
                ),
                Option(
                    "Weight them 0.6 and 0.4, and add",
                    "Each sample then counts alike, as in one process.",
                    right=True,
                ),
                Option(
                    "Add both, and divide by 100",
                    "They are means already: this divides a second time.",
                ),
            ),
        ),
        Question(
            "A step takes 1 ms, plus 0.02 ms for each sample. Which batch has most to gain from 8 processes?",
            (
                Option(
                    "A batch of 16 samples in all",
                    "Here the fixed millisecond is most of the time, and it does not split.",
                ),
                Option(
                    "A batch of 64 samples in all",
                    "Here about half of the time splits. Another batch gains more.",
                ),
                Option(
                    "A batch of 1,024 samples in all",
                    "Nearly all of its time is spent on samples, and that part splits.",
                    right=True,
                ),
            ),
        ),
        Question(
            "Eight seeds of a sweep return exactly the same accuracy. What is the first thing to check?",
            (
                Option(
                    "Whether the seed is used at all",
                    "Eight equal runs are one run, seen eight times.",
                    right=True,
                ),
                Option(
                    "Whether the workers are too slow", "Slow workers give the same numbers, later."
                ),
                Option(
                    "Whether the grid is much too small",
                    "The grid holds settings. It has nothing to do with seeds.",
                ),
            ),
        ),
        Question(
            "Late in a training in bfloat16, when the updates are small, the network stops learning. What is a likely cause?",
            (
                Option(
                    "The spikes have no gradient in bfloat16",
                    "The surrogate gradient works in every precision.",
                ),
                Option(
                    "A small update is rounded away",
                    "Near 1, bfloat16 has steps of 0.0078: keep the weights in float32.",
                    right=True,
                ),
                Option(
                    "Matrix products are not allowed in it", "They are what bfloat16 is made for."
                ),
            ),
        ),
        Question(
            "Each process of your script gets its own half of the data from a DistributedSampler. What does `fit` do?",
            (
                Option(
                    "It trains on both halves, as intended",
                    "`fit` splits every batch itself. It needs the same batches in all processes.",
                ),
                Option(
                    "It trains twice on the first half only",
                    "It would not train at all: the batches are compared first.",
                ),
                Option(
                    "It refuses, since the batches differ",
                    "Give all data to all processes: `fit` takes the shares.",
                    right=True,
                ),
            ),
        ),
        Question(
            "A network is too large for the memory of one GPU. Which of these does not help?",
            (
                Option(
                    "Data parallel training on more GPUs",
                    "Every process holds the whole network: only the batch is split.",
                    right=True,
                ),
                Option(
                    "Different layers on different GPUs",
                    "This is pipeline parallelism: each holds a part of the network.",
                ),
                Option(
                    "One layer's neurons on several GPUs",
                    "This is tensor parallelism: each holds a part of every matrix.",
                ),
            ),
        ),
    ),
}

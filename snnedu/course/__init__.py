"""What answers a learner: checks, hints, solutions, quizzes, and the memory of what is done."""

"""Grade a class: run the students' answers apart from our solutions, and compare the results.

    snnedu grade FOLDER --roster roster.csv --out grades.csv

`roster`: whose files. `answers`: what is in them. `judge`: one answer's grade. `worker`, `lock`,
`remote`, `wire`: the process that runs an answer, what it gives up, and how we call into it.
`table`: what a teacher gets.
"""

"""`progress()`: what is done, and what is still open."""

from snnedu.course import progress as store
from snnedu.course.exercise import all_exercises
from snnedu.course.note import GREEN, show


def progress() -> None:
    """Show which exercises of the course are done."""
    done = store.solved()
    rows: dict[str, str] = {}
    for each in all_exercises():
        number = each.id.partition(".")[0]
        rows[number] = rows.get(number, "") + ("●" if each.id in done else "○")
    counted = sum(each.id in done for each in all_exercises())
    lines = [f"tutorial {number}  {marks}" for number, marks in rows.items()]
    show("\n".join([f"{counted} of {len(all_exercises())} exercises solved (●)", *lines]), GREEN)

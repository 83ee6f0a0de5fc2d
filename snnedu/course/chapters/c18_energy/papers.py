"""A table as in a paper: comparisons that are made up, most of them unfair."""

TABLE = {
    "Speech":   {"macs": 12000, "zeros": 0.40, "steps": 8, "additions": 9000, "updates": 2500, "claim": 2.82},
    "Gestures": {"macs": 20000, "zeros": 0.50, "steps": 5, "additions": 22000, "updates": 1800, "claim": 1.64},
    "Driving":  {"macs": 9000, "zeros": 0.30, "steps": 10, "additions": 14000, "updates": 1500, "claim": 14.86},
    "Digits":   {"macs": 7400, "zeros": 0.55, "steps": 4, "additions": 6100, "updates": 840, "claim": 2.79},
}  # fmt: skip


def show() -> None:
    """Print the table."""
    print(f"{'':9}", *(f"{name:>10}" for name in TABLE["Speech"]))
    for task, row in TABLE.items():
        print(f"{task:9}", *(f"{value:10,}" for value in row.values()))

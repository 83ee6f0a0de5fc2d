"""How fast is snnedu beside its peers? `python -m benchmarks --help` tells how to measure."""

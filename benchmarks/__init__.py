"""Time and memory of every stage, each beside a reference: ``python -m benchmarks``."""

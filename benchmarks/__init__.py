"""Timings of `dl` beside PyTorch, Keras and plain Flax: `python -m benchmarks`."""

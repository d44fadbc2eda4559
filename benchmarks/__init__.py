"""Compare the speed of `dl`, PyTorch, Keras and plain Flax: `python -m benchmarks`."""

"""How time and memory grow with the size of a training: `python -m benchmarks.growth`."""

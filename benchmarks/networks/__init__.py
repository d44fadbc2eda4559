"""Networks that several benchmarks train, in every system."""

"""The benchmarks: a file holds one benchmark in all systems."""

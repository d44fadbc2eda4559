"""Data sets: sources of examples, readers, and batches as a function of (seed, epoch, step)."""

"""Sources of examples, and batches as a pure function of (seed, epoch, step)."""

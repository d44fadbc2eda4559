"""Training: options, state, step, layout over devices, and the loop."""

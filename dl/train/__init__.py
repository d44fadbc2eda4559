"""State, step, parallel forms of the step, loop, and `fit`."""

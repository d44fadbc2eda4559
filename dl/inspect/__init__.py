"""What a reader wants to know of a model."""

"""One module per experiment. `python -m experiments list` shows them."""

"""One module an experiment. `python -m experiments list` shows them."""

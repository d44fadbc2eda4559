"""Runs whose parameters are split over devices: the runner, resuming, and everything that reads."""

WORDS = "mlp_digits --hidden-size 256 --epochs 2 --batch-size 64 --parallel fsdp --quiet"

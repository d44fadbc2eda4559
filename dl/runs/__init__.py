"""Runs on disk: start, resume and load them; their folders, records and checkpoints."""

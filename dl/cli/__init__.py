"""The command line. Nothing here imports JAX before a verb needs it."""

from dl.cli.app import main

__all__ = ["main"]

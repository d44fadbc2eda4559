"""Run a Python module in a new process."""

import os
import subprocess
import sys
from pathlib import Path

from dl.errors import RunError


def run_module(module: str, *words: str) -> str:
    """The standard output of `python -m module WORDS`.

    Raises:
        RunError: when it fails, with the last line of its standard error.
    """
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment())
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}, nothing said"]
        raise RunError(said[-1])
    return done.stdout


def environment(**changed: str) -> dict[str, str]:
    """This process's environment, with this project on the path."""
    project = str(Path(__file__).resolve().parents[1])
    paths = [project, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **changed}

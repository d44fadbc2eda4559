"""Run a Python module in a new process."""

import os
import subprocess
import sys
import time
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


def seconds_to_done(module: str, *words: str, **settings: str) -> float:
    """Seconds until `python -m module WORDS` prints "done"; its exit is not timed.

    Raises:
        RunError: when it prints something else, with the last line of its standard error.
    """
    start, pipe = time.perf_counter(), subprocess.PIPE
    command = [sys.executable, "-m", module, *words]
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, env=environment(**settings)
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.readline()
        seconds = time.perf_counter() - start
        complaints = process.stderr.read().strip().splitlines()
    if said.strip() != "done":
        raise RunError(complaints[-1] if complaints else f"{module} ended before it was done")
    return seconds


UNCACHED = {"JAX_ENABLE_COMPILATION_CACHE": "false"}
"""Settings with which JAX keeps no compiled program."""


def cached_in(folder: str) -> dict[str, str]:
    """Settings with which JAX keeps every compiled program in `folder`."""
    return {
        "JAX_ENABLE_COMPILATION_CACHE": "true",
        "JAX_COMPILATION_CACHE_DIR": folder,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }


def environment(**changed: str) -> dict[str, str]:
    """This process's environment, with this project on the path."""
    project = str(Path(__file__).resolve().parents[1])
    paths = [project, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **changed}

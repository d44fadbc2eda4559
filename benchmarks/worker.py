"""Measure one benchmark on one system: `python -m benchmarks.worker NAME SYSTEM [--quick]`.

Prints one JSON line, {"value", "note"}. With `--turns` it reads a number of seconds from each line
of its standard input, measures for so long and prints such a line, which also says with "done"
whether it has no other turn to make. `python -m benchmarks.worker --machine` describes the machine
instead.
"""

import argparse
import json
import os
import sys
from importlib.util import find_spec
from shutil import which
from typing import Any

from benchmarks.catalog import load_benchmarks
from benchmarks.measure import Measurement, in_unit, measure, median_seconds


def main() -> None:
    """Measure what the command line names, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker")
    parser.add_argument("name", nargs="?")
    parser.add_argument("system", nargs="?")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--turns", action="store_true")
    parser.add_argument("--machine", action="store_true")
    asked = parser.parse_args()
    if asked.turns:
        take_turns(asked.name, asked.system)
        return
    answer = (
        describe_machine()
        if asked.machine
        else measure_one(asked.name, asked.system, quick=asked.quick)
    )
    print(json.dumps(answer))


def measure_one(name: str, system: str, *, quick: bool) -> dict[str, Any]:
    """The value of benchmark `name` on `system`, measured in this process."""
    benchmark = load_benchmarks()[name]
    set_up(system)
    work = benchmark.systems[system](quick)
    result = work if isinstance(work, Measurement) else measure(work, benchmark.unit, quick=quick)
    return {"value": result.value, "note": result.note}


def take_turns(name: str, system: str) -> None:
    """Measure benchmark `name` on `system` for as many seconds as each line of the input says."""
    benchmark = load_benchmarks()[name]
    set_up(system)
    work = benchmark.systems[system](False)
    if isinstance(work, Measurement):
        _answer(work, done=True)
        return
    work.run()
    for line in sys.stdin:
        seconds = median_seconds(work.run, least=1, seconds=float(line))
        value = in_unit(seconds, work.amount, benchmark.unit)
        _answer(Measurement(value, work.note), done=False)


def _answer(result: Measurement, *, done: bool) -> None:
    print(json.dumps({"value": result.value, "note": result.note, "done": done}), flush=True)


def set_up(system: str) -> None:
    """Make the settings that `system` needs before it is imported."""
    if system.startswith("dl"):
        set_up_dl()
    elif system.startswith("keras"):
        os.environ["KERAS_BACKEND"] = "jax"


def set_up_dl() -> None:
    """Make the settings of the runner, before JAX looks for devices."""
    from dl.cli.machine import set_up_machine

    set_up_machine(0)


def describe_machine() -> dict[str, Any]:
    """The device in words, whether PyTorch sees a CUDA device, and a C++ compiler for a CPU."""
    from dl.runs.manifest import device_name

    cuda = False
    if find_spec("torch"):
        import torch

        cuda = torch.cuda.is_available()
    compiler = any(map(which, filter(None, [os.environ.get("CXX"), "g++", "clang++"])))
    return {"device": device_name(), "cuda": cuda, "compiler": compiler}


if __name__ == "__main__":
    main()

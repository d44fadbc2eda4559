"""Measure one size of one axis in this process: `python -m benchmarks.growth.point AXIS SIZE`.

Prints one JSON line: seconds of a step or an epoch, bytes of a compiled call as XLA counts them,
and the resident memory above that after imports, at its peak.
"""

import json
import sys
from typing import Any

from benchmarks.growth.axes import AXES, Axis
from benchmarks.measure import median_seconds, memory_above_now
from benchmarks.systems import on_dl


def measure_point(axis: Axis, size: int, *, quick: bool = False) -> dict[str, float]:
    """Time and memory of the training at this size."""
    found: dict[str, float] = {}
    found["peak_mib"] = memory_above_now(lambda: found.update(_train(axis, size, quick=quick)))
    return found


def _train(axis: Axis, size: int, *, quick: bool) -> dict[str, float]:
    epoch = on_dl.make_epoch(*axis.make(size))
    epoch.run()
    seconds = median_seconds(epoch.run, least=1 if quick else 5, seconds=0.0 if quick else 1.0)
    steps = epoch.compiled.plan.total_steps if axis.each == "step" else 1
    return {"seconds": seconds / steps, "call_mib": call_bytes(epoch.compiled) / 2**20}


def call_bytes(compiled: Any) -> int:
    """Arguments, results and temporaries of a compiled call on all devices.

    What is donated counts once, as an argument.
    """
    memory = compiled.memory()
    whole = memory.argument_size_in_bytes + memory.output_size_in_bytes
    each = whole + memory.temp_size_in_bytes - memory.alias_size_in_bytes
    return each * len(compiled.layout.devices)


def main(name: str, size: str, *words: str) -> None:
    from dl.cli.machine import set_up_machine

    axis = AXES[name]
    set_up_machine(axis.devices(int(size)))
    import dl.train.compiled
    import dl.train.loop  # noqa: F401

    print(json.dumps(measure_point(axis, int(size), quick="--quick" in words)))


if __name__ == "__main__":
    main(*sys.argv[1:])

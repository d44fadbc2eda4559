"""Bytes on each device of a training of 60 million parameters: the table of reliability.md.

    python tests/faults/bytes_on_devices.py

An MLP (784-7360-7360-2, Adam) is laid out on one device by jit and on 2, 4 and 8 by fsdp. For each
it prints the bytes of parameters and optimizer state on a device, as the arrays of the first state
tell them, and the bytes of arguments and temporaries of the compiled step on a device. The devices
of a CPU share one memory: of the process it prints what the state of all of them takes.
"""

import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LAYOUTS = (("jit", 1), ("fsdp", 2), ("fsdp", 4), ("fsdp", 8))


def compiled(mode: str, devices: int) -> Any:
    """The compiled training in this layout, on pictures of zeros."""
    import dl
    from dl.train.compiled import compile_recipe
    from dl.train.layout import make_layout

    data = dl.make_dataset(np.eye(1024, 784), np.arange(1024) % 2, validation=0.0)
    model = dl.models.mlp(2, hidden_sizes=(7360, 7360))
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.adam(1e-3))
    layout = make_layout(mode, devices=devices, batch_size=128)
    options: Any = {"parallel": mode, "devices": devices, "steps_per_call": 1, "validation": 0.0}
    return compile_recipe(recipe, data, dl.TrainOptions(batch_size=128, **options), layout)


def bytes_of_state(training: Any) -> int:
    """The bytes of parameters and optimizer state on the device that has most of them."""
    counts: dict[int, int] = {}
    for leaf in jax.tree.leaves((training.state.params, training.state.opt_state)):
        for shard in leaf.addressable_shards:
            counts[shard.device.id] = counts.get(shard.device.id, 0) + shard.data.nbytes
    return max(counts.values())


def resident() -> int:
    """Bytes of this process in memory."""
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line
    )
    return int(line.split()[1]) * 1024


def main() -> None:
    """Print a row for each layout."""
    jax.config.update("jax_num_cpu_devices", 8)
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    print("| layout | state | arguments | temporaries | process |\n|---|---|---|---|---|")
    for mode, devices in LAYOUTS:
        training = compiled(mode, devices)
        before = resident()
        state = jax.block_until_ready(training.start(None))
        of_process, needs = resident() - before, training.memory()
        numbers = (
            bytes_of_state(state),
            needs.argument_size_in_bytes,
            needs.temp_size_in_bytes,
            of_process,
        )
        row = " | ".join(f"{number / 2**20:.0f} MiB" for number in numbers)
        print(f"| {mode} on {devices} | {row} |", flush=True)
        del state


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()

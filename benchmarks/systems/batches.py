"""Batches without a net: every example is read, brought to the device, normalised, and summed.

The sum stands for the net, so that no system can leave work out.
"""

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measure import Workload
from benchmarks.systems import on_torch

if TYPE_CHECKING:
    from dl.data.dataset import Dataset

CENTRE, SPREAD = 127.5, 73.6  # of bytes that are all as frequent


def dl_workload(data: "Dataset", *, batch_size: int, per_call: int = 20) -> Workload:
    """An epoch of the training part, in calls of several steps where it is in memory."""
    import jax
    import jax.numpy as jnp

    from dl.data.gather import make_gather
    from dl.data.sources.batching import steps_per_epoch

    source, gather = data.train, make_gather(data.train, data.spec)
    steps = steps_per_epoch(len(source), batch_size)
    resident = jax.device_put(source.resident()[0])
    each = per_call if source.in_memory else 1

    @jax.jit
    def total(resident: Any, call: Any) -> Any:
        def add(sum_: Any, row: Any) -> tuple[Any, None]:
            batch = gather(resident, row)
            return sum_ + sum(jnp.sum(batch[name]) for name in ("inputs", "targets")), None

        return jax.lax.scan(add, jnp.float32(0), call)[0]

    calls = source.train_calls(seed=0, batch_size=batch_size, total_steps=steps)

    def run() -> None:
        sums = [
            total(resident, jax.device_put(call))
            for start in range(0, steps // each * each, each)
            for _, call in calls(start, start + each)
        ]
        jax.block_until_ready(sums)

    return Workload(run, steps // each * each * batch_size)


def torch_workload(examples: Any, *, batch_size: int, workers: int | None = None) -> Workload:
    """An epoch of `DataLoader` in random order; by default it has a process for each core."""
    from torch.utils.data import DataLoader

    device = on_torch.set_up()
    count = (os.cpu_count() or 1) if workers is None else workers
    loader = DataLoader(
        examples,
        batch_size=batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=count,
        persistent_workers=count > 0,
    )
    return Workload(lambda: _sum_all(loader, device), len(loader) * batch_size, f"{count} workers")


def reading_workload(read: Callable[[], Any], amount: float) -> Workload:
    """Reading `amount` examples into memory."""
    return Workload(read, amount, "into memory")


def _sum_all(batches: Iterable, device: Any) -> float:
    total = 0.0
    for pictures, labels in batches:
        pictures = (pictures.to(device).float() - CENTRE) / SPREAD
        total += pictures.sum() + labels.to(device).sum()
    return float(total)


def smooth_pictures(count: int, side: int) -> np.ndarray:
    """Pictures uint8 [count, side, side, 3] with large spots, which JPEG keeps small as photos."""
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (count, 8, 8, 3)).astype(np.float32)
    fine = coarse.repeat(side // 8, axis=1).repeat(side // 8, axis=2)
    return np.clip(fine + generator.normal(0, 8, fine.shape), 0, 255).astype(np.uint8)

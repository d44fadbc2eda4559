"""ResNet-50 in bfloat16 on 224×224×3, one training step on a batch of 128; for accelerators.

Cross-entropy, momentum 0.9 at rate 0.1. `dl` takes the faster of a Python loop and a compiled one.
`--quick` takes two pictures of 64×64, which a CPU can do.
"""

from pathlib import Path
from typing import Any

from benchmarks.measure import Workload
from benchmarks.networks import resnet50
from benchmarks.pictures import make_batch
from benchmarks.systems import on_dl, on_torch

UNIT = "examples/s"
_DEVICES = ("/dev/nvidia0", "/dev/kfd", "/dev/accel0", "/dev/vfio/0")


def unavailable(quick: bool) -> str | None:
    """Why this cannot run here."""
    if quick or any(Path(device).exists() for device in _DEVICES):
        return None
    return "it needs a GPU or a TPU; --quick runs a small version"


def with_dl(quick: bool) -> Workload:
    return on_dl.steps_workload(resnet50.dl_recipe(), **_work(quick))


def with_torch(quick: bool) -> Workload:
    return on_torch.steps_workload(
        resnet50.torch_network(), resnet50.torch_optimizer, **_work(quick)
    )


def with_torch_compile(quick: bool) -> Workload:
    return on_torch.steps_workload(
        resnet50.torch_network(), resnet50.torch_optimizer, **_work(quick), compiled=True
    )


SYSTEMS = {"dl": with_dl, "torch": with_torch, "torch.compile": with_torch_compile}


def _work(quick: bool) -> dict[str, Any]:
    inputs, targets = make_batch(2, (64, 64, 3)) if quick else make_batch(128, (224, 224, 3))
    return {"inputs": inputs, "targets": targets, "steps": 1 if quick else 10}

"""The experiment lenet_mnist_fast from start to finish, a process for each system.

The recipe: ten epochs of 468 steps of 128, Nesterov momentum 0.9, one-cycle rate with peak 0.1,
dropout 0.3, pictures turned by up to 12°, zoomed by up to 12 % and shifted by up to 2 pixels,
except in the last epoch. PyTorch's momentum applies the rate after accumulation and not before.
Both read MNIST through `dl.load_data`.
"""

import json
import math
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import Measurement
from benchmarks.networks import lenet
from benchmarks.processes import run_module
from benchmarks.systems import on_torch

UNIT = "s"
EPOCHS, BATCH, PEAK, MOMENTUM, DROPOUT = 10, 128, 0.1, 0.9, 0.3
DEGREES, ZOOM, SHIFT, PLAIN_EPOCHS = 12.0, 0.12, 2.0, 1
QUICK_EPOCHS, QUICK_EXAMPLES = 2, 2_560


def unavailable(quick: bool) -> str | None:
    """Why this cannot run here."""
    folder = os.environ.get("TFDS_DATA_DIR")
    if folder and (Path(folder) / "mnist").is_dir():
        return None
    return (
        "TFDS_DATA_DIR names no folder with mnist; python -m experiments data prepare mnist makes "
        "one"
    )


def with_dl(quick: bool) -> Measurement:
    small = (
        ["--epochs", str(QUICK_EPOCHS), "--train-examples", str(QUICK_EXAMPLES)] if quick else []
    )
    with tempfile.TemporaryDirectory() as folder:
        run_dir, start = Path(folder) / "run", time.perf_counter()
        run_module(
            "experiments", "run", "lenet_mnist_fast", "--run-dir", str(run_dir), "--quiet", *small
        )
        seconds = time.perf_counter() - start
        result = json.loads((run_dir / "result.json").read_text(encoding="utf-8"))
    return Measurement(seconds, f"test accuracy {result['metrics']['test']['accuracy']:.4f}")


def with_torch(quick: bool) -> Measurement:
    small = [str(QUICK_EPOCHS), str(QUICK_EXAMPLES)] if quick else []
    start = time.perf_counter()
    said = run_module("benchmarks.cases.lenet_mnist_fast", *small)
    return Measurement(time.perf_counter() - start, f"test accuracy {float(said.split()[-1]):.4f}")


SYSTEMS = {"dl": with_dl, "torch": with_torch}


def train_in_torch(epochs: int = EPOCHS, examples: int | None = None) -> float:
    """The recipe in PyTorch; returns the accuracy on the test set."""
    import torch

    from dl import load_data

    device = on_torch.set_up()
    data = load_data("mnist")
    pictures, labels = on_torch.to_tensors(
        data.train.inputs[:examples], data.train.targets[:examples], device
    )
    network = torch_network().to(device)
    steps = len(pictures) // BATCH
    step = on_torch.make_step(network, lambda params: _scheduled(params, epochs * steps))
    for epoch in range(epochs):
        order = torch.randperm(len(pictures), device=device)[: steps * BATCH]
        for index in order.split(BATCH):
            batch = _normalised(pictures[index], data.spec)
            step(augmented(batch) if epoch < epochs - PLAIN_EPOCHS else batch, labels[index])
    return _accuracy(
        network, *on_torch.to_tensors(data.test.inputs, data.test.targets, device), data.spec
    )


def torch_network() -> Any:
    """LeNet with dropout before both dense layers."""
    from torch import nn

    layers = list(lenet.torch_network())
    return nn.Sequential(
        *layers[:7], nn.Dropout(DROPOUT), *layers[7:9], nn.Dropout(DROPOUT), *layers[9:]
    )


def one_cycle(step: int, steps: int) -> float:
    """The factor on the rate that `dl.optimizers.one_cycle` has at `step` of `steps`."""
    top = max(1.0, 0.3 * steps)
    if step < top:
        return 0.04 + 0.96 * (0.5 - 0.5 * math.cos(math.pi * step / top))
    part = min(1.0, (step - top) / max(1.0, steps - top))
    return 1e-4 + (1.0 - 1e-4) * (0.5 + 0.5 * math.cos(math.pi * part))


def augmented(pictures: Any) -> Any:
    """Pictures [B, 1, H, W], each turned, zoomed and shifted at random, with its edge repeated."""
    import torch
    from torch.nn.functional import affine_grid, grid_sample

    drawn = torch.rand(len(pictures), 4, device=pictures.device) * 2 - 1
    angle, scale = torch.deg2rad(drawn[:, 0] * DEGREES), 1 / (1 + drawn[:, 1] * ZOOM)
    cos, sin = angle.cos() * scale, angle.sin() * scale
    turn = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], 1)
    # A picture is 2 wide in the grid's coordinates.
    shift = drawn[:, 2:, None] * SHIFT * 2 / pictures.shape[-1]
    grid = affine_grid(
        torch.cat([turn, -turn @ shift], 2), list(pictures.shape), align_corners=False
    )
    return grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def _scheduled(params: Any, steps: int) -> Any:
    """Nesterov momentum whose rate moves on with every step."""
    import torch

    descent = torch.optim.SGD(params, lr=PEAK, momentum=MOMENTUM, nesterov=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(descent, lambda step: one_cycle(step, steps))
    descent.register_step_post_hook(lambda *_: schedule.step())
    return descent


def _normalised(pictures: Any, spec: Any) -> Any:
    return (pictures.float() / 255.0 - spec.mean[0]) / spec.std[0]


def _accuracy(network: Any, pictures: Any, labels: Any, spec: Any) -> float:
    import torch

    network.eval()
    with torch.no_grad():
        parts = zip(pictures.split(1000), labels.split(1000), strict=True)
        right = sum(
            int((network(_normalised(some, spec)).argmax(1) == wanted).sum())
            for some, wanted in parts
        )
    return right / len(labels)


if __name__ == "__main__":
    print(train_in_torch(*map(int, sys.argv[1:])))

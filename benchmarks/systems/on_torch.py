"""Training in PyTorch, eager or with `torch.compile`, on all cores or the CUDA device."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Workload

Optimizer = Callable[[Any], Any]
"""Parameters -> a torch optimizer."""


def set_up() -> Any:
    """All cores, and the device to compute on."""
    import os

    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    if not torch.cuda.is_available():
        return torch.device("cpu")
    torch.set_float32_matmul_precision("high")  # TF32, as JAX multiplies on a GPU by default
    return torch.device("cuda")


def synchronize() -> None:
    """Wait for the device: on CUDA, calls return before the work is done."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def steps_workload(
    network: Any,
    optimizer: Optimizer,
    inputs: np.ndarray,
    targets: np.ndarray,
    *,
    steps: int,
    compiled: bool = False,
) -> Workload:
    """`steps` training steps on one resident batch."""
    device = set_up()
    step = make_step(network.to(device), optimizer, compiled=compiled)
    batch = to_tensors(inputs, targets, device)

    def run() -> None:
        for _ in range(steps):
            step(*batch)
        synchronize()

    return Workload(run, steps * len(inputs))


def epoch_workload(
    network: Any, optimizer: Optimizer, pictures: np.ndarray, labels: np.ndarray, *, batch_size: int
) -> Workload:
    """One epoch in random order: batches gathered from resident bytes, each normalised."""
    import torch

    device = set_up()
    step = make_step(network.to(device), optimizer)
    mean, std = float((pictures / 255.0).mean()), float((pictures / 255.0).std())
    everything, targets = to_tensors(pictures, labels, device)
    steps = len(pictures) // batch_size

    def run() -> None:
        total = torch.zeros((), device=device)
        for index in torch.randperm(len(pictures), device=device)[: steps * batch_size].split(
            batch_size
        ):
            total += step((everything[index].float() / 255.0 - mean) / std, targets[index])
        synchronize()

    return Workload(run, steps * batch_size)


def to_tensors(inputs: np.ndarray, targets: np.ndarray, device: Any) -> tuple[Any, Any]:
    """Tensors: pictures [B, H, W, C] become [B, C, H, W], and targets become int64."""
    import torch

    if inputs.ndim == 4:
        inputs = np.ascontiguousarray(inputs.transpose(0, 3, 1, 2))
    return torch.from_numpy(inputs).to(device), torch.from_numpy(targets).long().to(device)


def make_step(network: Any, optimizer: Optimizer, *, compiled: bool = False) -> Callable:
    """`step(inputs, targets) -> loss`: cross-entropy, the gradient, one update."""
    import torch
    from torch.nn.functional import cross_entropy

    descent = optimizer(network.parameters())
    forward = torch.compile(network) if compiled else network

    def step(inputs: Any, targets: Any) -> Any:
        descent.zero_grad()
        outputs = forward(inputs)
        loss = cross_entropy(outputs.flatten(0, -2), targets.flatten())
        loss.backward()
        descent.step()
        return loss.detach()

    return step


def lecun_normal(network: Any) -> Any:
    """The network with weights of variance 1/fan-in and biases 0, as the other systems begin."""
    from torch import nn

    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.normal_(layer.weight, std=layer.weight[0].numel() ** -0.5)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network

"""Pictures of a prepared TFDS set (MNIST): an epoch of shuffled batches of 128; no net.

"dl" and PyTorch's `DataLoader` have the pictures in memory, the first on the device. "dl streamed"
decodes random parts of them while they are used; "dl reading" decodes all of them into memory.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.cases.lenet_mnist_fast import unavailable  # noqa: F401
from benchmarks.measure import Workload
from benchmarks.systems import batches

UNIT = "pictures/s"
NAME, BATCH, FEW = "mnist", 128, 2_560


def with_dl(quick: bool) -> Workload:
    return batches.dl_workload(_few(_load(), quick), batch_size=BATCH)


def with_dl_streamed(quick: bool) -> Workload:
    return batches.dl_workload(_few(_load(random_crops=True), quick), batch_size=BATCH)


def with_dl_reading(quick: bool) -> Workload:
    data = _load()
    return batches.reading_workload(_load, len(data.train) + len(data.test))


def with_torch(quick: bool) -> Workload:
    return batches.torch_workload(_tensors(quick), batch_size=BATCH)


def with_torch_alone(quick: bool) -> Workload:
    return batches.torch_workload(_tensors(quick), batch_size=BATCH, workers=0)


SYSTEMS = {
    "dl": with_dl,
    "dl streamed": with_dl_streamed,
    "dl reading": with_dl_reading,
    "torch": with_torch,
    "torch without workers": with_torch_alone,
}


def _load(**options: Any) -> Any:
    import dl

    return dl.load_data(NAME, **options)


def _few(data: Any, quick: bool) -> Any:
    if not quick:
        return data
    few = data.train.take(np.arange(FEW))
    return replace(data, spec=replace(data.spec, train_size=FEW), train=few)


def _tensors(quick: bool) -> Any:
    import torch
    from torch.utils.data import TensorDataset

    train = _few(_load(), quick).train
    return TensorDataset(torch.from_numpy(train.inputs), torch.from_numpy(train.targets))

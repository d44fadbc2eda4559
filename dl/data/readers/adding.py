"""The adding problem: remember two marked numbers among many, and add them.

Source: Hochreiter & Schmidhuber 1997.
"""

import numpy as np

from dl.data.dataset import MEMORY_LIMIT, Dataset
from dl.data.parts import dataset_of_parts
from dl.data.sources.arrays import ArraySource
from dl.errors import InputError

TRAIN, TEST = 50_000, 2_000
_SEED = 0
_BYTES_A_STEP = 8


def load_adding(steps: str | int, *, validation: float = 0.0) -> Dataset:
    """Sequences of pairs (number in [0, 1], mark 0 or 1); the target is the sum of marked numbers.

    Inputs are float32 [N, T, 2], targets [N, 1]; each half of a sequence has one mark. The answer 1
    for every sequence has a squared error of 1/6. Uniform numbers in [0, 1] are the form of Le et
    al. 2015, arXiv:1504.00941.

    Raises:
        InputError: unless `steps` is a whole number from 2 up to what fits in memory.

    >>> data = load_adding(4)
    >>> inputs, targets = data.train.inputs[0], data.train.targets[0]
    >>> bool(np.isclose((inputs[:, 0] * inputs[:, 1]).sum(), targets[0])), int(inputs[:, 1].sum())
    (True, 2)
    """
    length = int(steps) if str(steps).isdecimal() and len(str(steps)) < 10 else 0
    most = MEMORY_LIMIT // ((TRAIN + TEST) * _BYTES_A_STEP)
    if not 2 <= length <= most:
        raise InputError(f"adding:{steps} is no length: give 2 to {most} steps, such as adding:400")
    train, test = (_draw(length, count, part) for part, count in enumerate((TRAIN, TEST)))
    name = f"adding:{steps}"
    return dataset_of_parts(
        name, train, test, class_names=("sum",), task="regression", validation=validation
    )


def _draw(steps: int, count: int, part: int) -> ArraySource:
    generator = np.random.Generator(np.random.Philox(key=np.array([_SEED, part], np.uint64)))
    numbers = generator.random((count, steps), np.float32)
    marks = np.zeros((count, steps), np.float32)
    rows = np.arange(count)
    marks[rows, generator.integers(0, steps // 2, count)] = 1.0
    marks[rows, generator.integers(steps // 2, steps, count)] = 1.0
    sums = (numbers * marks).sum(axis=1, keepdims=True)
    return ArraySource(np.stack([numbers, marks], axis=-1), sums)

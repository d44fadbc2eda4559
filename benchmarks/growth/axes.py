"""The sizes that grow, and the training that is measured at each; all else stays the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.networks import lenet, mlp
from benchmarks.pictures import make_pictures
from benchmarks.systems import on_dl

if TYPE_CHECKING:
    from dl import Recipe, TrainOptions
    from dl.data.dataset import Dataset

STEPS = 20
"""Steps of an epoch on the axes whose steps are timed: the epoch's own cost is divided by them."""

Training = tuple["Recipe", "Dataset", "TrainOptions"]


@dataclass(frozen=True)
class Axis:
    """One size. `make(size)` is an epoch; its time is divided by its steps, or not."""

    about: str
    sizes: Sequence[int]
    make: Callable[[int], Training]
    each: str = "step"
    expected: float = 1.0
    devices: Callable[[int], int] = lambda size: 0
    """How many CPU devices the process makes; 0 is one for each core."""


def _batch(size: int) -> Training:
    return lenet.dl_recipe(), _pictures(STEPS * size), _options(batch_size=size)


def _length(size: int) -> Training:
    from dl import Recipe, models, objectives, optimizers
    from dl.data.readers.streams import stream_of_text
    from dl.data.text.reading import Reading

    rows, symbols = 16, 64
    numbers = np.random.default_rng(0).integers(
        0, symbols, (STEPS * rows + 2) * size, dtype=np.uint8
    )
    text = (numbers + ord("!")).tobytes().decode("ascii")
    data = stream_of_text("generated", text, None, text[: 2 * size], reading=Reading(segment=size))
    model = models.language_model("lstm", symbols + 1, hidden_size=128)
    recipe = Recipe(model, objectives.next_symbol(model), optimizers.adam(1e-3))
    return recipe, data, _options(batch_size=rows)


def _examples(size: int) -> Training:
    return mlp.dl_recipe(), _pictures(size), _options()


def _members(size: int) -> Training:
    return mlp.dl_recipe(), _pictures(STEPS * 128), _options(members=size)


def _devices(size: int) -> Training:
    parallel = "pmap" if size > 1 else "jit"
    return lenet.dl_recipe(), _pictures(STEPS * 256), _options(256, devices=size, parallel=parallel)


AXES = {
    "batch": Axis("LeNet, examples of a batch", [8 * 2**n for n in range(8)], _batch),
    "length": Axis(
        "an LSTM of 128 units on a stream, 16 rows, symbols of a segment",
        [16 * 2**n for n in range(8)],
        _length,
    ),
    "examples": Axis(
        "a perceptron 784-128-10, batches of 128, examples of an epoch",
        [1_280 * 2**n for n in range(8)],
        _examples,
        each="epoch",
    ),
    "members": Axis(
        "perceptrons 784-128-10 in one program, batches of 128, members",
        [2**n for n in range(8)],
        _members,
    ),
    "devices": Axis(
        "LeNet, batches of 256, CPU devices that share the cores of the machine",
        [1, 2, 4, 8],
        _devices,
        expected=0.0,
        devices=lambda size: size,
    ),
}


def _pictures(count: int) -> "Dataset":
    return on_dl.as_data(*make_pictures(count))


def _options(batch_size: int = 128, **more) -> "TrainOptions":
    from dl import TrainOptions

    return TrainOptions(epochs=1, batch_size=batch_size, validation=0.0, **more)

"""The checks that models share: of outputs, pictures, stages, and lengths."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from dl.errors import InputError
from dl.types import Array, Ragged


def check_outputs(outputs: int) -> None:
    """Raises InputError unless `outputs`, of classes or others, is a whole number from 1 on.

    >>> check_outputs(0)
    Traceback (most recent call last):
    dl.errors.InputError: a model has 1 output or more, not 0: give it the number of classes
    """
    if not isinstance(outputs, Integral) or outputs < 1:
        raise InputError(
            f"a model has 1 output or more, not {outputs!r}: give it the number of classes"
        )


def check_sizes(sizes: Any, *, name: str) -> None:
    """Raises InputError unless `sizes` is a sequence of whole numbers from 1 on.

    >>> check_sizes(4, name="hidden_sizes")
    Traceback (most recent call last):
    dl.errors.InputError: hidden_sizes is 4: give the units of each layer, such as (128, 64)
    """
    each = sizes if isinstance(sizes, Sequence) else (None,)
    if not all(isinstance(size, Integral) and int(size) >= 1 for size in each):
        raise InputError(f"{name} is {sizes!r}: give the units of each layer, such as (128, 64)")


def check_side(
    inputs: Array, *, smallest: int, model: str, advice: str = "enlarge or reshape them"
) -> None:
    """Raises InputError unless `inputs` are pictures [B, H, W, C], H and W at least `smallest`.

    >>> check_side(jnp.ones((1, 8, 32, 3)), smallest=16, model="VGG")
    Traceback (most recent call last):
    dl.errors.InputError: VGG takes pictures of at least 16×16 (H×W×C), these are 8×32×3: ...
    """
    if inputs.ndim != 4 or min(inputs.shape[1:3]) < smallest or inputs.shape[3] < 1:
        fits = f"{smallest}×{smallest} (H×W×C)"
        flat = inputs.ndim == 3 and min(inputs.shape[1:]) >= smallest
        advice = "give them a channel axis, x[..., None]" if flat else advice
        raise InputError(
            f"{model} takes pictures of at least {fits}, these are {shown(inputs)}: {advice}"
        )


def check_stages(features: Sequence[int], stages: int, *, model: str) -> None:
    """Raises InputError unless `features` has a number of channels for each of the `stages`.

    >>> check_stages((64, 128), 4, model="ResNet")
    Traceback (most recent call last):
    dl.errors.InputError: ResNet has 4 stages and features (64, 128) are for 2: give a number of ...
    """
    if len(features) != stages:
        given = f"features {tuple(features)} are for {len(features)}"
        raise InputError(
            f"{model} has {stages} stages and {given}: give a number of channels for each"
        )


def check_one_shape(inputs: Array | Ragged, *, model: str) -> None:
    """Raises InputError for sequences of several lengths.

    >>> check_one_shape(Ragged(jnp.ones((1, 5)), jnp.array([3])), model="MLP")
    Traceback (most recent call last):
    dl.errors.InputError: MLP takes inputs of one shape, these are sequences of several lengths: ...
    """
    if isinstance(inputs, Ragged):
        raise InputError(
            f"{model} takes inputs of one shape, these are sequences of several lengths: "
            f"choose a recurrent model"
        )


def shown(inputs: Array) -> str:
    """The shape of one example, as people write it.

    >>> shown(jnp.ones((1, 28, 28, 1)))
    '28×28×1'
    """
    return "×".join(map(str, inputs.shape[1:]))

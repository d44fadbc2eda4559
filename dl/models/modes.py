"""Training or evaluation: the argument by which the call of a module learns which of the two."""

import inspect
from typing import Any

_IN_TRAINING = {"train": True, "training": True, "is_training": True, "deterministic": False}
"""The names that modules give to this argument, and its value in training."""


def mode(module: Any, *, train: bool) -> dict[str, Any]:
    """The keyword argument that tells `module` whether it is in training; empty if it takes none.

    >>> from flax import linen as nn
    >>> mode(nn.Dropout(0.5), train=True), mode(nn.Dense(3), train=True)
    ({'deterministic': False}, {})
    """
    parameters = inspect.signature(type(module).__call__).parameters
    for name, in_training in _IN_TRAINING.items():
        if name in parameters:
            return {name: in_training if train else not in_training}
    return {}

"""Augmentations that change what is to be predicted, and not the inputs alone."""

from typing import Protocol, runtime_checkable

from dl.types import Array


@runtime_checkable
class AugmentWithTargets(Protocol):
    """An augmentation that is called as every other one and has `targets` beside it.

    Both get the same keys, so that inputs and targets change alike.
    """

    def __call__(self, keys: Array, inputs: Array, step: Array, /) -> Array:
        """The changed inputs [B, ...], with a key for each example."""
        ...

    def targets(self, keys: Array, targets: Array, step: Array, /) -> Array:
        """The changed targets [B, ...]."""
        ...

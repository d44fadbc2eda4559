"""Augmentation of what an encoder-decoder reads: pictures that belong to texts."""

from typing import Any

from dl.errors import InputError
from dl.types import Array, Augment, Pair


def on_source(augment: Augment) -> Augment:
    """`augment` for the `source` of a `Pair`; the symbols before the targets stay as they are.

    Pictures [B, H, W, C] with captions are changed as pictures without are. Changes that make a
    caption wrong, such as a mirror image where it says "left of", are the caller's to avoid.

    Raises:
        InputError: when it is applied, for inputs that are no pair.

    >>> import jax, jax.numpy as jnp
    >>> double = lambda keys, pictures, step: 2 * pictures
    >>> keys, step = jax.random.split(jax.random.key(0), 1), jnp.zeros((), int)
    >>> on_source(double)(keys, Pair(jnp.ones(1), jnp.array([[3, 4]])), step)
    Pair(source=Array([2.], dtype=float32), previous=Array([[3, 4]], dtype=int32))
    """

    def changed(keys: Array, inputs: Any, step: Array) -> Any:
        if not isinstance(inputs, Pair):
            raise InputError(
                f"on_source changes the source of a dl.types.Pair, and not an array of "
                f"shape {inputs.shape}: use the augmentation itself"
            )
        return inputs._replace(source=augment(keys, inputs.source, step))

    return changed

"""A model that sees the pixels of every picture in another order, the same for all pictures."""

from collections import OrderedDict
from dataclasses import replace
from typing import Any

import numpy as np

from dl.errors import InputError
from dl.models.checks import shown
from dl.ranges import Range, check_number
from dl.types import Array, Carry, Key, Model, ModelState, Params


def permuted(model: Model, *, seed: int) -> Model:
    """`model` on pictures [B, H, W, C] whose pixels have changed places, all pictures alike.

    y = f(x_π) with one permutation π of the H·W places, a function of `seed` alone. A net whose
    first layer is dense has a weight for each pixel and loses nothing: its weights can be permuted
    too. A convolution looks at neighbours, and now neighbours mean nothing. Layers, counts and
    receptive fields are those of `model`. Source: E6 (flattening forgets where a pixel was).

    Raises:
        InputError: for a negative seed; when it is applied, for inputs that are not pictures.

    >>> from dl.models import mlp
    >>> pictures = jnp.arange(6.0).reshape(1, 2, 3, 1)
    >>> permute(pictures, seed=1).ravel().tolist()
    [0.0, 5.0, 4.0, 1.0, 3.0, 2.0]
    >>> model, plain = permuted(mlp(3), seed=1), mlp(3)
    >>> params, _ = model.init(jax.random.key(0), pictures)
    >>> seen = plain.apply(params, {}, permute(pictures, seed=1))[0]
    >>> bool(jnp.array_equal(model.apply(params, {}, pictures)[0], seen))
    True
    """
    check_number("seed", seed, Range(at_least=0), whole=True)

    def apply(
        params: Params,
        model_state: ModelState,
        inputs: Any,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Array, ModelState, Carry]:
        seen = permute(inputs, seed=seed)
        return model.apply(params, model_state, seen, train=train, key=key, carry=carry)

    def activations(
        params: Params, model_state: ModelState, inputs: Array
    ) -> OrderedDict[str, Array]:
        assert model.activations is not None
        return model.activations(params, model_state, permute(inputs, seed=seed))

    return replace(model, apply=apply, activations=model.activations and activations)


def permute(pictures: Array, *, seed: int) -> Array:
    """The pictures [B, H, W, C] with their pixels in the order of a permutation drawn by `seed`.

    All channels of a pixel move together. Source: E6.

    Raises:
        InputError: for inputs that are not pictures.

    >>> permute(jnp.arange(8.0).reshape(1, 2, 2, 2), seed=0)[0, 0].tolist()
    [[0.0, 1.0], [6.0, 7.0]]
    """
    if getattr(pictures, "ndim", 0) != 4:
        raise InputError(
            f"pixels are permuted in pictures [B, H, W, C], these inputs are {shown(pictures)}: "
            "take a data set of pictures"
        )
    count, height, width, channels = pictures.shape
    # NumPy draws the order while the program is traced: in the program it is a constant.
    order = np.random.Generator(np.random.Philox(seed)).permutation(height * width)
    pixels = pictures.reshape(count, height * width, channels)[:, order]
    return pixels.reshape(pictures.shape)

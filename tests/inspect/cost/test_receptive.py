"""Receptive fields: against sets of pixels worked out one by one, and against what a net really
looks at.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from dl.inspect.cost.receptive import Field, Reach, pixels, propagate
from dl.jaxprs import walk
from dl.layers import MaxPool, avg_pool, convolution, max_pool
from dl.layers.blocks import ConvBlock, batch_norm, global_avg_pool, local_response_norm
from dl.models import from_linen

PICTURE = jax.ShapeDtypeStruct((1, 12, 10, 2), jnp.float32)


def field_of(function, inputs=PICTURE) -> Field:
    jaxpr = jax.make_jaxpr(function)(inputs).jaxpr
    return walk(
        jaxpr, [pixels((1, 2))], lambda equation, fields, place: propagate(equation, fields)
    )[0]


def kernel(height: int, width: int = 1, channels: int = 2) -> jax.Array:
    return jnp.ones((height, width, channels, channels))


def halved(x):
    return convolution(x, kernel(3), strides=2, padding=1)


ALL = Reach(None, 12, 0, 0)

ROWS = {  # what is known of the rows, for pictures of 12×10
    "elementwise": (lambda x: jnp.tanh(x) * 2 + 1, Reach(1, 1, 1, 0)),
    "softmax over channels": (jax.nn.softmax, Reach(1, 1, 1, 0)),
    "local response norm": (local_response_norm, Reach(1, 1, 1, 0)),
    "convolution": (lambda x: convolution(x, kernel(3, 5)), Reach(1, 3, 1, -1)),
    "strides and dilation": (
        lambda x: convolution(x, kernel(3), strides=2, dilation=3, padding="VALID"),
        Reach(1, 7, 2, 0),
    ),
    "max-pooling": (lambda x: max_pool(x, 3, strides=2, padding=1), Reach(1, 3, 2, -1)),
    "mean-pooling": (lambda x: avg_pool(halved(x), 2), Reach(1, 5, 4, -1)),
    "every third row": (lambda x: x[:, 1::3], Reach(1, 1, 3, 1)),
    "padding": (lambda x: jnp.pad(x, ((0, 0), (2, 0), (0, 0), (0, 0))), Reach(1, 1, 1, -2)),
    "transposition": (lambda x: x.swapaxes(1, 2), Reach(2, 1, 1, 0)),
    "the columns put together": (lambda x: x.reshape(1, 12, 20), Reach(1, 1, 1, 0)),
    "an axis before": (lambda x: x[:, None], Reach(2, 1, 1, 0)),
    "a mean of channels": (lambda x: x.mean(3), Reach(1, 1, 1, 0)),
    "product with the channels": (lambda x: halved(x) @ jnp.ones((2, 7)), Reach(1, 3, 2, -1)),
    "halves of the channels": (
        lambda x: jnp.concatenate(jnp.split(x, 2, axis=3)[::-1], 3),
        Reach(1, 1, 1, 0),
    ),
    "a residual": (
        lambda x: convolution(x, kernel(3, 3), strides=2, padding=1) + x[:, ::2, ::2],
        Reach(1, 3, 2, -1),
    ),
    "paths side by side": (
        lambda x: jnp.concatenate([convolution(x, kernel(5)), convolution(x, kernel(3))], 3),
        Reach(1, 5, 1, -2),
    ),
    "transposed convolution": (
        lambda x: lax.conv_transpose(halved(x), kernel(3), (2, 1), "SAME"),
        Reach(1, 5, 1, -3),
    ),
    "global mean": (global_avg_pool, ALL),
    "flattened": (lambda x: x.reshape(1, -1), ALL),
    "product with the rows": (lambda x: jnp.einsum("bhwc,hk->bkwc", x, jnp.ones((12, 3))), ALL),
    "rows turned round": (lambda x: x[:, ::-1], ALL),
    "running sum": (lambda x: jnp.cumsum(x, axis=1), ALL),
    "rows upon rows": (lambda x: jnp.concatenate([x, x], axis=1), ALL),
    "weighed by a mean": (lambda x: x * x.mean((1, 2), keepdims=True), ALL),
    "one map": (lambda x: convolution(x, kernel(12, 10), padding="VALID").reshape(1, 2), ALL),
    "loop": (lambda x: lax.scan(lambda c, row: (c + row, c), x[:, 0], x.swapaxes(0, 1))[0], ALL),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_that_a_unit_sees(name: str) -> None:
    function, expected = ROWS[name]
    field = field_of(function)
    assert field is not None
    assert field[0] == expected


def test_what_does_not_depend_on_the_picture_sees_nothing() -> None:
    assert field_of(lambda x: jnp.ones(3)) is None


Layer = tuple[str, int, int, int, int]
LAYERS = st.tuples(
    st.sampled_from(["convolution", "max"]),
    st.integers(1, 4),  # window
    st.integers(1, 3),  # stride
    st.integers(1, 2),  # dilation
    st.integers(0, 2),  # padding
)


def apply_layer(x, layer: Layer):
    kind, width, stride, dilation, padding = layer
    pads = ((padding, padding), (0, 0))
    if kind == "convolution":
        return convolution(
            x, kernel(width), strides=(stride, 1), dilation=(dilation, 1), padding=pads
        )
    return max_pool(x, (width, 1), strides=(stride, 1), padding=pads)


def rows_seen(layers: list[Layer], unit: int) -> set[int]:
    """The rows under a unit of the last layer, found by asking every unit under its window."""
    if not layers:
        return {unit}
    *before, (kind, width, stride, dilation, padding) = layers
    step = dilation if kind == "convolution" else 1
    return set().union(
        *(rows_seen(before, unit * stride - padding + step * tap) for tap in range(width))
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(LAYERS, min_size=1, max_size=4), st.integers(0, 3))
def test_stacks_of_windows_see_what_their_windows_see(layers: list[Layer], unit: int) -> None:
    def stack(x):
        for layer in layers:
            x = apply_layer(x, layer)
        return x

    field = field_of(stack, jax.ShapeDtypeStruct((1, 400, 1, 2), jnp.float32))
    assert field is not None
    reach, seen = field[0], rows_seen(layers, unit)
    assert reach is not None
    assert (reach.start + unit * reach.stride, reach.size) == (min(seen), max(seen) - min(seen) + 1)


class AllKinds(nn.Module):
    """A stem, a pooling, a residual block that skips rows, paths side by side."""

    @nn.compact
    def __call__(self, inputs, *, train=False):
        x = ConvBlock(2, 5, 2, norm=batch_norm(), name="stem")(inputs, train=train)
        x = MaxPool(3, strides=2, padding=1, name="pool")(x)
        x = ConvBlock(2, 3, 2, name="block")(x) + x[:, ::2, ::2]
        paths = [ConvBlock(1, side, name=f"path{side}")(x) for side in (1, 3)]
        return jnp.concatenate(paths, axis=-1)


def test_a_net_looks_at_the_rows_that_it_is_said_to_see() -> None:
    """A row that is not a number spoils all the units that look at it, and no other."""
    side, model = 64, from_linen(AllKinds())
    inputs = jnp.where(
        jnp.eye(side, dtype=bool)[:, :, None, None], jnp.nan, jnp.ones((side, side, 8, 1))
    )
    params, model_state = jax.jit(model.init)(jax.random.key(0), jnp.ones((1, side, 8, 1)))
    outputs = jax.jit(lambda x: model.apply(params, model_state, x)[0])(inputs)
    spoiled = np.isnan(np.asarray(outputs)).any((2, 3)).T  # [units, rows]
    field = field_of(
        lambda x: model.apply(params, model_state, x)[0],
        jax.ShapeDtypeStruct((1, side, 8, 1), jnp.float32),
    )
    assert field is not None
    reach = field[0]
    assert reach is not None
    assert (reach.stride, len(spoiled)) == (8, 8)
    for unit, rows in enumerate(spoiled):
        first = reach.start + unit * reach.stride
        seen = np.flatnonzero(rows)
        assert (seen[0], seen[-1]) == (max(first, 0), min(first + reach.size, side) - 1)

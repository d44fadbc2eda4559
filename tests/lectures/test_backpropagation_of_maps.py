"""C5 and C6: convolution and pooling by hand, forward and back, beside XLA's and `jax.grad`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from dl.errors import InputError
from dl.lessons import backprop, spread
from dl.lessons.backprop import Weights

TABLE = np.array([[1, 0, 1, 1], [1, 1, 0, 1], [0, 1, 1, 1]])
"""Which of three maps each of four convolution maps reads, in the manner of LeNet-5's table I."""


def draw(*shape: int, seed: int = 0) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


def xla(X: Any, W: Any, b: Any) -> Any:
    dimensions = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(X, W, (1, 1), "VALID", dimension_numbers=dimensions) + b


def pooled(x: Any, kind: str) -> Any:
    areas = x.reshape(x.shape[0], x.shape[1] // 2, 2, x.shape[2] // 2, 2, x.shape[3])
    return areas.mean((2, 4)) if kind == "mean" else areas.max((2, 4))


def test_C6_rot180_by_hand() -> None:
    W = jnp.arange(6).reshape(2, 3)
    assert backprop.turn(W).tolist() == [[5, 4, 3], [2, 1, 0]]


def test_C6_the_way_back_of_one_error_is_the_kernel_itself_and_only_if_it_is_turned() -> None:
    """An error at (r, s) goes to the places that kernel weights have joined to it."""
    W = jnp.array([[1.0, 2.0], [3.0, 4.0]]).reshape(2, 2, 1, 1)
    delta = jnp.zeros((1, 2, 2, 1)).at[0, 0, 1, 0].set(1.0)
    right = [[0, 1, 2], [0, 3, 4], [0, 0, 0]]
    assert backprop.errors_of_maps(delta, W)[0, :, :, 0].tolist() == right
    unturned = backprop.full_convolution(delta, W)[0, :, :, 0].tolist()
    assert unturned == [[0, 4, 3], [0, 2, 1], [0, 0, 0]]


@pytest.mark.parametrize("table", [None, TABLE], ids=["all", "table"])
def test_C6_a_convolution_and_its_two_gradients_are_xla_s(table: Any) -> None:
    with jax.enable_x64(True):
        X, W, b, delta = draw(2, 6, 5, 3), draw(3, 2, 3, 4), draw(4), draw(2, 4, 4, 4, seed=1)
        joined = W if table is None else W * table
        expected, back = jax.vjp(jax.jit(xla), X, joined, b)
        for_X, for_W, _ = back(delta)
        for_W = for_W if table is None else for_W * table
        found = backprop.convolve_maps(X, W, b, table=table)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        np.testing.assert_allclose(
            backprop.errors_of_maps(delta, W, table=table), for_X, rtol=1e-9, atol=1e-12
        )
        np.testing.assert_allclose(
            backprop.kernel_gradient(X, delta, table=table), for_W / 2, rtol=1e-9, atol=1e-12
        )


def test_C6_the_sum_runs_over_the_maps_that_the_table_joins() -> None:
    W, delta = draw(2, 2, 3, 4), draw(1, 2, 2, 4, seed=1)
    found = backprop.errors_of_maps(delta, W, table=jnp.asarray(TABLE))
    for q in range(3):
        single = sum(
            backprop.full_convolution(
                delta[..., p : p + 1], backprop.turn(W[:, :, q, p])[..., None, None]
            )
            for p in range(4)
            if TABLE[q, p]
        )
        np.testing.assert_allclose(found[..., q : q + 1], single, rtol=1e-4, atol=1e-5)


def lenet_like(kind: Any) -> tuple[list[Any], list[Any]]:
    """Convolution, pooling, convolution by a table, pooling, flattening, a softmax layer."""
    layers = [
        backprop.convolution_layer("tanh"),
        backprop.pooling_layer("logistic", pooling=kind),
        backprop.convolution_layer("elu", table=jnp.asarray(TABLE)),
        backprop.pooling_layer("identity", pooling=kind),
        backprop.flatten_layer(),
        backprop.dense_layer("softmax"),
    ]
    weights = [
        Weights(draw(3, 3, 2, 3), draw(3, seed=1)),
        Weights(draw(3, seed=2), draw(3, seed=3)),
        Weights(draw(2, 2, 3, 4, seed=4), draw(4, seed=5)),
        Weights(draw(4, seed=6), draw(4, seed=7)),
        None,
        Weights(draw(3, 16, seed=8), draw(3, 1, seed=9)),
    ]
    return layers, weights


def reference(weights: Any, X: Any, Y: Any, kind: str) -> Any:
    conv1, pool1, conv2, pool2, _, output = weights
    hidden = jnp.tanh(xla(X, conv1.W, conv1.b))
    hidden = jax.nn.sigmoid(pool1.W * pooled(hidden, kind) + pool1.b)
    hidden = jax.nn.elu(xla(hidden, conv2.W * TABLE, conv2.b))
    hidden = pool2.W * pooled(hidden, kind) + pool2.b
    logits = hidden.reshape(len(X), -1) @ output.W.T + output.b.T
    return -(Y.T * jax.nn.log_softmax(logits)).sum(-1).mean()


@pytest.mark.parametrize("kind", ["mean", "max"])
def test_C5_C6_a_convolutional_net_has_the_gradients_of_jax_grad(kind: Any) -> None:
    with jax.enable_x64(True):
        layers, weights = lenet_like(kind)
        X, Y = draw(5, 12, 12, 2, seed=10), jnp.eye(3)[:, jnp.array([0, 2, 1, 1, 0])]

        @jax.jit
        def both(weights: Any) -> Any:
            found = backprop.backpropagate_layers(layers, weights, X, Y, loss="cross_entropy")
            return found, jax.value_and_grad(reference)(weights, X, Y, kind)

        found, (J, gradients) = both(weights)
        assert float(found.J) == pytest.approx(float(J), rel=1e-12)
        pairs = zip(found.gradients, gradients, strict=True)
        for number, (own, expected) in enumerate(pairs):
            assert (own is None) == (expected is None) == (number == 4)
            for leaf, other in zip(own or (), expected or (), strict=True):
                np.testing.assert_allclose(leaf, other, rtol=1e-9, atol=1e-13)
        # C5: δ of the convolution is w (f'(z) ⊙ up(δ of the pooling)), on maps as large as it.
        assert found.layers[0].delta.shape == found.layers[0].Z.shape == (5, 10, 10, 3)
        assert "δ5" in found.named()
        assert "dW5" not in found.named()


def test_C5_errors_of_an_odd_side_do_not_reach_the_row_that_no_window_sees() -> None:
    up = spread(jnp.ones((1, 3, 5, 1)), jnp.ones((1, 1, 2, 1)), pooling="max")[0, :, :, 0]
    assert up.tolist() == [[1, 0, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]


def test_wrong_shapes_are_refused_in_one_line() -> None:
    W = jnp.ones((3, 3, 2, 4))
    with pytest.raises(InputError, match=r"maps \(1, 5, 5, 3\) do not fit kernels"):
        backprop.convolve_maps(jnp.ones((1, 5, 5, 3)), W, jnp.zeros(4))
    with pytest.raises(InputError, match=r"maps \(1, 2, 5, 2\) do not fit kernels"):
        backprop.convolve_maps(jnp.ones((1, 2, 5, 2)), W, jnp.zeros(4))
    with pytest.raises(InputError, match=r"it has the shape \(2, 4\), input maps × output"):
        backprop.convolve_maps(jnp.ones((1, 5, 5, 2)), W, jnp.zeros(4), table=jnp.ones((4, 2)))
    with pytest.raises(InputError, match=r"have errors \(1, 2, 2, 1\), not \(1, 1, 1, 1\)"):
        spread(jnp.ones((1, 4, 4, 1)), jnp.ones((1, 1, 1, 1)))
    with pytest.raises(InputError, match="flatten maps first"):
        backprop.convolution_layer("softmax").forward(
            Weights(W, jnp.zeros(4)), jnp.ones((1, 5, 5, 2))
        )
    with pytest.raises(InputError, match="unknown pooling 'median': give mean or max"):
        backprop.pooling_layer("tanh", pooling="median")  # type: ignore[arg-type]

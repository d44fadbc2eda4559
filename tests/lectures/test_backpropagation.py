"""C1 to C4: back-propagation by hand beside `jax.grad`, loops over units, and hand numbers."""

import itertools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.errors import InputError
from dl.lessons import backprop
from dl.lessons.backprop import Weights

RTOL = 1e-9  # the lessons promise 1e-6
FUNCTIONS: dict[str, Any] = {
    "step": lambda x: jnp.heaviside(x, 0.0),
    "logistic": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "softplus": jax.nn.softplus,
    "elu": jax.nn.elu,
    "identity": lambda x: x,
    "softmax": jax.nn.softmax,
}


def reference(weights: Any, X: Any, Y: Any, activations: tuple[str, ...], loss: str) -> Any:
    """J of the net with an example a row, in Flax's orientation."""
    hidden = before = X.T
    for (W, b), name in zip(weights, activations, strict=True):
        before = hidden @ W.T + b.T
        hidden = FUNCTIONS[name](before)
    if loss == "half_mse":
        return (0.5 * ((hidden - Y.T) ** 2).sum(-1)).mean()
    if activations[-1] == "softmax":
        return -(Y.T * jax.nn.log_softmax(before)).sum(-1).mean()
    yes, no = jax.nn.log_sigmoid(before), jax.nn.log_sigmoid(-before)
    return -(Y.T * yes + (1 - Y.T) * no).sum(-1).mean()


def net(sizes: tuple[int, ...], examples: int, seed: int = 0) -> tuple[Any, Any, Any]:
    """Weights, X and targets that sum to 1, in float64."""
    rng = np.random.default_rng(seed)
    weights = tuple(
        Weights(jnp.asarray(rng.normal(size=(n, k))), jnp.asarray(rng.normal(size=(n, 1))))
        for k, n in itertools.pairwise(sizes)
    )
    Y = np.eye(sizes[-1])[rng.integers(0, sizes[-1], examples)].T
    return weights, jnp.asarray(rng.normal(size=(sizes[0], examples))), jnp.asarray(Y)


NAMES = list(FUNCTIONS)
CASES = [
    *((f, g, "half_mse") for f, g in zip(NAMES, NAMES[1:] + NAMES[:1], strict=True)),
    ("tanh", "softmax", "cross_entropy"),
    ("elu", "logistic", "cross_entropy"),
]
"""Every activation in a hidden layer and in the output layer, every output with its losses."""


@pytest.mark.parametrize(("hidden", "output", "loss"), CASES)
def test_C2_gradients_are_those_of_jax_grad(hidden: str, output: str, loss: Any) -> None:
    activations = (hidden, hidden, output)
    with jax.enable_x64(True):
        weights, X, Y = net((3, 5, 4, 3), examples=6)
        layers = [backprop.dense_layer(name) for name in activations]

        @jax.jit
        def all_three(*arrays: Any) -> Any:
            return (
                jax.value_and_grad(reference)(*arrays, activations, loss),
                backprop.backpropagate(*arrays, activations=activations, loss=loss),
                backprop.backpropagate_layers(layers, *arrays, loss=loss),
            )

        (J, gradients), found, modular = all_three(weights, X, Y)
        np.testing.assert_allclose(found.J, J, rtol=RTOL)
        assert_trees_close(found.gradients, gradients)
        assert_trees_close(modular, found)


def assert_trees_close(tree: Any, expected: Any) -> None:
    for leaf, other in zip(jax.tree.leaves(tree), jax.tree.leaves(expected), strict=True):
        assert leaf.dtype == jnp.float64
        np.testing.assert_allclose(leaf, other, rtol=RTOL, atol=1e-14)


@pytest.mark.parametrize(
    ("output", "loss"),
    [("softmax", "cross_entropy"), ("logistic", "cross_entropy"), ("softmax", "half_mse")],
)
def test_C2_the_output_layer_s_homework_is_dA_through_the_activation(
    output: str, loss: Any
) -> None:
    with jax.enable_x64(True):
        _, Z, Y = net((3, 3), examples=4)
        dA = backprop.output_gradient(Z, Y, output=output, loss=loss)
        delta = backprop.dense_layer(output).error(Z, dA)
        homework = backprop.output_error(Z, Y, output=output, loss=loss)
        np.testing.assert_allclose(delta, homework, rtol=1e-12)
        if loss == "cross_entropy":
            a = np.exp(Z) / np.exp(Z).sum(0) if output == "softmax" else 1 / (1 + np.exp(-Z))
            np.testing.assert_allclose(homework, a - Y, rtol=1e-12)


def test_C2_a_sure_and_wrong_output_keeps_its_error_with_cross_entropy_alone() -> None:
    Z, Y = jnp.array([[200.0]]), jnp.array([[0.0]])
    sure = {
        loss: float(backprop.output_error(Z, Y, output="logistic", loss=loss)[0, 0])
        for loss in ("half_mse", "cross_entropy")
    }
    assert sure["cross_entropy"] == 1
    assert sure["half_mse"] < 1e-30
    J = backprop.losses(Z, Y, output="logistic", loss="cross_entropy")
    assert J.tolist() == [200.0], "and the loss itself is no infinity"


def test_B1_C2_the_lecture_s_output_has_this_loss_and_this_error() -> None:
    a = np.array([0.1, 0.05, 0.6, 0.001, 0.05, 0.1, 0.001, 0.096, 0.001, 0.001])
    Y = jnp.asarray(np.eye(10)[:, 2:3], jnp.float32)
    Z = jnp.asarray(np.log(a)[:, None], jnp.float32)
    assert float(backprop.losses(Z, Y, output="softmax", loss="cross_entropy")[0]) == pytest.approx(
        0.5108, abs=1e-4
    )
    delta = backprop.output_error(Z, Y, output="softmax", loss="cross_entropy")[:, 0]
    expected = [0.1, 0.05, -0.4, 0.001, 0.05, 0.1, 0.001, 0.096, 0.001, 0.001]
    np.testing.assert_allclose(delta, expected, atol=1e-6)


def test_C1_shapes_of_the_running_example_and_the_two_that_the_slide_prints() -> None:
    weights, m = backprop.running_example(), 7
    X = jnp.ones((3, m))
    found = backprop.backpropagate(weights, X, jnp.zeros((1, m)), activations=("relu", "logistic"))
    named = {name: array.shape for name, array in found.named().items()}
    table = {row[0]: row[1:] for row in backprop.running_example_shapes(m).rows}
    assert named["X"] == table["X"][0] == (3, 7)
    assert named["dW1"] == weights[0].W.shape == table["W1"][0] == (4, 3)
    assert named["db1"] == weights[0].b.shape == table["b1"][0] == (4, 1)
    assert named["A1"] == named["δ1"] == table["Z1, A1"][0] == (4, 7)
    assert named["dW2"] == weights[1].W.shape == table["W2"][0] == (1, 4)
    assert named["db2"] == weights[1].b.shape == table["b2"][0] == (1, 1)
    assert named["A2"] == table["Z2, A2"][0] == (1, 7)
    assert {name: row[1] for name, row in table.items() if row[1]} == {"b1": (4, 3), "b2": (4, 1)}
    # A bias of the printed shape has no place in Z1 = W1 X + b1.
    printed = (Weights(weights[0].W, jnp.zeros((4, 3))), weights[1])
    with pytest.raises(InputError, match=r"layer 1 has W \(4, 3\), b \(4, 3\)"):
        backprop.forward(printed, X, activations=("relu", "logistic"))


def test_C1_every_quantity_is_printed_under_its_name() -> None:
    weights, X = backprop.worked_example(), jnp.array([[1.0], [2.0]])
    found = backprop.backpropagate(weights, X, jnp.ones((1, 1)), activations=("tanh",) * 3)
    parts = [f"{part}{layer}" for layer in (1, 2, 3) for part in ("Z", "A", "dA", "δ", "dW", "db")]
    assert [row[0] for row in found.table().rows] == ["X", *parts, "J"]
    # Z1 = W1 x = (0.5 − 1, 1 + 1, −0.5 + 2), by hand.
    assert "[[-0.5] [ 2. ] [ 1.5]]" in str(found)


def by_units(weights: Any, x: list[float], y: float, rate: float) -> tuple[Any, Any]:
    """C3 as a loop over units: the error of each, and the new weights; tanh everywhere."""
    outs, slopes = [x], []
    for W, b in weights:
        sums = [
            sum(w * o for w, o in zip(row, outs[-1], strict=True)) + float(bias[0])
            for row, bias in zip(W.tolist(), b, strict=True)
        ]
        outs.append([math.tanh(e) for e in sums])
        slopes.append([1 - math.tanh(e) ** 2 for e in sums])
    errors = [[y - outs[-1][0]]]
    for layer in (1, 0):
        above = weights[layer + 1].W.tolist()
        errors.insert(
            0,
            [
                sum(
                    above[k][unit] * slopes[layer + 1][k] * error
                    for k, error in enumerate(errors[0])
                )
                for unit in range(len(outs[layer + 1]))
            ],
        )
    new = [
        [
            [
                W.tolist()[k][j] + rate * errors[layer][k] * slopes[layer][k] * outs[layer][j]
                for j in range(W.shape[1])
            ]
            for k in range(W.shape[0])
        ]
        for layer, (W, _) in enumerate(weights)
    ]
    return errors, new


def test_C3_errors_and_updates_of_the_worked_net_unit_by_unit() -> None:
    with jax.enable_x64(True):
        weights = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), backprop.worked_example())
        X, Y, f = jnp.array([[0.3], [-0.8]]), jnp.array([[0.5]]), ("tanh",) * 3

        @jax.jit
        def third_convention(weights: Any) -> Any:
            passed = backprop.forward(weights, X, activations=f)
            errors = backprop.errors_before_derivative(weights, passed, Y, activations=f)
            return errors, backprop.ascend(weights, passed, errors, activations=f, rate=0.7)

        errors, updated = third_convention(weights)
    expected_errors, expected_weights = by_units(weights, [0.3, -0.8], 0.5, 0.7)
    for layer in range(3):
        np.testing.assert_allclose(errors[layer][:, 0], expected_errors[layer], rtol=1e-12)
        np.testing.assert_allclose(updated[layer].W, expected_weights[layer], rtol=1e-12)


SLOPES: dict[str, Any] = {
    "logistic": lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: z > 0,
    "identity": np.ones_like,
}


@pytest.mark.parametrize("name", SLOPES)
def test_C2_C3_both_conventions_make_the_same_update(name: str) -> None:
    f = (name,) * 3
    with jax.enable_x64(True):
        weights, X, Y = net((2, 3, 2, 1), examples=5)

        @jax.jit
        def both(weights: Any) -> Any:
            passed = backprop.forward(weights, X, activations=f)
            errors = backprop.errors_before_derivative(weights, passed, Y, activations=f)
            plus = backprop.ascend(weights, passed, errors, activations=f, rate=0.3)
            found = backprop.backpropagate(weights, X, Y, activations=f)
            return errors, plus, found, backprop.descend(weights, found.gradients, rate=0.3)

        errors, plus, found, minus = both(weights)
        assert_trees_close(plus, minus)
        # The errors themselves differ: by the sign and by f'.
        for error, layer in zip(errors, found.layers, strict=True):
            np.testing.assert_allclose(-error, layer.dA, rtol=1e-12)
            np.testing.assert_allclose(
                -error * SLOPES[name](np.asarray(layer.Z)), layer.delta, rtol=1e-9
            )


def test_C3_errors_carried_back_without_f_prime_are_no_gradient() -> None:
    """W2ᵀ δ without the f' of the layer above is right for linear layers alone."""
    weights, x = backprop.worked_example(), jnp.array([[1.0], [1.0]])
    for name, right in (("identity", True), ("tanh", False)):
        f = (name,) * 3
        passed = backprop.forward(weights, x, activations=f)
        errors = backprop.errors_before_derivative(weights, passed, jnp.ones((1, 1)), activations=f)
        along = weights[2].W.T @ errors[2]
        assert np.allclose(along, errors[1], rtol=1e-3) == right


def test_C2_the_trace_form_gives_every_entry_of_dW() -> None:
    with jax.enable_x64(True):
        weights, X, Y = net((3, 4, 2), examples=5)
        f = ("tanh", "softmax")
        places = list(itertools.product(range(4), range(3)))

        @jax.jit
        def both(weights: Any) -> Any:
            found = backprop.backpropagate(weights, X, Y, activations=f, loss="cross_entropy")
            delta = found.layers[0].delta
            traces = [backprop.trace_form(delta, X, i=i, j=j) for i, j in places]
            return traces, jax.grad(reference)(weights, X, Y, f, "cross_entropy")

        traces, gradients = both(weights)
        for trace, place in zip(traces, places, strict=True):
            assert trace.dZ_dWij.shape == trace.dJ_dZ.shape == (4, 5)
            assert float(trace.dJ_dWij) == pytest.approx(float(gradients[0].W[place]), rel=RTOL)


def test_C4_the_two_derivatives_of_the_exponential() -> None:
    found = backprop.exponential(jnp.array(0.5), jnp.array(3.0), jnp.array(2.0))
    e = 2.718281828459045
    assert [float(value) for value in found] == pytest.approx([3 * e, e, 6 * e], rel=1e-6)


def test_C4_z_is_f_of_f_of_f_of_w() -> None:
    with jax.enable_x64(True):
        found = backprop.thrice(jnp.array(0.5))
    x = math.tanh(0.5)
    y = math.tanh(x)
    z = math.tanh(y)
    assert [float(value) for value in found[:3]] == pytest.approx([x, y, z], rel=1e-12)
    assert float(found.dz_dw) == pytest.approx((1 - z * z) * (1 - y * y) * (1 - x * x), rel=1e-12)


def test_C2_finite_differences_agree_and_find_a_mistake() -> None:
    f = ("logistic", "softmax")
    with jax.enable_x64(True):
        weights, X, Y = net((3, 4, 2), examples=5)

        @jax.jit
        def passes(weights: Any) -> Any:
            return backprop.backpropagate(weights, X, Y, activations=f, loss="cross_entropy")

        def J(weights: Any) -> Any:
            return passes(weights).J

        gradients = jax.tree.map(np.asarray, passes(weights).gradients)
        right = backprop.check_gradient(J, weights, gradients)
        larger = jax.tree.map(lambda leaf: 1.001 * leaf, gradients)
        wrong = backprop.check_gradient(J, weights, larger)
    assert right.relative_error < 1e-9
    assert 4e-4 < wrong.relative_error < 6e-4, "0.001 of 2.001 times the norm"


def test_finite_differences_of_a_cubic_have_the_error_of_their_step() -> None:
    """(f(w + h) − f(w − h)) / 2h of w³ is 3 w² + h²."""
    slope = backprop.finite_differences(lambda w: w**3, np.array(0.5), step=0.1)
    assert float(slope) == pytest.approx(0.75 + 0.01, rel=1e-12)
    slope = backprop.finite_differences(lambda w: w**3, np.array(2.0), step=0.1)
    assert float(slope) == pytest.approx(12 + 0.04, rel=1e-12), "the step grows with w"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda w, x: backprop.forward(w, x, activations=("tanh",)),
            "2 layers with 1 activations",
        ),
        (
            lambda w, x: backprop.forward(w, x.T, activations=("tanh", "tanh")),
            r"layer 1 has W \(4, 3\), b \(4, 1\) and inputs \(1, 3\)",
        ),
        (
            lambda w, x: backprop.backpropagate(
                w, x, jnp.ones((1, 1)), activations=("tanh", "relu"), loss="cross_entropy"
            ),
            "cross-entropy needs probabilities, which relu outputs are not",
        ),
        (
            lambda w, x: backprop.backpropagate(
                w, x, jnp.ones((1, 2)), activations=("tanh", "relu")
            ),
            r"outputs have shape \(1, 1\) and targets \(1, 2\)",
        ),
        (
            lambda w, x: backprop.backpropagate(
                w, x, jnp.ones((1, 1)), activations=("tanh", "relu"), loss="half-mse"
            ),
            "unknown loss 'half-mse'; did you mean half_mse",
        ),
        (
            lambda w, x: backprop.errors_before_derivative(
                w,
                backprop.forward(w, x, activations=("tanh", "softmax")),
                x,
                activations=("tanh", "softmax"),
            ),
            "softmax has not: use C2's",
        ),
        (
            lambda w, x: backprop.backpropagate_layers([], [], x, x),
            "0 layers with 0 entries of weights",
        ),
    ],
)
def test_wrong_arguments_are_refused_in_one_line(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call(backprop.running_example(), jnp.ones((3, 1)))

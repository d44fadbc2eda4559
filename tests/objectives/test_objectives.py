"""Objectives of examples against NumPy; masks against subsets; Rosenblatt's rule by hand."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import metrics, models, objectives, optimizers
from dl.data.sources.batching import train_batches
from dl.types import Heads, Model, Objective

B, K = 12, 5
ROW = np.arange(B)


def identity_model() -> Model:
    """A model whose outputs are its inputs, so that a test can choose the logits."""

    def apply(
        params: Any,
        state: Any,
        inputs: Any,
        *,
        train: bool = False,
        key: Any = None,
        carry: Any = (),
    ) -> Any:
        return inputs, state, carry

    return Model("identity", lambda key, inputs: ({}, {}), apply, lambda inputs: [])


def make_batch(inputs: Any, targets: Any, mask: Any = None) -> dict[str, jax.Array]:
    mask = np.ones(len(inputs)) if mask is None else mask
    index = np.arange(len(inputs))
    return {
        "inputs": jnp.asarray(inputs, jnp.float32),
        "targets": jnp.asarray(targets),
        "mask": jnp.asarray(mask, jnp.float32),
        "index": jnp.asarray(index),
    }


def means(
    objective: Objective, batch: dict[str, jax.Array], *, train: bool = False
) -> dict[str, float]:
    sums, model_state, carry = objective({}, {}, batch, train=train)
    assert model_state == {}
    assert carry == ()
    return metrics.compute(sums)


def softmax(a: np.ndarray) -> np.ndarray:
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def classification_reference(a: np.ndarray, t: np.ndarray) -> dict[str, float]:
    return {"loss": -np.log(softmax(a)[ROW, t]).mean(), "accuracy": (a.argmax(-1) == t).mean()}


def posterior_reference(a: np.ndarray, t: np.ndarray) -> dict[str, float]:
    """Equation 9 of LeCun et al. 1998 with penalties y = -a and j = 10."""
    y = -a
    loss = y[ROW, t] + np.log(np.exp(-10) + np.exp(-y).sum(-1))
    return {"loss": loss.mean(), "accuracy": (y.argmin(-1) == t).mean()}


def binary_reference(a: np.ndarray, t: np.ndarray) -> dict[str, float]:
    y = sigmoid(a)
    loss = -(t * np.log(y) + (1 - t) * np.log(1 - y))
    return {"loss": loss.mean(), "accuracy": ((a > 0) == (t == 1)).mean()}


def perceptron_reference(a: np.ndarray, t: np.ndarray) -> dict[str, float]:
    y = (a > 0).astype(float)
    return {"loss": ((y - t) * a).sum(axis=-1).mean(), "accuracy": (y == t).mean()}


def regression_reference(y: np.ndarray, t: np.ndarray) -> dict[str, float]:
    mse = ((y - t) ** 2).reshape(B, -1).sum(axis=-1).mean()
    return {"loss": mse, "mse": mse}


def class_numbers(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, K, B)


def bits(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 2, (B, K)).astype(np.float32)


def reals(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(B, K)).astype(np.float32)


TABLE = [
    pytest.param(
        objectives.classification, class_numbers, classification_reference, id="classification"
    ),
    pytest.param(
        objectives.maximum_a_posteriori,
        class_numbers,
        posterior_reference,
        id="maximum_a_posteriori",
    ),
    pytest.param(objectives.binary, bits, binary_reference, id="binary"),
    pytest.param(objectives.perceptron, bits, perceptron_reference, id="perceptron"),
    pytest.param(objectives.regression, reals, regression_reference, id="regression"),
]
Case = tuple[Objective, np.ndarray, np.ndarray]


def draw(
    build: Callable[[Model], Objective], make_targets: Callable[[np.random.Generator], np.ndarray]
) -> Case:
    rng = np.random.default_rng(7)
    return build(identity_model()), 2.0 * reals(rng), make_targets(rng)


@pytest.mark.parametrize("count", [1, 2, 4, 5, 9])
def test_top_k_is_a_place_among_the_first_k_of_a_sort(count: int) -> None:
    draw = np.random.default_rng(0)
    logits, targets = draw.normal(size=(B, K)), draw.integers(0, K, B)
    objective = objectives.classification(identity_model(), label_smoothing=0.1, top_k=count)
    places = np.array(
        [list(np.argsort(-row)).index(target) for row, target in zip(logits, targets, strict=True)]
    )
    for train in (True, False):
        got = means(objective, make_batch(logits, targets), train=train)
        assert set(got) == {"loss", "accuracy", f"top{count}_accuracy"}
        assert got[f"top{count}_accuracy"] == pytest.approx((places < count).mean())
        assert got["accuracy"] == pytest.approx((places == 0).mean())


def test_equal_logits_do_not_count_for_every_class() -> None:
    objective = objectives.classification(identity_model(), top_k=2)
    got = means(objective, make_batch(np.zeros((K, K)), np.arange(K)))
    assert got["top2_accuracy"] == pytest.approx(2 / K)


@pytest.mark.parametrize(("build", "make_targets", "reference"), TABLE)
@pytest.mark.parametrize("train", [False, True])
def test_equals_numpy(build: Any, make_targets: Any, reference: Any, train: bool) -> None:
    objective, outputs, targets = draw(build, make_targets)
    got = means(objective, make_batch(outputs, targets), train=train)
    expected = reference(outputs.astype(np.float64), targets)
    assert got.keys() == expected.keys()
    assert got == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("build", "make_targets", "reference"), TABLE)
def test_masked_equals_subset(build: Any, make_targets: Any, reference: Any) -> None:
    objective, outputs, targets = draw(build, make_targets)
    mask = ROW % 3 != 1
    masked = means(objective, make_batch(outputs, targets, mask))
    subset = means(objective, make_batch(outputs[mask], targets[mask]))
    assert masked == pytest.approx(subset, rel=1e-6)


@pytest.mark.parametrize(("build", "make_targets", "reference"), TABLE)
def test_gradient_of_masked_equals_gradient_of_subset(
    build: Any, make_targets: Any, reference: Any
) -> None:
    _, inputs, targets = draw(build, make_targets)
    model = models.mlp(K, hidden_sizes=(4,))
    params, _ = jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, K)))
    objective = build(model)

    def gradient(batch: dict[str, jax.Array]) -> Any:
        return jax.jit(
            jax.grad(lambda params: objective(params, {}, batch, train=True)[0]["loss"].sum)
        )(params)

    mask = ROW < 8
    masked, subset = (
        gradient(make_batch(inputs, targets, mask)),
        gradient(make_batch(inputs[mask], targets[mask])),
    )
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), masked, subset
    )
    assert max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(masked)) > 0


def test_regression_takes_targets_of_any_rank() -> None:
    rng = np.random.default_rng(0)
    outputs, targets = rng.normal(size=(2, B, 4, 3))
    got = means(
        objectives.regression(identity_model()), make_batch(outputs, targets.astype(np.float32))
    )
    assert got["mse"] == pytest.approx(regression_reference(outputs, targets)["mse"], rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.1, 0.3])
def test_label_smoothing_follows_its_formula_in_training_only(smoothing: float) -> None:
    objective = objectives.classification(identity_model(), label_smoothing=smoothing)
    rng = np.random.default_rng(3)
    logits, targets = rng.normal(size=(B, K)), rng.integers(0, K, B)
    smooth = (1 - smoothing) * np.eye(K)[targets] + smoothing / K
    expected = -(smooth * np.log(softmax(logits))).sum(axis=-1).mean()
    batch = make_batch(logits, targets)
    assert means(objective, batch, train=True)["loss"] == pytest.approx(expected, rel=1e-5)
    plain = classification_reference(logits, targets)
    assert means(objective, batch, train=False) == pytest.approx(plain, rel=1e-5)
    assert means(objective, batch, train=True)["accuracy"] == pytest.approx(plain["accuracy"])
    assert abs(expected - plain["loss"]) > 0.01


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_mixed_classes_are_the_mixture_of_two_losses_in_training_only(smoothing: float) -> None:
    """Zhang et al. 2018: the loss of λ t + (1 − λ) t' is λ times that of t and 1 − λ that of t'."""
    objective = objectives.classification(identity_model(), label_smoothing=smoothing)
    rng = np.random.default_rng(3)
    logits, one, other = rng.normal(size=(B, K)), rng.integers(0, K, B), rng.integers(0, K, B)
    soft = (0.7 * np.eye(K)[one] + 0.3 * np.eye(K)[other]).astype(np.float32)
    mixed = means(objective, make_batch(logits, soft), train=True)
    first, second = (means(objective, make_batch(logits, t), train=True) for t in (one, other))
    expected = 0.7 * first["loss"] + 0.3 * second["loss"]
    assert mixed["loss"] == pytest.approx(expected, rel=1e-5)
    assert mixed["accuracy"] == pytest.approx(first["accuracy"])
    with pytest.raises(dl.InputError, match="need class numbers"):
        objective({}, {}, make_batch(logits, soft))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weight", [0.3, 1.0])
def test_auxiliary_heads_add_their_share_to_the_loss_of_training(
    smoothing: float, weight: float
) -> None:
    rng = np.random.default_rng(5)
    heads, targets = rng.normal(size=(3, B, K)).astype(np.float32), rng.integers(0, K, B)

    def three_heads(params: Any, state: Any, inputs: Any, *, train: bool = False, **_: Any) -> Any:
        return (Heads(inputs, (heads[1], heads[2])) if train else inputs), state, ()

    model = Model("heads", lambda key, inputs: ({}, {}), three_heads, lambda inputs: [])
    objective = objectives.classification(model, label_smoothing=smoothing, auxiliary_weight=weight)
    alone = objectives.classification(identity_model(), label_smoothing=smoothing)
    batch = make_batch(heads[0], targets)
    one, two, three = (means(alone, make_batch(head, targets), train=True) for head in heads)
    expected = {
        "loss": one["loss"] + weight * (two["loss"] + three["loss"]),
        "accuracy": one["accuracy"],
    }
    assert means(objective, batch, train=True) == pytest.approx(expected, rel=1e-5)
    assert means(objective, batch) == pytest.approx(
        classification_reference(heads[0], targets), rel=1e-5
    )


def test_only_wrong_prototypes_that_are_near_get_a_gradient() -> None:
    objective = objectives.maximum_a_posteriori(identity_model(), rubbish=10.0)

    def slopes(distances: list[float]) -> np.ndarray:
        batch = make_batch(-np.array([distances]), np.array([0]))
        return np.asarray(
            jax.grad(lambda a: objective({}, {}, {**batch, "inputs": a})[0]["loss"].sum)(
                batch["inputs"]
            )
        )

    near, far = slopes([12.0, 9.0])[0], slopes([12.0, 40.0])[0]
    assert near[1] > 0.5
    assert abs(far[1]) < 1e-6
    assert far[0] < -0.5


def test_losses_stay_finite_for_huge_logits() -> None:
    huge = np.array([[1e4, -1e4], [-1e4, 1e4]])
    classification = means(
        objectives.classification(identity_model()), make_batch(huge, np.array([0, 0]))
    )
    assert classification["loss"] == pytest.approx(1e4)
    binary = means(
        objectives.binary(identity_model()), make_batch(huge, np.eye(2, dtype=np.float32))
    )
    assert binary["loss"] == pytest.approx(0.0)


def rosenblatt(
    inputs: np.ndarray, targets: np.ndarray, order: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A2: w(0) = 0; for each sample ŷ = step(w·x + b), e = y − ŷ, w ← w + e x, b ← b + e."""
    w, b = np.zeros((inputs.shape[1], targets.shape[1])), np.zeros(targets.shape[1])
    for i in order:
        e = targets[i] - (inputs[i] @ w + b > 0)
        w, b = w + np.outer(inputs[i], e), b + e
    return w, b


@pytest.mark.parametrize("name", ["gates", "xor"])
def test_sgd_at_rate_1_on_single_examples_is_the_perceptron_rule(name: str) -> None:
    data = dl.load_data(name)
    inputs, targets = data.train.inputs, data.train.targets
    model = models.perceptron(targets.shape[1])
    optimizer = optimizers.sgd(1.0)
    step = jax.jit(dl.make_train_step(objectives.perceptron(model), optimizer))
    state = dl.init_state(model, optimizer, jnp.zeros((1, 2)), seed=0)
    order = train_batches(
        seed=0, start=0, steps=6 * len(inputs), examples=len(inputs), batch_size=1
    ).index[:, 0]
    for seen, i in enumerate(order, start=1):
        state, _ = step(state, make_batch(inputs[i : i + 1], targets[i : i + 1]))
        if seen % len(inputs) == 0:
            w, b = rosenblatt(inputs, targets, order[:seen])
            np.testing.assert_array_equal(state.params["output"]["kernel"], w)
            np.testing.assert_array_equal(state.params["output"]["bias"], b)
    assert np.any(w != 0)


def test_the_perceptron_loss_has_no_gradient_where_the_answer_is_right() -> None:
    objective = objectives.perceptron(identity_model())
    batch = make_batch(np.zeros((3, 1)), np.array([[1.0], [0.0], [1.0]]))

    def loss(activation: jax.Array) -> jax.Array:
        return objective({}, {}, {**batch, "inputs": activation})[0]["loss"].sum

    gradient = jax.grad(loss)(jnp.array([[2.0], [-1.0], [-0.5]]))
    assert gradient.ravel().tolist() == [0.0, 0.0, -1.0]


def test_initial_cross_entropy_is_about_ln_k() -> None:
    classes = 100
    model = models.mlp(classes, hidden_sizes=(64,), kernel_init=jax.nn.initializers.lecun_normal())
    params, state = jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, 20)))
    rng = np.random.default_rng(0)
    batch = make_batch(0.5 * rng.normal(size=(500, 20)), np.arange(500) % classes)
    sums, _, _ = objectives.classification(model)(params, state, batch)
    assert metrics.compute(sums)["loss"] == pytest.approx(math.log(classes), abs=0.2)


ONE_OFF = [
    pytest.param(
        objectives.regression, (B, 1), np.zeros(B, np.float32), id="regression-missing-axis"
    ),
    pytest.param(
        objectives.regression, (B, 3), np.zeros((B, 1), np.float32), id="regression-fewer"
    ),
    pytest.param(objectives.binary, (B, 1), np.zeros(B, np.float32), id="binary-missing-axis"),
    pytest.param(objectives.binary, (B, 1), np.zeros((B, 3), np.float32), id="binary-more"),
    pytest.param(objectives.binary, (B, 3), np.zeros((B, 2), np.float32), id="binary-other"),
    pytest.param(
        objectives.perceptron, (B, 1), np.zeros(B, np.float32), id="perceptron-missing-axis"
    ),
    pytest.param(objectives.perceptron, (B, 1), np.zeros((B, 3), np.float32), id="perceptron-more"),
    pytest.param(
        objectives.perceptron, (B, 3), np.zeros((B, 2), np.float32), id="perceptron-other"
    ),
    pytest.param(
        objectives.classification,
        (B, K),
        np.zeros((B, 1), np.int32),
        id="classification-extra-axis",
    ),
]


@pytest.mark.parametrize(("build", "shape", "targets"), ONE_OFF)
def test_targets_of_another_shape_are_refused_and_never_broadcast(
    build: Any, shape: tuple[int, ...], targets: Any
) -> None:
    # Broadcasting would give a loss of B² pairs: finite, plausible and wrong.
    with pytest.raises((ValueError, TypeError)):
        build(identity_model())({}, {}, make_batch(np.ones(shape), targets), train=True)


def test_smoothed_targets_of_another_shape_are_refused_too() -> None:
    objective = objectives.classification(identity_model(), label_smoothing=0.1)
    with pytest.raises((ValueError, TypeError)):
        objective({}, {}, make_batch(np.ones((B, K)), np.zeros((B, 1), np.int32)), train=True)


def test_squared_error_names_both_shapes() -> None:
    with pytest.raises(ValueError, match=r"\(4, 1\).*\(4,\)"):
        objectives.squared_error(jnp.zeros((4, 1)), jnp.zeros(4))


def test_smoothed_yes_or_no_by_hand_in_training_only() -> None:
    """σ(ln 3) = ¾, and with ε = 0.2 a yes is 0.9: −0.9 ln ¾ − 0.1 ln ¼; a no is 0.1."""
    objective = objectives.binary(identity_model(), label_smoothing=0.2)
    batch = make_batch([[math.log(3.0)], [math.log(3.0)]], [[1.0], [0.0]])
    yes, no = 0.397543, 1.276433
    assert means(objective, batch, train=True)["loss"] == pytest.approx((yes + no) / 2, abs=1e-5)
    plain = means(objectives.binary(identity_model()), batch)
    assert means(objective, batch) == plain
    assert plain["loss"] == pytest.approx((0.287682 + 1.386294) / 2, abs=1e-5)


def test_smoothed_classes_by_hand() -> None:
    """p = (2/3, 1/6, 1/6) and ε = 0.3: t = (0.8, 0.1, 0.1), so that E = 0.8 ln 1.5 + 0.2 ln 6."""
    objective = objectives.classification(identity_model(), label_smoothing=0.3)
    batch = make_batch([[math.log(4.0), 0.0, 0.0]], [0])
    assert means(objective, batch, train=True)["loss"] == pytest.approx(0.682724, abs=1e-5)

"""What is minimised and what is reported, per task.

An objective binds a model to a loss. It returns `Ratio`s: sums over the examples whose mask is 1,
and their count, so that the same numbers come out of masked, uneven and sharded batches. `loss` is
what the train step minimises.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from dl import metrics
from dl.types import Array, Batch, Carry, Heads, Key, Metrics, Model, ModelState, Objective, Params

Report = Callable[[Array, Batch], dict[str, Array]]
"""Outputs [B, ...] and batch -> name to per-example values [B]."""


def classification(
    model: Model, *, label_smoothing: float = 0.0, auxiliary_weight: float = 0.3, top_k: int = 0
) -> Objective:
    """Softmax cross-entropy over K classes and the fraction classified right.

    E = −Σ_k t_k log y_k with y = softmax(logits). With `label_smoothing` ε the training targets are
    (1 − ε) t + ε/K (Szegedy et al. 2016); the reported validation and test losses are never
    smoothed. In training every auxiliary head adds `auxiliary_weight` times its own E (Szegedy et
    al. 2015).

    Model outputs: logits [B, K], or in training `Heads` of such; `targets`: class numbers [B], int.
    Reports loss (nats), accuracy, and with `top_k` 5 as top5_accuracy how often the class is among
    the five with the largest logits.
    Source: A5, B1, E14.
    """

    def cross_entropy(logits: Array, targets: Array, *, smoothing: float) -> Array:
        require_class_numbers(logits, targets)
        if not smoothing:
            return optax.softmax_cross_entropy_with_integer_labels(logits, targets)
        return optax.softmax_cross_entropy(
            logits, optax.smooth_labels(jax.nn.one_hot(targets, logits.shape[-1]), smoothing)
        )

    def right(logits: Array, targets: Array) -> dict[str, Array]:
        top = {f"top{top_k}_accuracy": _is_among(logits, targets, top_k)} if top_k else {}
        return {"accuracy": is_right(logits, targets), **top}

    def training(outputs: Array, batch: Batch) -> dict[str, Array]:
        logits, auxiliary = outputs if isinstance(outputs, Heads) else (outputs, ())
        loss = cross_entropy(logits, batch["targets"], smoothing=label_smoothing)
        for head in auxiliary:
            loss += auxiliary_weight * cross_entropy(
                head, batch["targets"], smoothing=label_smoothing
            )
        return {"loss": loss, **right(logits, batch["targets"])}

    def reporting(logits: Array, batch: Batch) -> dict[str, Array]:
        loss = cross_entropy(logits, batch["targets"], smoothing=0.0)
        return {"loss": loss, **right(logits, batch["targets"])}

    return bind(model, reporting, training)


def maximum_a_posteriori(model: Model, *, rubbish: float = 10.0) -> Objective:
    """The criterion of LeNet-5 for units that measure distances: near to the right prototype, far
    from the others.

    E = y_t + log(e^−j + Σ_k e^−y_k) with penalties y and the right class t: the posterior's −log
    when a pattern is of one of the K classes or, at the fixed penalty j = `rubbish`, of none. Wrong
    classes farther than about j are left alone. The paper does not print its j.

    Model outputs: −y [B, K]; `targets`: class numbers [B], int. Reports loss (nats), accuracy.
    Source: E9; LeCun et al. 1998, equation 9.
    """

    def report(outputs: Array, batch: Batch) -> dict[str, Array]:
        require_class_numbers(outputs, batch["targets"])
        nobody = jnp.full_like(outputs[..., :1], -rubbish)
        every = jax.nn.logsumexp(jnp.concatenate([nobody, outputs], axis=-1), axis=-1)
        right = jnp.take_along_axis(outputs, batch["targets"][..., None], axis=-1)[..., 0]
        return {"loss": every - right, "accuracy": is_right(outputs, batch["targets"])}

    return bind(model, report)


def binary(model: Model) -> Objective:
    """Cross-entropy of independent yes-or-no outputs, each a logistic unit.

    E = −t log σ(a) − (1 − t) log(1 − σ(a)), averaged over the G outputs; an output counts as "yes"
    where a > 0.
    Model outputs: log-odds a [B, G]; `targets`: 0 or 1 [B, G]. Reports loss (nats), accuracy.
    Source: A4.
    """

    def report(logits: Array, batch: Batch) -> dict[str, Array]:
        require_same_shape(logits, batch["targets"])
        loss = optax.sigmoid_binary_cross_entropy(logits, batch["targets"])
        return {
            "loss": _mean_outputs(loss),
            "accuracy": _mean_outputs(_agrees(logits, batch["targets"])),
        }

    return bind(model, report)


def perceptron(model: Model) -> Objective:
    """The loss whose gradient descent at rate 1, one sample a batch, is the perceptron rule w ← w +
    (y − ŷ) x.

    L = (ŷ − y) a with a = w·x + b, ŷ = 1 if a > 0 else 0 held constant, so that ∂L/∂w = (ŷ − y) x.
    Model outputs: a [B, G]; `targets`: 0 or 1 [B, G]. Reports loss, accuracy. Source: A2
    (Rosenblatt 1958).
    """

    def report(activation: Array, batch: Batch) -> dict[str, Array]:
        require_same_shape(activation, batch["targets"])
        prediction = (activation > 0).astype(activation.dtype)
        loss = jnp.sum((prediction - batch["targets"]) * activation, axis=-1)
        return {"loss": loss, "accuracy": _mean_outputs(_agrees(activation, batch["targets"]))}

    return bind(model, report)


def regression(model: Model) -> Objective:
    """Squared error Σ_k (y_k − t_k)² an example (no ½), averaged over examples.

    Model outputs: y [B, ...]; `targets`: t of the same shape. Reports loss, mse. Source: B1, B2.
    """

    def report(outputs: Array, batch: Batch) -> dict[str, Array]:
        error = squared_error(outputs, batch["targets"])
        return {"loss": error, "mse": error}

    return bind(model, report)


def reconstruction(model: Model) -> Objective:
    """Squared error between the output and the input itself. Reports loss, mse. Source: F1.

    Model outputs: reconstruction [B, ...] of `inputs` [B, ...].
    """

    def report(outputs: Array, batch: Batch) -> dict[str, Array]:
        error = squared_error(outputs, batch["inputs"])
        return {"loss": error, "mse": error}

    return bind(model, report)


def squared_error(outputs: Array, targets: Array) -> Array:
    """Σ over all but the first axis of (y − t)²: [B, ...], [B, ...] -> [B]. Source: B1, B2.

    >>> squared_error(jnp.array([[0.3, 0.3, 0.4]]), jnp.array([[0.0, 0.0, 1.0]]))
    Array([0.54], dtype=float32)
    """
    require_same_shape(outputs, targets)
    return jnp.sum((outputs - targets) ** 2, axis=tuple(range(1, outputs.ndim)))


def require_same_shape(outputs: Array, targets: Array) -> None:
    """Raises ValueError unless outputs and targets have one shape."""
    if outputs.shape != targets.shape:
        raise ValueError(f"outputs {outputs.shape} and targets {targets.shape} must have one shape")


def require_class_numbers(logits: Array, targets: Array) -> None:
    """Raises ValueError unless `targets` [...] are integers, one for each row of `logits` [..., K]."""
    if targets.shape != logits.shape[:-1] or not jnp.issubdtype(targets.dtype, jnp.integer):
        raise ValueError(
            f"targets are {targets.dtype}{list(targets.shape)}; logits {list(logits.shape)} need class numbers, "
            f"integers {list(logits.shape[:-1])}"
        )


def is_right(logits: Array, targets: Array) -> Array:
    """1 where the class with the largest of `logits` [..., K] is the one of `targets` [...], else
    0.
    """
    return (jnp.argmax(logits, axis=-1) == targets).astype(jnp.float32)


def _is_among(logits: Array, targets: Array, count: int) -> Array:
    """Whether the class is one of the `count` with the largest logits; of equal ones the first
    counts as larger.
    """
    _, classes = jax.lax.top_k(logits, min(count, logits.shape[-1]))
    return jnp.any(classes == targets[..., None], axis=-1).astype(jnp.float32)


def _agrees(logits: Array, targets: Array) -> Array:
    return ((logits > 0) == (targets > 0.5)).astype(jnp.float32)


def _mean_outputs(values: Array) -> Array:
    return jnp.mean(values, axis=tuple(range(1, values.ndim)))


def bind(model: Model, reporting: Report, training: Report | None = None) -> Objective:
    """The objective that applies `model` and sums what `reporting` (or, while training, `training`)
    says of it.
    """

    def objective(
        params: Params,
        model_state: ModelState,
        batch: Batch,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Metrics, ModelState, Carry]:
        outputs, model_state, carry = model.apply(
            params, model_state, batch["inputs"], train=train, key=key, carry=carry
        )
        values = (training or reporting)(outputs, batch) if train else reporting(outputs, batch)
        sums: Metrics = {
            name: metrics.from_batch(value, batch["mask"]) for name, value in values.items()
        }
        return sums, model_state, carry

    return objective

"""Objectives of examples that each have one target: classes, yes or no, numbers."""

from functools import partial

import jax
import jax.numpy as jnp
import optax

from dl.objectives.binding import bind
from dl.objectives.comparing import (
    agrees,
    are_probabilities,
    class_entropy,
    is_among,
    is_right,
    mean_outputs,
    most_probable,
    require_class_numbers,
    require_same_shape,
    smoothed,
    squared_error,
)
from dl.ranges import Range, check_number
from dl.types import Array, Batch, Heads, Model, Objective


def classification(
    model: Model, *, label_smoothing: float = 0.0, auxiliary_weight: float = 0.3, top_k: int = 0
) -> Objective:
    """Softmax cross-entropy over K classes, and the fraction that is classified correctly.

    E = −Σ_k t_k log y_k with y = softmax(logits). With `label_smoothing` ε the training targets are
    (1 − ε) t + ε/K (Szegedy et al. 2016); validation and test losses are never smoothed. In
    training each auxiliary head adds `auxiliary_weight` times its own E (Szegedy et al. 2015).

    Model outputs: logits [B, K], or in training `Heads` of such; `targets`: class numbers [B], int.
    In training they may also be probabilities t [B, K], as mixup makes them; the most probable
    class then counts as the right one.
    Reports loss (nats) and accuracy. With `top_k` 5 it also reports top5_accuracy: how often the
    class is among the five with the largest logits.
    Source: A5, B1, E14.

    Raises:
        InputError: for a smoothing that is no share, a negative weight or `top_k`.
    """
    check_number("label_smoothing", label_smoothing, Range(at_least=0, below=1))
    check_number("auxiliary_weight", auxiliary_weight, Range(at_least=0))
    check_number("top_k", top_k, Range(at_least=0), whole=True)

    def right(logits: Array, targets: Array) -> dict[str, Array]:
        top = {f"top{top_k}_accuracy": is_among(logits, targets, top_k)} if top_k else {}
        return {"accuracy": is_right(logits, targets), **top}

    def training(outputs: Array, batch: Batch) -> dict[str, Array]:
        logits, auxiliary = outputs if isinstance(outputs, Heads) else (outputs, ())
        targets = batch["targets"]
        loss = _training_entropy(logits, targets, smoothing=label_smoothing)
        for head in auxiliary:
            loss += auxiliary_weight * _training_entropy(head, targets, smoothing=label_smoothing)
        return {"loss": loss, **right(logits, most_probable(targets, logits))}

    def reporting(logits: Array, batch: Batch) -> dict[str, Array]:
        require_class_numbers(logits, batch["targets"])
        loss = class_entropy(logits, batch["targets"], smoothing=0.0)
        return {"loss": loss, **right(logits, batch["targets"])}

    return bind(
        model,
        reporting,
        training=training,
        task="classification",
        label_smoothing=label_smoothing,
    )


def _training_entropy(logits: Array, targets: Array, *, smoothing: float) -> Array:
    if are_probabilities(targets, logits):
        targets = smoothed(targets, smoothing, classes=logits.shape[-1])
        return optax.softmax_cross_entropy(logits, targets)
    require_class_numbers(logits, targets)
    return class_entropy(logits, targets, smoothing=smoothing)


def maximum_a_posteriori(model: Model, *, rubbish: float = 10.0) -> Objective:
    """The criterion of LeNet-5, whose outputs are distances from one prototype per class.

    E = y_t + log(e^−j + Σ_k e^−y_k) with distances y and the right class t. This is −log of the
    posterior of class t, where a picture may also show none of the K classes, at the fixed distance
    j = `rubbish`. Wrong classes at more than about j have hardly any gradient. The paper does not
    print its j.

    Model outputs: −y [B, K]; `targets`: class numbers [B], int. Reports loss (nats), accuracy.
    Source: E9; LeCun et al. 1998, equation 9.
    """

    def report(outputs: Array, batch: Batch) -> dict[str, Array]:
        require_class_numbers(outputs, batch["targets"])
        none = jnp.full_like(outputs[..., :1], -rubbish)
        total = jax.nn.logsumexp(jnp.concatenate([none, outputs], axis=-1), axis=-1)
        right = jnp.take_along_axis(outputs, batch["targets"][..., None], axis=-1)[..., 0]
        return {"loss": total - right, "accuracy": is_right(outputs, batch["targets"])}

    return bind(model, report, task="classification")


def binary(model: Model, *, label_smoothing: float = 0.0) -> Objective:
    """Cross-entropy of independent yes-or-no outputs, each a logistic unit.

    E = −t log σ(a) − (1 − t) log(1 − σ(a)), averaged over the G outputs. An output says "yes" where
    a > 0. With `label_smoothing` ε the training targets are (1 − ε) t + ε/2.

    Model outputs: log-odds a [B, G]; `targets`: 0 or 1 [B, G]. Reports loss (nats), accuracy.
    Source: A4.
    """
    check_number("label_smoothing", label_smoothing, Range(at_least=0, below=1))

    def report(logits: Array, batch: Batch, *, smoothing: float = 0.0) -> dict[str, Array]:
        require_same_shape(logits, batch["targets"])
        targets = smoothed(batch["targets"], smoothing, classes=2)
        return {
            "loss": mean_outputs(optax.sigmoid_binary_cross_entropy(logits, targets)),
            "accuracy": mean_outputs(agrees(logits, batch["targets"])),
        }

    training = partial(report, smoothing=label_smoothing)
    return bind(model, report, training=training, task="binary", label_smoothing=label_smoothing)


def perceptron(model: Model) -> Objective:
    """The loss whose gradient descent is Rosenblatt's perceptron rule.

    L = (ŷ − y) a with a = w·x + b and ŷ = 1 if a > 0 else 0. ŷ is held constant, so ∂L/∂w = (ŷ − y)
    x: a step at rate 1 on one example is w ← w + (y − ŷ) x.
    Model outputs: a [B, G]; `targets`: 0 or 1 [B, G]. Reports loss, accuracy. Source: A2
    (Rosenblatt 1958).
    """

    def report(activation: Array, batch: Batch) -> dict[str, Array]:
        require_same_shape(activation, batch["targets"])
        prediction = (activation > 0).astype(activation.dtype)
        loss = jnp.sum((prediction - batch["targets"]) * activation, axis=-1)
        return {"loss": loss, "accuracy": mean_outputs(agrees(activation, batch["targets"]))}

    return bind(model, report, task="binary")


def regression(model: Model) -> Objective:
    """Squared error Σ_k (y_k − t_k)² of an example (no ½), averaged over examples.

    Model outputs: y [B, ...]; `targets`: t of the same shape. Reports loss, mse. Source: B1, B2.
    """

    def report(outputs: Array, batch: Batch) -> dict[str, Array]:
        error = squared_error(outputs, batch["targets"])
        return {"loss": error, "mse": error}

    return bind(model, report, task="regression")

"""Is the loss before training that of a net that knows nothing?"""

import math
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp

from dl import metrics
from dl.checks.finding import Finding, not_applicable
from dl.checks.subject import Subject
from dl.data.dataset import DataSpec
from dl.layers.precision import computing_in
from dl.objectives.binding import task_of
from dl.train.quick import jit_quickly
from dl.train.state import TrainState
from dl.types import Autoencoder, Batch, Metrics, Objective

NAME = "initial loss"
BAND, MOST = 2.0, 5.0
"""How many times the expected loss are a warning, and how many a failure."""
_LEAST_ROWS = 32


def initial_loss(subject: Subject) -> Finding:
    """The loss of the first parameters, beside that of equal outputs.

    K classes or symbols that are equally probable have a cross-entropy of ln K, G yes-or-no outputs
    ln 2 each (B4). For numbers and reconstructions it is compared with the loss of the net whose
    parameters are all 0, which as a rule predicts 0. A loss for which that net does not have
    the ln K of equal outputs, such as that of the perceptron rule, is not compared. It is
    the loss of evaluation, or for a model with batch statistics, which are not known yet, that of
    training. More than twice the expected loss is a warning; more than five times, or less than
    half of ln K, is a failure. So is a loss that is not finite.
    """
    batch = subject.batch(max(subject.options.batch_size, _LEAST_ROWS))
    state = subject.state_for(batch)
    objective, precision = subject.recipe.objective, subject.options.precision
    train = bool(state.model_state)
    measure = jit_quickly(partial(_loss, objective, train=train, precision=precision))
    blank = jax.tree.map(jnp.zeros_like, state.params)
    loss, of_zeros = (
        metrics.compute(measure(replace(state, params=params), batch))["loss"]
        for params in (state.params, blank)
    )
    if not math.isfinite(loss):
        remedy = "look at the inputs and at the first parameters, which are not finite or too large"
        return Finding(NAME, "failed", f"{loss:.4g}", "a finite number", remedy, loss)
    spec = subject.data.spec
    if isinstance(subject.recipe.model, Autoencoder) or spec.task == "regression":
        return _beside_zeros(loss, of_zeros)
    expected, words = loss_of_equal_outputs(spec, task_of(subject.recipe.objective))
    if not math.isclose(of_zeros, expected, rel_tol=1e-3):
        reason = f"{loss:.4g}; with parameters of 0 it is {of_zeros:.4g}, not {words}"
        return not_applicable(NAME, reason)
    return _beside_equal_outputs(loss, expected, words)


def _loss(
    objective: Objective, state: TrainState, batch: Batch, *, train: bool, precision: str
) -> Metrics:
    key = state.key if train else None
    with computing_in(precision):
        return objective(
            state.params, state.model_state, batch, train=train, key=key, carry=state.carry
        )[0]


def loss_of_equal_outputs(spec: DataSpec, task: str | None) -> tuple[float, str]:
    """The cross-entropy (nats) of outputs that are all equal, and how it is written. Source: B4.

    >>> spec = DataSpec("digits", "classification", (28, 28, 1), "uint8", ("a", "b", "c"), 9)
    >>> loss_of_equal_outputs(spec, None)
    (1.0986122886681098, 'ln 3 = 1.099')
    """
    if spec.task == "frames":
        loss = spec.classes * math.log(2)
        return loss, f"{spec.classes} ln 2 = {loss:.4g}"
    count = 2 if "binary" in (task, spec.task) else spec.classes
    return math.log(count), f"ln {count} = {math.log(count):.4g}"


def _beside_equal_outputs(loss: float, expected: float, words: str) -> Finding:
    band = f"about {words}"
    if loss > BAND * expected:
        remedy = (
            "the first outputs are far from equal: scale the inputs to mean 0 and variance 1, or "
            "begin with smaller weights in the last layer"
        )
        result = "warning" if loss <= MOST * expected else "failed"
        return Finding(NAME, result, f"{loss:.4g}", band, remedy, loss)
    if loss < expected / BAND:
        remedy = (
            "the net knows answers before it is trained: look whether its inputs contain the "
            "targets, or its parameters are those of an earlier training"
        )
        return Finding(NAME, "failed", f"{loss:.4g}", band, remedy, loss)
    return Finding(NAME, "passed", f"{loss:.4g}", band, value=loss)


def _beside_zeros(loss: float, of_zeros: float) -> Finding:
    expected = f"at most {BAND:g} × {of_zeros:.4g}, of parameters 0"
    if math.isfinite(of_zeros) and loss > BAND * of_zeros:
        remedy = (
            "the first outputs are far larger than the targets: scale inputs and targets, or begin "
            "with smaller weights in the last layer"
        )
        result = "warning" if loss <= MOST * of_zeros else "failed"
        return Finding(NAME, result, f"{loss:.4g}", expected, remedy, loss)
    return Finding(NAME, "passed", f"{loss:.4g}", expected, value=loss)

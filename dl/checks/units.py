"""Which units are dead or saturated on a batch?"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from dl.checks.finding import Finding, not_applicable
from dl.checks.subject import Subject, values_of
from dl.inspect.activation_outputs import Activation, activation_outputs
from dl.train.state import TrainState
from dl.types import Pair

NAME = "units"
SHARE_OF_OUTPUTS = 0.9
MANY = 0.5
_LEAST_ROWS, _MOST_ROWS = 32, 128
_ENDS = {"tanh": (-0.99, 0.99), "logistic": (0.01, 0.99)}


class Idle(NamedTuple):
    """How many units behind a layer pass no gradient on."""

    layer: str
    function: str
    idle: int
    units: int

    @property
    def share(self) -> float:
        """The share of the layer's units."""
        return self.idle / self.units

    def __str__(self) -> str:
        word = "dead" if self.function == "relu" else "saturated"
        return f"{self.layer}: {self.idle} of {self.units} {word}"


def units(subject: Subject, state: TrainState) -> Finding:
    """The share of dead and of saturated units by layer, on one batch.

    A ReLU unit is dead if it is 0 for all examples (in a map or a sequence: everywhere). A tanh or
    logistic unit is saturated if nine in ten of its outputs are within 0.01 of an end of its range.
    A layer of dead or saturated units alone passes no gradient on, which is a failure; more than
    half of them are a warning.
    Source: A6, C7.
    """
    if subject.data.spec.task == "play":
        return not_applicable(NAME, "the games have not begun, and all inputs are alike")
    rows = min(max(subject.options.batch_size, _LEAST_ROWS), _MOST_ROWS)
    inputs = subject.batch(rows)["inputs"]
    if not isinstance(inputs, Pair):  # an encoder-decoder reads both of its sides
        inputs = jnp.asarray(values_of(inputs))
    found = activation_outputs(subject.recipe.model, state.params, state.model_state, inputs)
    if not found:
        return not_applicable(NAME, "the model has no ReLU, tanh or logistic units")
    layers = [idle_units(each) for each in found]
    worst = max(layers, key=lambda each: each.share)
    many = [str(each) for each in layers if each.share > MANY]
    text = str(worst) if worst.idle else f"none dead or saturated in {len(layers)} activations"
    remedy = (
        f"{'; '.join(many[:3])}: begin with smaller weights and biases, lower --learning-rate, or "
        "put a norm before the activation"
    )
    expected = f"at most {MANY:.0%} of a layer".replace("%", " %")
    if worst.share == 1.0:
        return Finding(NAME, "failed", text, expected, remedy, worst.share)
    if many:
        return Finding(NAME, "warning", text, expected, remedy, worst.share)
    return Finding(NAME, "passed", text, expected, value=worst.share)


def idle_units(activation: Activation) -> Idle:
    """How many units [..., units] are dead or saturated.

    >>> idle_units(Activation("hidden", "relu", np.array([[0.0, 1.0], [0.0, 0.0]])))
    Idle(layer='hidden', function='relu', idle=1, units=2)
    """
    outputs = np.asarray(activation.outputs, np.float32)
    outputs = outputs.reshape(-1, outputs.shape[-1])
    if activation.function == "relu":
        idle = (outputs == 0).all(axis=0)
    else:
        low, high = _ENDS[activation.function]
        at_end = (outputs < low) | (outputs > high)
        idle = at_end.mean(axis=0) >= SHARE_OF_OUTPUTS
    return Idle(activation.layer, activation.function, int(idle.sum()), len(idle))

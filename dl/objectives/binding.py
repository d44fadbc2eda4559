"""From a model and a report of its outputs to an objective."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

import jax
import jax.numpy as jnp

from dl import metrics
from dl.data.tasks import TaskName
from dl.errors import InputError
from dl.layers.precision import in_float32
from dl.models.given import require_model
from dl.types import (
    Array,
    Batch,
    Carry,
    ExpRatio,
    Key,
    Metrics,
    Model,
    ModelState,
    Objective,
    Params,
    Ratio,
    Total,
)

Report = Callable[[Any, Batch], Mapping[str, Array | Ratio | ExpRatio | Total]]
"""Outputs and batch -> name to a value for each entry of the mask, or to a sum and its count."""


class Forward(Protocol):
    """What is computed from a batch before it is reported; `bind` applies a model."""

    def __call__(
        self,
        params: Params,
        model_state: ModelState,
        batch: Batch,
        *,
        train: bool,
        key: Key | None,
        carry: Carry,
    ) -> tuple[Any, ModelState, Carry]: ...


def bind(
    model: Model,
    report: Report,
    *,
    training: Report | None = None,
    task: TaskName | None = None,
    label_smoothing: float | Array | None = None,
) -> Objective:
    """The objective that applies `model` and sums what `report` says of its outputs.

    `training` replaces `report` while training, for a loss that is smoothed or penalised. Values
    are summed over the entries of the mask, [B] or [B, T], that are 1; a `Ratio` is taken as it is.
    A recurrent state that comes in with the batch goes out for the next one. `task` is what the
    targets are, where the objective takes those of one task only (`task_of`); `label_smoothing` is
    what it was made with, where it has any (`smoothing_of`).

    >>> from dl.types import Model
    >>> model = Model("same", lambda key, x: ({}, {}), lambda p, s, x, **_: (x, s, ()))
    >>> objective = bind(model, lambda outputs, batch: {"loss": outputs ** 2})
    >>> batch = {"inputs": jnp.array([1.0, 3.0]), "mask": jnp.ones(2)}
    >>> metrics.compute(objective({}, {}, batch)[0])
    {'loss': 5.0}
    """
    require_model(model, by="an objective")

    def forward(
        params: Params,
        model_state: ModelState,
        batch: Batch,
        *,
        train: bool,
        key: Key | None,
        carry: Carry,
    ) -> tuple[Any, ModelState, Carry]:
        before = _renewed(carry, batch["fresh"]) if "fresh" in batch else carry
        outputs, model_state, after = model.apply(
            params, model_state, batch["inputs"], train=train, key=key, carry=before
        )
        return outputs, model_state, after if jax.tree.leaves(carry) else ()

    objective = bind_forward(forward, report, training=training)
    options: Any = {"training": training, "task": task, "label_smoothing": label_smoothing}
    rebind = partial(bind, report=report, **options)
    objective.__dict__.update(task=task, label_smoothing=label_smoothing, rebind=rebind)
    return objective


def task_of(objective: Objective) -> TaskName | None:
    """The task whose targets the objective takes; None if it does not say.

    >>> import dl
    >>> task_of(dl.objectives.binary(dl.models.mlp(1)))
    'binary'
    """
    return getattr(objective, "task", None)


def training_metrics_of(objective: Objective) -> tuple[str, ...]:
    """The names of what the objective reports in training, where that is not what it evaluates.

    Such an objective has them as its attribute `training_metrics`; each is a `Ratio`.

    >>> import dl
    >>> training_metrics_of(dl.objectives.binary(dl.models.mlp(1)))
    ()
    """
    return getattr(objective, "training_metrics", ())


def bound_to(objective: Objective, model: Model) -> Objective:
    """The same loss and figures for another model, of which the objective knows nothing yet.

    Raises:
        InputError: for an objective that needs more of a model than its outputs.
    """
    rebind = getattr(objective, "rebind", None)
    if rebind is None:
        raise InputError(
            f"this objective cannot be evaluated on {model.name}: it has its own model"
        )
    return rebind(model)


def smoothing_of(objective: Objective) -> float | Array | None:
    """The label smoothing that the objective was made with; None if it has no such thing.

    >>> import dl
    >>> smoothing_of(dl.objectives.classification(dl.models.mlp(3), label_smoothing=0.1))
    0.1
    """
    return getattr(objective, "label_smoothing", None)


def follows_its_loss(objective: Objective) -> bool:
    """Whether the gradient of the objective is that of the loss which it reports.

    That of contrastive divergence is the gradient of no function.

    >>> import dl
    >>> follows_its_loss(dl.objectives.contrastive_divergence(dl.models.belief_net((2,), (2,))))
    False
    """
    return getattr(objective, "follows_its_loss", True)


def bind_forward(forward: Forward, report: Report, *, training: Report | None = None) -> Objective:
    """An objective from a forward pass and a report on what it gives.

    It is for a loss that needs more than the outputs of a model, such as an auto-encoder's code.
    For one that needs no more there is `bind`.
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
        outputs, model_state, carry = forward(
            params, model_state, batch, train=train, key=key, carry=carry
        )
        outputs = jax.tree.map(in_float32, outputs)
        values = (training or report)(outputs, batch) if train else report(outputs, batch)
        return _summed(values, batch["mask"]), model_state, carry

    return objective


def _summed(values: Mapping[str, Array | Ratio | ExpRatio | Total], mask: Array) -> Metrics:
    return {
        name: value
        if isinstance(value, Ratio | ExpRatio | Total)
        else metrics.from_batch(value, mask)
        for name, value in values.items()
    }


def _renewed(carry: Carry, fresh: Array) -> Carry:
    """The carry with zeros in the rows that are `fresh` [B]."""
    return jax.tree.map(lambda leaf: jnp.where(fresh[:, None] > 0, 0.0, leaf), carry)

"""A trained recipe, as `dl.fit` and `dl.load` return it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import jax

from dl import metrics
from dl.data.dataset import Dataset, DataSpec
from dl.data.example import example_inputs
from dl.data.naming import shown
from dl.data.text.reading import Reading
from dl.errors import InputError
from dl.runs.members import (
    as_committee,
    member_history,
    member_options,
    member_state,
    spread,
)
from dl.runs.reporting import AnyReport, report_on
from dl.runs.save import write_run
from dl.screen import escaped
from dl.tables import Table
from dl.train.compiled import can_loop
from dl.train.curve_chart import curves_html
from dl.train.evaluation import Evaluation
from dl.train.layout import make_layout
from dl.train.network import Inputs, Network, Predictions
from dl.train.processes import are_several
from dl.train.recipe import Recipe
from dl.train.record import Record, as_table, curve
from dl.train.state import TrainState, count_parameters
from dl.train.traced import choose_layout
from dl.train.training import Training
from dl.types import Array, Autoencoder, Metrics, Model, ModelState, Params


def _no_data() -> Dataset:
    raise InputError("the data of this training are not at hand: give evaluate(part, data=...)")


@dataclass(frozen=True, repr=False)
class Trained:
    """A recipe with its trained state, and with the history of its training.

    `interrupted` tells whether training stopped before its end; `pending` holds the metrics
    since the last record, so that a resumed training makes the same records as an uninterrupted
    one. `state` is where training ended, and where it goes on. After a training with patience
    `best` is where it validated best, and predictions and metrics are of these parameters. Of a
    population that is where the mean loss of its members is lowest.

    >>> import dl
    >>> model = dl.models.mlp(1, hidden_sizes=(4,))
    >>> recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.5))
    >>> options = dl.TrainOptions(epochs=2, batch_size=4, validation=0.0)
    >>> trained = dl.fit(recipe, dl.load_data("xor"), options, progress=False)
    >>> trained.step, sorted(trained.evaluate("test"))
    (2, ['accuracy', 'loss'])
    """

    recipe: Recipe
    spec: DataSpec
    options: Any
    state: TrainState
    history: list[Record]
    pending: Metrics = field(default_factory=dict)
    interrupted: bool = False
    best: Training | None = None
    open_data: Callable[[], Dataset] = _no_data
    """Opens the data that it was trained on."""

    @cached_property
    def applied(self) -> Recipe:
        """The recipe whose model answers: that of the committee, if there are several members."""
        return as_committee(self.recipe, self.spec, self.options)

    @property
    def model(self) -> Model:
        """The model of the recipe, or the committee of all members."""
        return self.applied.model

    @cached_property
    def members(self) -> "tuple[Trained, ...]":
        """The members of a population, each as if it had been trained alone."""
        return tuple(map(self._member, range(self.options.members)))

    def _member(self, number: int) -> "Trained":
        if self.options.members == 1:
            return self
        options = member_options(self.options, self.recipe.hyperparams, number)
        own = {name: getattr(options, name) for name in self.recipe.hyperparams}
        return replace(
            self,
            recipe=self.recipe.at(own),
            options=options,
            state=member_state(self.state, number),
            history=member_history(self.history, number),
            pending=jax.tree.map(lambda leaf: leaf[number], self.pending),
            best=self.best and jax.tree.map(lambda leaf: leaf[number], self.best),
        )

    @property
    def autoencoder(self) -> Autoencoder:
        """The model, if it encodes and decodes.

        Raises:
            InputError: when it is no auto-encoder.
        """
        if not isinstance(self.model, Autoencoder):
            raise InputError(f"{self.model.name} is no auto-encoder: it has no code")
        return self.model

    @property
    def answering(self) -> TrainState:
        """The state that predicts and is evaluated: the one that validated best, if it was kept."""
        return self.best.state if self.best else self.state

    @property
    def params(self) -> Params:
        """The trained parameters: their mean, if the training kept one (`ema`, `average_from`)."""
        return self.answering.evaluated_params

    @property
    def model_state(self) -> ModelState:
        """The running statistics of batch norm; empty for most models."""
        return self.answering.evaluated_state

    @property
    def step(self) -> int:
        """How many steps were made."""
        return self.state.steps_made

    @property
    def reading(self) -> Reading | None:
        """How text becomes symbols; None for other data."""
        return self.options.reading

    @cached_property
    def network(self) -> Network:
        """The model with its parameters, to be applied to raw inputs."""
        return Network(
            self.model,
            self.params,
            self.model_state,
            self.spec,
            self.reading,
            self.options.precision,
        )

    def outputs(self, inputs: Inputs) -> Array:
        """Raw outputs for raw inputs [B, ...]; see `Network.outputs`."""
        return self.network.outputs(inputs)

    def probabilities(self, inputs: Inputs) -> Array:
        """Probabilities for raw inputs [B, ...]; see `Network.probabilities`."""
        return self.network.probabilities(inputs)

    def predict(self, inputs: Inputs) -> Predictions:
        """The classes of raw inputs [B, ...], with `.labels` and `.probabilities` [B, K].

        See `Network.predict`.
        """
        return self.network.predict(inputs)

    def evaluate(self, part: str = "test", *, data: Dataset | None = None) -> dict[str, float]:
        """Metrics of a part of the data: train, validation or test; of other `data` if given.

        Raises:
            InputError: when there is no such part, or the data cannot be opened any more.
        """
        return self._evaluate(part) if data is None else self._evaluate_on(self._given(data))(part)

    def spread(self, part: str = "test", *, data: Dataset | None = None) -> dict[str, float]:
        """Mean, standard deviation (`_std`), `_min` and `_max` over the members of each metric.

        Raises:
            InputError: for a single net, and when there is no such part.
        """
        if self.options.members == 1:
            raise InputError("a single net has no spread: evaluate it, or train several members")
        data = self._given(data)
        one_device = replace(self.options, devices=1)
        layout = choose_layout(one_device, self.recipe.model, example_inputs(self.spec))
        loops = can_loop(self.recipe, data, self.options, layout)
        evaluate = Evaluation(self.recipe, data, self.options, layout, loops=loops)
        return spread(metrics.by_member(evaluate.sums(layout.put(self.answering), part)))

    def report(self, part: str = "test", *, data: Dataset | None = None) -> AnyReport:
        """How good the predictions for a part of the data are, of other `data` if given.

        Confusion matrix, precision, recall, F1, AUC, top-k accuracy, calibration, worst mistakes:
        as many as the task has (`dl.assess`). `print` shows it.

        Raises:
            InputError: when there is no such part, and for an auto-encoder.
        """
        data = self._given(data)
        return report_on(self.network, data, part, batch_size=self.options.batch_size)

    def save(self, folder: str | Path) -> Path:
        """Write it into a new `folder`, as a run that `dl.load` and the command line take.

        The seconds of training are not known, and are 0 in the files.

        Raises:
            InputError: for a recipe that no experiment builds (a folder holds no functions), and
                for a folder that holds something.
        """
        data = self.open_data()
        held_out = [part for part in ("validation", "test") if getattr(data, part) is not None]
        return write_run(
            folder,
            recipe=self.recipe,
            data=data,
            options=self.options,
            training=Training(self.state, self.pending),
            best=self.best,
            history=self.history,
            figures=None if self.interrupted else {part: self.evaluate(part) for part in held_out},
        )

    def curve(self, split: str, name: str) -> tuple[list[float], list[float]]:
        """Epochs and values of one metric on one split, ready to plot."""
        return curve(self.history, split, name)

    def history_table(self) -> Table:
        """The history as a table with a row for each record: `.csv()`, `.markdown()`, `.text()`."""
        return as_table(self.history)

    def __repr__(self) -> str:
        return f"Trained({self._title}, {self._progress})"

    def _repr_html_(self) -> str:
        facts = f"{self._progress}; {count_parameters(self.params):,} parameters"
        curves = curves_html(self.history, epochs=self.options.epochs)
        return f"<div><b>{escape(self._title)}</b><div>{escape(facts)}</div>{curves}</div>"

    @property
    def _title(self) -> str:
        members = self.options.members
        several = f"{members} × " if members > 1 else ""
        return escaped(f"{several}{self.recipe.model.name} on {self.spec.name}")

    @property
    def _progress(self) -> str:
        rest = ", interrupted: dl.fit(..., resume=...) goes on" if self.interrupted else ""
        return f"{self.step:,} steps{rest}"

    @cached_property
    def _evaluate(self) -> Callable[[str], dict[str, float]]:
        return self._evaluate_on(self.open_data())

    def _given(self, data: Dataset | None) -> Dataset:
        """`data`, or if there are none those that it was trained on."""
        if data is None:
            return self.open_data()
        if not isinstance(data, Dataset):
            raise InputError(
                f"data is {shown(data)}: give a Dataset, such as dl.make_dataset(x, y)"
            )
        return data

    def _evaluate_on(self, data: Dataset) -> Callable[[str], dict[str, float]]:
        """The metrics of a part of `data`, on one device wherever the state was trained.

        Several processes use all their devices, and all must call it.
        """
        devices = self.options.devices if are_several() else 1
        layout = make_layout("jit", devices=devices, batch_size=self.options.batch_size)
        loops = can_loop(self.applied, data, self.options, layout)
        evaluate = Evaluation(self.applied, data, self.options, layout, loops=loops)
        state = layout.put(self.answering)
        return lambda part: evaluate(state, part)

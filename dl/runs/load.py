"""A run brought back for use: model, parameters and preprocessing."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from dl.data.dataset import DataSpec
from dl.data.gather import check_inputs, normalize
from dl.data.text.reading import Reading
from dl.errors import InputError
from dl.runs.checkpoint import Checkpoints, DamagedCheckpoint
from dl.runs.folder import Config, RunFolder, open_folder
from dl.train.compiled import Training, start_training
from dl.types import Array, Autoencoder, Model, ModelState, Params, Ragged

Inputs: TypeAlias = np.ndarray | Array | Ragged | list[str]
"""Raw inputs [B, ...]; of several lengths; or texts."""


class Prediction(NamedTuple):
    """What a model says of one example: a class name and its probability."""

    label: str
    probability: float


@dataclass(frozen=True)
class Loaded:
    """A trained model with all that it needs to be applied.

    `params` and `model_state` go into `model.apply`; `spec` names the classes and holds the
    normalisation, `reading` how text becomes symbols.
    """

    model: Model
    params: Params
    model_state: ModelState
    spec: DataSpec
    step: int
    reading: Reading | None = None

    def outputs(self, inputs: Inputs) -> Array:
        """Raw outputs, logits [B, K] or reconstructions, for raw inputs [B, ...], such as uint8
        pictures [B, H, W, C].

        Sequences of several lengths are `Ragged`, or where the model reads whole texts a list of
        them; outputs of every step are [B, T, K].

        Raises:
            InputError: when the inputs do not have the shape that the model was trained on.
        """
        arrays = self._encode(inputs) if isinstance(inputs, list) else inputs
        check_inputs(arrays, self.spec)
        return self._apply(self.params, self.model_state, jax.tree.map(jnp.asarray, arrays))

    def probabilities(self, inputs: Inputs) -> Array:
        """Class probabilities [B, K], of the next symbol [B, T, V], or of each output that says yes
        or no.
        """
        to_probabilities = self._require_probabilities()
        return to_probabilities(self.outputs(inputs))

    def predict(self, inputs: Inputs) -> list[Prediction]:
        """The most probable class of each input [B, ...]; for other outputs see `probabilities`."""
        self._require_probabilities()
        if not self.spec.kind.chooses:
            raise InputError(
                f"{self.spec.name} has no classes to choose from: use probabilities(), one for each output"
            )
        probabilities = np.asarray(self.probabilities(inputs))
        winners = probabilities.argmax(axis=-1)
        return [
            Prediction(self.spec.class_names[winner], float(row[winner]))
            for winner, row in zip(winners, probabilities, strict=True)
        ]

    def _require_probabilities(self) -> Callable[[Array], Array]:
        """The function from outputs to probabilities, where the task has one."""
        if isinstance(self.model, Autoencoder):
            raise InputError(
                f"{self.model.name} has no classes: outputs() gives reconstructions, normalised as inputs"
            )
        if self.spec.kind.probabilities is None:
            answers = self.spec.kind.outputs
            raise InputError(f"{self.spec.name} has {answers} for answers: outputs() gives them")
        return self.spec.kind.probabilities

    def _encode(self, texts: list[str]) -> Ragged:
        """Whole texts as symbols; widths are rounded up, so that few programs serve texts of all
        lengths.
        """
        if self.spec.vocabulary is None or not self.spec.kind.chooses:
            raise InputError(
                f"the model of {self.spec.name} does not tell classes of texts: give it arrays"
            )
        reading = self.reading or Reading()
        most = reading.longest if reading.longest and reading.longer == "cut" else None
        rows = [self.spec.text.encode(text, unknown=reading.unknown)[:most] for text in texts]
        lengths = np.array([len(row) for row in rows], np.int32)
        if not len(rows) or not lengths.all():
            raise InputError("a text without any symbol has no class: give texts that have one")
        values = np.zeros((len(rows), -(-lengths.max() // 32) * 32), np.int32)
        for row, symbols in zip(values, rows, strict=True):
            row[: len(symbols)] = symbols
        return Ragged(values, lengths)

    @cached_property
    def _apply(self):
        def apply(params: Params, model_state: ModelState, inputs: Any) -> Array:
            return self.model.apply(params, model_state, normalize(inputs, self.spec))[0]

        return jax.jit(apply)


def load(run: str | Path, *, checkpoint: Literal["last", "best"] = "last") -> Loaded:
    """The model of the run in folder `run`, with its newest parameters or those that validated
    best.

    Needs neither the data nor the devices that it was trained with.

    Raises:
        InputError: when the folder is no run, has no checkpoint yet, or one that does not fit.
    """
    folder, config = open_folder(run)
    training, step = restore_training(folder, config, checkpoint=checkpoint)
    model = config.build().model
    state = training.state
    return Loaded(model, state.params, state.model_state, config.data, step, config.options.reading)


def restore_training(
    folder: RunFolder, config: Config, *, checkpoint: Literal["last", "best"] = "last"
) -> tuple[Training, int]:
    """The stored state of a run and its step, on one device."""
    like = start_training(config.build(), config.data, config.options)
    if not folder.checkpoints.is_dir():
        raise InputError(f"{folder.path} has no checkpoint yet: go on with `resume {folder.path}`")
    with Checkpoints(folder.checkpoints, keep=config.options.keep, read_only=True) as checkpoints:
        for step in _candidates(checkpoints, folder, checkpoint):
            try:
                return checkpoints.restore(step, like)[0], step
            except DamagedCheckpoint as error:
                warnings.warn(f"{error}; trying the one before it", stacklevel=2)
    raise InputError(f"{folder.path} has no intact checkpoint")


def _candidates(checkpoints: Checkpoints, folder: RunFolder, checkpoint: str) -> list[int]:
    """The steps to try, in order."""
    steps = checkpoints.steps()
    if not steps:
        raise InputError(f"{folder.path} has no checkpoint yet: go on with `resume {folder.path}`")
    if checkpoint == "last":
        return steps[::-1]
    if checkpoint != "best":
        raise InputError(f"checkpoint {checkpoint!r} is not one of last, best")
    best = checkpoints.best_step()
    if best is None or not folder.was_validated():
        raise InputError(
            f"{folder.path} was not validated (--validation 0), so none of its checkpoints is the best"
        )
    return [best]

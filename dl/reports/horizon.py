"""How far back the recurrent layers of a run reach, before and after its training (G2, G5)."""

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from dl.data.dataset import DataSpec
from dl.data.example import example_inputs
from dl.data.gather import normalize
from dl.data.sources.arrays import ArraySource
from dl.data.sources.ragged import RaggedSource
from dl.data.sources.source import Source
from dl.data.sources.streamed import StreamedSource
from dl.data.sources.tokens import TokenSource
from dl.data.split import permutation
from dl.errors import InputError
from dl.inspect.recurrence.horizon import LayerHorizons, layer_horizon
from dl.inspect.recurrence.text_gates import TextGates, check_recurrent, text_gates
from dl.models.recurrent_calls import LayerCall, recurrent_calls
from dl.runs.folder import open_folder
from dl.runs.initial import read_initial
from dl.runs.load import expected_training, load, restore_training
from dl.runs.open_data import open_data_of
from dl.train.first import start_training
from dl.train.state import TrainState
from dl.types import Array, Model, ModelState, Params


def horizons_of_run(
    run: str,
    *,
    sequences: int = 32,
    steps: int = 200,
    checkpoint: Literal["last", "best"] | None = None,
    package: str = "experiments",
) -> list[LayerHorizons]:
    """Every recurrent layer of the run's model on `sequences` of its test part.

    Each layer is looked at by itself: how its last state depends on its own earlier states. Of a
    stream, sequences are `steps` long. Of sequences of many lengths the longest are taken, and cut
    to the shortest of these.

    Raises:
        InputError: when the run is no recurrent net or has no checkpoint, and for fewer than one
            sequence or two steps.
        RunError: when its data have changed.
    """
    if sequences < 1 or steps < 2:
        raise InputError(f"give at least 1 sequence and 2 steps, not {sequences} and {steps}")
    folder, config = open_folder(run, package=package)
    recipe = config.build()
    _check_traced(recipe.model, expected_training(folder, config).state, config.data)
    fresh = start_training(recipe, config.data, config.options)
    fresh = read_initial(folder, config, fresh) if config.origin else fresh
    trained = restore_training(folder, config, checkpoint=checkpoint)[0].state
    data = open_data_of(folder, config)
    inputs = _draw(data.test, config.data, sequences=sequences, steps=steps)
    before, after = (
        recurrent_calls(recipe.model, state.params, state.model_state, inputs)
        for state in (fresh.state, trained)
    )
    return [_horizons(first, last) for first, last in zip(before, after, strict=True)]


def gates_of_text(
    run: str,
    text: str,
    *,
    checkpoint: Literal["last", "best"] | None = None,
    package: str = "experiments",
) -> list[TextGates]:
    """The gates and states of every recurrent layer of the run's model at each symbol of `text`.

    A model that was trained on documents reads `END` first, as in training. Source: G5.

    Raises:
        InputError: when the run does not read text or has no recurrent layer, for an empty text
            and for unknown symbols.
    """
    return text_gates(load(run, checkpoint=checkpoint, package=package), text)


def _check_traced(model: Model, state: TrainState, spec: DataSpec) -> None:
    """Raise an `InputError` for a model without recurrent layers, before anything is computed."""
    calls: list[LayerCall] = []

    def apply(params: Params, model_state: ModelState, inputs: Any) -> tuple[()]:
        calls.extend(recurrent_calls(model, params, model_state, inputs))
        return ()

    jax.eval_shape(apply, state.params, state.model_state, example_inputs(spec))
    check_recurrent(calls, model.name)


def _horizons(first: LayerCall, last: LayerCall) -> LayerHorizons:
    hidden_size = last.params["recurrent"].shape[0]
    initial, trained = (layer_horizon(call.kind, call.params, call.xs) for call in (first, last))
    steps, sequences = last.xs.shape[:2]
    return LayerHorizons(last.name, last.kind, hidden_size, sequences, steps, initial, trained)


def _draw(part: Source, spec: DataSpec, *, sequences: int, steps: int) -> Array:
    """Normalised inputs [B, T, ...] without padding."""
    if isinstance(part, TokenSource):
        steps = min(steps, len(part.tokens))
        starts = np.linspace(0, len(part.tokens) - steps, sequences).astype(int)
        return jnp.asarray(part.tokens[starts[:, None] + np.arange(steps)], jnp.int32)
    if isinstance(part, RaggedSource):
        longest = np.arange(max(0, len(part) - sequences), len(part))
        taken = part.gather(longest)
        # Cut before the net reads them, because backward layers would begin in the padding.
        return normalize(jnp.asarray(taken["inputs"][:, : taken["lengths"].min()]), spec)
    index = permutation(0, len(part))[:sequences]
    assert isinstance(part, ArraySource | StreamedSource)
    return normalize(jnp.asarray(part.gather(index)["inputs"]), spec)

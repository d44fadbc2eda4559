"""How the recurrent layers of a run remember: before and after its training, on its test part (G2, G5)."""

from typing import Any, Literal

import jax.numpy as jnp
import numpy as np

from dl.data.dataset import ArraySource, DataSpec, Part
from dl.data.gather import normalize
from dl.data.ragged import RaggedSource
from dl.data.split import permutation
from dl.data.tokens import TokenSource
from dl.errors import InputError
from dl.inspect.memory import LayerMemory, measure
from dl.models.recurrent_calls import LayerCall, recurrent_calls
from dl.runs.folder import open_folder
from dl.runs.load import restore_training
from dl.runs.setup import check_same_data, open_data
from dl.train.compiled import start_training
from dl.types import Ragged


def memory_of_run(
    run: str, *, sequences: int = 32, steps: int = 200, checkpoint: Literal["last", "best"] = "last"
) -> list[LayerMemory]:
    """Every recurrent layer of the run's model on `sequences` of its test part, those of a stream `steps` long.

    A layer is measured by itself: how the state that it ends with depends on its own states before. Sequences of many
    lengths are the longest ones, cut to the shortest of them.

    Raises:
        InputError: when the run is no recurrent net, has no checkpoint, or fewer than two steps are asked for.
        RunError: when its data have changed.
    """
    if sequences < 1 or steps < 2:
        raise InputError(f"give at least 1 sequence and 2 steps, not {sequences} and {steps}")
    folder, config = open_folder(run)
    parts = config.build()
    fresh = start_training(parts, config.data, config.options).state
    trained = restore_training(folder, config, checkpoint=checkpoint)[0].state
    data = open_data(config.options)
    check_same_data(folder, data)
    inputs, length = _draw(data.test, config.data, sequences=sequences, steps=steps)
    before, after = (recurrent_calls(parts.model, one.params, one.model_state, inputs) for one in (fresh, trained))
    if not after:
        raise InputError(f"{parts.model.name} has no recurrent layers: memory is of rnn, lstm and gru")
    return [_measured(first, last, length) for first, last in zip(before, after, strict=True)]


def _measured(first: LayerCall, last: LayerCall, length: int) -> LayerMemory:
    length = length or len(last.xs)
    hidden_size = last.params["recurrent"].shape[0]
    initial, trained = (measure(call.kind, call.params, call.xs[:length]) for call in (first, last))
    return LayerMemory(last.name, last.kind, hidden_size, last.xs.shape[1], length, initial, trained)


def _draw(part: Part, spec: DataSpec, *, sequences: int, steps: int) -> tuple[Any, int]:
    """Normalised inputs, and how many steps all of them have; 0 stands for all steps that there are."""
    if isinstance(part, TokenSource):
        steps = min(steps, len(part.tokens))
        starts = np.linspace(0, len(part.tokens) - steps, sequences).astype(int)
        return jnp.asarray(part.tokens[starts[:, None] + np.arange(steps)], jnp.int32), steps
    if isinstance(part, RaggedSource):
        longest = np.arange(max(0, len(part) - sequences), len(part))
        taken = part.gather(longest)
        values = normalize(jnp.asarray(taken["inputs"]), spec)
        return Ragged(values, jnp.asarray(taken["lengths"])), int(taken["lengths"].min())
    index = permutation(0, len(part))[:sequences]
    raw = part.inputs[index] if isinstance(part, ArraySource) else part.gather(index)["inputs"]
    return normalize(jnp.asarray(raw), spec), 0

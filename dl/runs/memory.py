"""How the recurrent layers of a run remember: before and after its training, on its test part (G2,
G5).
"""

from typing import Literal

import jax.numpy as jnp
import numpy as np

from dl.data.dataset import DataSpec, Part
from dl.data.gather import normalize
from dl.data.sources.arrays import ArraySource
from dl.data.sources.ragged import RaggedSource
from dl.data.sources.tokens import TokenSource
from dl.data.split import permutation
from dl.data.text.vocabulary import END
from dl.errors import InputError
from dl.inspect.gates import gate_activations
from dl.inspect.memory import LayerMemory, measure
from dl.inspect.text_gates import TextGates
from dl.models.recurrent_calls import LayerCall, recurrent_calls
from dl.runs.folder import open_folder
from dl.runs.initial import read_initial
from dl.runs.load import load, restore_training
from dl.runs.setup import check_same_data, open_data
from dl.train.compiled import start_training
from dl.types import Array


def memory_of_run(
    run: str, *, sequences: int = 32, steps: int = 200, checkpoint: Literal["last", "best"] = "last"
) -> list[LayerMemory]:
    """Every recurrent layer of the run's model on `sequences` of its test part, those of a stream
    `steps` long.

    A layer is measured by itself: how the state that it ends with depends on its own states before.
    Sequences of many lengths are the longest ones, cut to the shortest of them.

    Raises:
        InputError: when the run is no recurrent net, has no checkpoint, or fewer than two steps are
            asked for.
        RunError: when its data have changed.
    """
    if sequences < 1 or steps < 2:
        raise InputError(f"give at least 1 sequence and 2 steps, not {sequences} and {steps}")
    folder, config = open_folder(run)
    recipe = config.build()
    fresh = start_training(recipe, config.data, config.options)
    fresh = read_initial(folder, config, fresh) if config.origin else fresh
    trained = restore_training(folder, config, checkpoint=checkpoint)[0].state
    data = open_data(config.options)
    check_same_data(folder, data)
    inputs = _draw(data.test, config.data, sequences=sequences, steps=steps)
    states = fresh.state, trained
    before, after = (
        recurrent_calls(recipe.model, one.params, one.model_state, inputs) for one in states
    )
    _check_recurrent(after, recipe.model.name)
    return [_measured(first, last) for first, last in zip(before, after, strict=True)]


def gates_of_text(
    run: str, text: str, *, checkpoint: Literal["last", "best"] = "last"
) -> list[TextGates]:
    """The gates and states of every recurrent layer of the run's model at each symbol of `text`.
    Source: G5.

    Documents begin with their `END`, as in training.

    Raises:
        InputError: when the run does not read text or has no recurrent layer, for an empty text and
            unknown symbols.
    """
    loaded = load(run, checkpoint=checkpoint)
    vocabulary = loaded.spec.text
    numbers = vocabulary.encode(text, unknown="refuse")
    if not len(numbers):
        raise InputError("the text is empty: give one symbol at least")
    if END in vocabulary.symbols:
        numbers = np.array([vocabulary.end, *numbers])
    symbols = [
        END if vocabulary.symbols[number] == END else vocabulary.decode([number])
        for number in numbers
    ]
    calls = recurrent_calls(
        loaded.model, loaded.params, loaded.model_state, jnp.asarray(numbers)[None]
    )
    _check_recurrent(calls, loaded.model.name)
    return [_gates(call, symbols) for call in calls]


def _check_recurrent(calls: list[LayerCall], name: str) -> None:
    if not calls:
        raise InputError(f"{name} has no recurrent layers: memory is of rnn, lstm and gru")


def _gates(call: LayerCall, symbols: list[str]) -> TextGates:
    found = gate_activations(call.kind, call.params, call.xs)
    in_order = {
        name: np.asarray(values)[:: -1 if call.reverse else 1, 0] for name, values in found.items()
    }
    return TextGates(call.name, call.kind, symbols, in_order)


def _measured(first: LayerCall, last: LayerCall) -> LayerMemory:
    hidden_size = last.params["recurrent"].shape[0]
    initial, trained = (measure(call.kind, call.params, call.xs) for call in (first, last))
    steps, sequences = last.xs.shape[:2]
    return LayerMemory(last.name, last.kind, hidden_size, sequences, steps, initial, trained)


def _draw(part: Part, spec: DataSpec, *, sequences: int, steps: int) -> Array:
    """Normalised inputs [B, T, ...], all of whose steps are real."""
    if isinstance(part, TokenSource):
        steps = min(steps, len(part.tokens))
        starts = np.linspace(0, len(part.tokens) - steps, sequences).astype(int)
        return jnp.asarray(part.tokens[starts[:, None] + np.arange(steps)], jnp.int32)
    if isinstance(part, RaggedSource):
        longest = np.arange(max(0, len(part) - sequences), len(part))
        taken = part.gather(longest)
        # Cut before the net reads them: backward layers would begin in the padding.
        return normalize(jnp.asarray(taken["inputs"][:, : taken["lengths"].min()]), spec)
    index = permutation(0, len(part))[:sequences]
    raw = part.inputs[index] if isinstance(part, ArraySource) else part.gather(index)["inputs"]
    return normalize(jnp.asarray(raw), spec)

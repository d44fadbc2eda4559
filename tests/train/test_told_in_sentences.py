"""What a notebook's user hands over by mistake is told in a sentence, with what to give instead."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from flax import linen as nn
from flax import nnx

import dl
from dl.errors import InputError
from dl.train.record import Record, curve

MODEL = dl.models.mlp(1, hidden_sizes=(4,))
OBJECTIVE, OPTIMIZER = dl.objectives.binary(MODEL), dl.optimizers.sgd(0.5)
CLASSES = dl.models.mlp(3, hidden_sizes=(4,))
OPTIONS = dl.TrainOptions(epochs=1, batch_size=4, validation=0.0)
X, Y, MASK = np.zeros((4, 2), np.float32), np.zeros((4, 1), np.float32), np.ones(4, np.float32)
BATCH = {"inputs": X, "targets": Y, "mask": MASK}
RECORDS = [Record(10, 1.0, "train", {"loss": 0.5, "accuracy": 0.9})]


def fit(recipe: Any, data: Any = None, options: Any = OPTIONS) -> None:
    dl.fit(recipe, dl.load_data("xor") if data is None else data, options, progress=False)


def step(state: Any, batch: Any, objective: Any = OBJECTIVE, augment: Any = None) -> None:
    """One step that is traced and not computed, as `dl.jit_step` begins."""
    made = dl.make_train_step(objective, OPTIMIZER)
    jax.eval_shape(dl.train.step.augmented(made, augment) if augment else made, state, batch)


def state(model: Any = MODEL) -> Any:
    return jax.eval_shape(lambda: dl.init_state(model, OPTIMIZER, X, seed=0))


CASES: dict[str, tuple[Callable[[], Any], str]] = {
    "curve of a part without records": (lambda: curve(RECORDS, "test", "loss"), "only of train"),
    "curve of nothing": (lambda: curve([], "train", "loss"), "only of nothing yet"),
    "curve of an unknown metric": (
        lambda: curve(RECORDS, "train", "acuracy"),
        "did you mean accuracy?",
    ),
    "step without a mask": (lambda: step(state(), {"inputs": X, "targets": Y}), "no 'mask': add 1"),
    "step without targets": (lambda: step(state(), {"inputs": X, "mask": MASK}), "no 'targets'"),
    "step with other names": (lambda: step(state(), {"x": X, "y": Y}), "has x, y and no 'inputs'"),
    "step with a pair": (lambda: step(state(), (X, Y)), "a batch is a dict .* not tuple"),
    "step with parameters": (lambda: step(state().params, BATCH), "TrainState .* is dict"),
    "step with augmentation and no index": (
        lambda: step(state(), BATCH, augment=dl.augment.affine(degrees=1.0)),
        "no 'index': add each example's number",
    ),
    "step with too few targets": (
        lambda: step(state(), {**BATCH, "targets": Y[:3]}),
        r"outputs \(4, 1\) and targets \(3, 1\)",
    ),
    "step with a short mask": (lambda: step(state(), {**BATCH, "mask": MASK[:2]}), "and mask"),
    "step with numbers for classes": (
        lambda: step(state(CLASSES), BATCH, dl.objectives.classification(CLASSES)),
        "need class numbers, integers .* one-hot",
    ),
    "evaluation step without a mask": (
        lambda: jax.eval_shape(dl.make_eval_step(OBJECTIVE), state(), {"inputs": X}),
        "no 'mask'",
    ),
    "a Linen module in a recipe": (
        lambda: fit(dl.Recipe(nn.Dense(1), OBJECTIVE, OPTIMIZER)),
        r"Dense is a Flax Linen module: give dl\.from_linen\(module\)",
    ),
    "a Linen class in a recipe": (
        lambda: fit(dl.Recipe(nn.Dense, OBJECTIVE, OPTIMIZER)),
        r"dl\.from_linen\(Dense\(\.\.\.\)\)",
    ),
    "a Linen module for an objective": (
        lambda: dl.objectives.classification(nn.Dense(1)),
        r"from_linen",
    ),
    "an NNX module for an objective": (
        lambda: dl.objectives.regression(nnx.Linear(2, 1, rngs=nnx.Rngs(0))),
        r"Linear is a Flax NNX module: give dl\.from_nnx",
    ),
    "a Linen module for a state": (
        lambda: dl.init_state(nn.Dense(1), OPTIMIZER, X, seed=0),
        "from_linen",
    ),
    "a Linen module to summarize": (lambda: dl.summarize(nn.Dense(1), (2,)), "from_linen"),
    "a function that makes models": (
        lambda: fit(dl.Recipe(dl.models.mlp, OBJECTIVE, OPTIMIZER)),
        "takes a Model, not mlp: call it",
    ),
    "an objective without its model": (
        lambda: fit(dl.Recipe(MODEL, dl.objectives.classification, OPTIMIZER)),
        r"give classification\(model\)",
    ),
    "a rate for an optimizer": (lambda: fit(dl.Recipe(MODEL, OBJECTIVE, 0.1)), "not 0.1: make one"),
    "a number for an objective": (lambda: fit(dl.Recipe(MODEL, 1, OPTIMIZER)), "not 1: make one"),
    "a word for an augmentation": (
        lambda: fit(dl.Recipe(MODEL, OBJECTIVE, OPTIMIZER, "mirror")),
        "augment is a function or None, not 'mirror'",
    ),
    "a classifier for an auto-encoder": (
        lambda: dl.objectives.reconstruction.autoencoding(MODEL),
        "mlp is no auto-encoder",
    ),
    "a model for a recipe": (lambda: fit(MODEL), r"takes a dl\.Recipe\(.*\), not Model"),
    "a dict for options": (
        lambda: fit(dl.Recipe(MODEL, OBJECTIVE, OPTIMIZER), options={"epochs": 1}),
        r"takes dl\.TrainOptions\(epochs=\.\.\., \.\.\.\), not dict",
    ),
    "arrays to load_data": (lambda: dl.load_data((X, Y)), r"a tuple: .*dl\.make_dataset\(x, y\)"),
    "an array to load_data": (lambda: dl.load_data(X), r"dl\.make_dataset"),
    "a data set to load_data": (lambda: dl.load_data(dl.load_data("xor")), "this is a Dataset"),
    "a path to load_data": (lambda: dl.load_data(Path("pictures")), "'folder:PATH'"),
    "nothing to load_data": (lambda: dl.load_data(None), "this is a NoneType"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_told_in_a_sentence(name: str) -> None:
    call, says = CASES[name]
    with pytest.raises(InputError) as raised:
        call()
    message = str(raised.value)
    assert re.search(says, message), message
    assert "\n" not in message
    assert len(message) < 400


def test_a_key_error_of_the_user_s_own_loss_stays_one() -> None:
    objective = dl.objectives.binding.bind(MODEL, lambda outputs, batch: {"loss": batch["weights"]})
    with pytest.raises(KeyError, match="weights"):
        step(state(), BATCH, objective)


def test_what_was_right_is_still_taken() -> None:
    step(state(), BATCH)
    assert curve(RECORDS, "train", "loss") == ([1.0], [0.5])

"""Evaluation: every example once; of a stream every symbol but the first, after all before it."""

import math
from dataclasses import replace
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import metrics, models, objectives
from dl.data.dataset import Dataset, DataSpec
from dl.data.sources.tokens import TokenSource
from dl.data.text.vocabulary import Vocabulary
from dl.train.compile_clock import CompileClock
from dl.train.compiled import compile_recipe
from dl.train.evaluation import evaluate_carried
from dl.train.layout import make_layout

V, T = 4, 5
MODEL = models.language_model("lstm", V, hidden_size=6)
OBJECTIVE = objectives.next_symbol(MODEL)
RNG = np.random.default_rng(0)
TOKENS = {
    name: RNG.integers(0, V, n).astype(np.uint8)
    for name, n in (("train", 200), ("validation", 38), ("test", 2))
}
SOURCES = {name: TokenSource(tokens, T) for name, tokens in TOKENS.items()}
SPEC = DataSpec(
    "stream",
    "language",
    (T,),
    "int32",
    (),
    len(SOURCES["train"]),
    carried=True,
    vocabulary=Vocabulary("char", tuple("abcd")),
)
DATA = Dataset(SPEC, SOURCES["train"], SOURCES["validation"], SOURCES["test"])
OPTIONS = dl.TextOptions(batch_size=4, segment=T, epochs=2, validation=0.2)


@cache
def params() -> Any:
    shapes, _ = jax.eval_shape(MODEL.init, jax.random.key(0), jnp.zeros((1, 1), jnp.int32))
    rng = np.random.default_rng(1)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape), leaf.dtype), shapes)


@cache
def reference(part: str) -> dict[str, float]:
    """One pass over the whole part, and a mean in Python."""
    tokens = TOKENS[part].astype(int)
    logits = np.asarray(
        jax.jit(MODEL.apply)(params(), {}, jnp.asarray(tokens[None, :-1]))[0][0], np.float64
    )
    nats = [
        math.log(np.exp(row).sum()) - row[symbol]
        for row, symbol in zip(logits, tokens[1:], strict=True)
    ]
    loss, right = sum(nats) / len(nats), float((logits.argmax(-1) == tokens[1:]).mean())
    return {
        "loss": loss,
        "bits": loss / math.log(2),
        "perplexity": math.exp(loss),
        "accuracy": right,
    }


def total(by_segment: Any) -> Any:
    return jax.tree.map(lambda leaf: np.sum(leaf, axis=0), by_segment)


@pytest.mark.parametrize("steps", [1, 5, 37])
def test_a_stream_is_evaluated_as_if_in_one_pass_whatever_the_segments(steps: int) -> None:
    source = TokenSource(TOKENS["validation"], steps)
    (indexed,) = source.evaluation_calls(batch_size=4)()
    evaluate = jax.jit(partial(evaluate_carried, MODEL, OBJECTIVE, source.batch))
    sums = evaluate(params(), {}, source.evaluation_arrays(), indexed)
    assert sums["loss"].count.shape == (math.ceil(37 / steps),)
    assert total(sums)["loss"].count == 37
    assert metrics.compute(total(sums)) == pytest.approx(reference("validation"), rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "devices"), [("jit", 1), ("jit", 2), ("pmap", 2)])
def test_a_run_evaluates_its_parts_alike_on_any_devices(mode: str, devices: int) -> None:
    recipe = dl.Recipe(MODEL, OBJECTIVE, dl.optimizers.sgd(0.1))
    compiled = compile_recipe(
        recipe, DATA, OPTIONS, make_layout(mode, devices=devices, batch_size=4)
    )
    compiled.compile_ahead()
    training = compiled.start(None)
    # A carry of the training that would spoil what it gets into.
    full = jax.tree.map(lambda leaf: leaf + 9.0, compiled.layout.fetch(training.state).carry)
    state = replace(compiled.layout.fetch(training.state), params=params(), carry=full)
    placed = compiled.layout.put(training._replace(state=state)).state
    for part in ("validation", "test"):
        assert compiled.evaluate(placed, part) == pytest.approx(reference(part), rel=1e-5)


def test_an_evaluation_step_begins_every_row_from_nothing() -> None:
    step = jax.jit(dl.make_eval_step(OBJECTIVE))
    rows = jnp.asarray(TOKENS["validation"][:20].astype(np.int32).reshape(4, 5))
    batch = {
        "inputs": rows[:, :-1],
        "targets": rows[:, 1:],
        "mask": jnp.ones((4, 4)),
        "index": jnp.arange(4),
    }
    state = dl.TrainState(
        jnp.int32(0), jax.random.key(0), params(), {}, (), carry=MODEL.zero_carry(4)
    )
    spoiled = replace(state, carry=jax.tree.map(lambda leaf: leaf + 9.0, state.carry))
    jax.tree.map(np.testing.assert_array_equal, step(spoiled, batch), step(state, batch))


def test_parts_of_all_sizes_share_one_program() -> None:
    data = dl.load_data("moons", validation=0.013)
    parts = ("validation", "test", "train")
    assert len({len(data.part(part)) for part in parts}) == 3
    model = models.mlp(1, hidden_sizes=(3,))
    recipe = dl.Recipe(model, objectives.binary(model), dl.optimizers.sgd(0.1))
    options = dl.TrainOptions(batch_size=16, devices=1)
    compiled = compile_recipe(recipe, data, options, make_layout(devices=1, batch_size=16))
    state = compiled.start(None).state
    compiled.evaluate(state, "validation")
    clock = CompileClock()
    accuracies = {part: compiled.evaluate(state, part)["accuracy"] for part in parts}
    assert clock.seconds == 0.0
    for part in parts:
        inputs, targets = data.part(part).inputs, data.part(part).targets
        outputs = np.asarray(model.apply(state.params, {}, jnp.asarray(inputs))[0])
        assert accuracies[part] == pytest.approx(np.mean((outputs > 0) == (targets > 0.5)))

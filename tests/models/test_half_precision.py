"""bfloat16 for every model: its products are in it, all that is kept stays float32."""

from collections import Counter
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from model_cases import DEEP, FLAT, Case

import dl
from dl.jaxprs import equations

FLOAT32 = {
    "spoken_word": 1,  # the filters of log-mel energies
    "acoustic": 5,  # the same, and sums of CTC over places
    "attention_additive": 9,  # scores, weights and contexts of attention
    "attention_multiplicative": 9,
    "captioner": 7,
    "encoder_decoder": 1,  # the mean of what was read
    "two_tower": 2,  # sums of biases
}
"""Products of a training step that stay in float32, by model."""
NONE_AT_ALL = ("factorisation",)
QUICK = ("mlp", "belief_net", "two_tower")


def of_every_model() -> Any:
    cases = {param.values[0].name: param.values[0] for param in DEEP + FLAT}
    del cases["googlenet_normalised_with_heads"]  # half a minute, and like others here
    marked = [
        pytest.param(case, id=name, marks=() if name in QUICK else pytest.mark.slow)
        for name, case in cases.items()
    ]
    return pytest.mark.parametrize("case", marked)


@of_every_model()
def test_products_are_in_bfloat16_and_what_is_kept_in_float32(case: Case) -> None:
    step = dl.make_train_step(case.objective, case.optimizer, precision="bfloat16")

    def traced(params: Any, model_state: Any, batch: Any) -> Any:
        opt_state = case.optimizer.init(params)
        state = dl.TrainState(jnp.int32(0), jax.random.key(0), params, model_state, opt_state)
        return step(state, batch)

    program, (after, sums) = jax.make_jaxpr(traced, return_shape=True)(
        *case.shapes(), case.batch(8)
    )
    types = Counter(
        tuple(str(factor.aval.dtype) for factor in equation.invars)
        for equation in equations(program.jaxpr, platform="tpu")
        if equation.primitive.name in ("dot_general", "conv_general_dilated")
    )
    half = types.pop(("bfloat16", "bfloat16"), 0)
    assert types.pop(("float32", "float32"), 0) == FLOAT32.get(case.name, 0)
    assert not types
    assert (half == 0) == (case.name in NONE_AT_ALL)
    kept = (after.params, after.opt_state, after.model_state, sums)
    assert {str(leaf.dtype) for leaf in jax.tree.leaves(kept)} <= {"float32", "int32"}

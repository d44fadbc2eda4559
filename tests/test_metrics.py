"""Metrics are sums and counts: they merge like numbers, ignore padding, and do not depend on the
grouping.
"""

import math

import hypothesis.strategies as st
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

from dl import metrics
from dl.types import ExpRatio, Metrics, Ratio

quick = settings(max_examples=12)
# Small integers are exact in float32, so that equality can be asked for and not closeness.
whole = st.integers(-50, 50)
counts = st.integers(0, 50)
some_metrics = st.fixed_dictionaries(
    {"loss": st.tuples(whole, counts), "accuracy": st.tuples(whole, counts)}
)


def make(pairs: dict[str, tuple[int, int]]) -> Metrics:
    return {
        name: Ratio(jnp.float32(total), jnp.float32(count))
        for name, (total, count) in pairs.items()
    }


def numbers(merged: Metrics) -> dict[str, tuple[float, float]]:
    return {name: (float(ratio.sum), float(ratio.count)) for name, ratio in merged.items()}


@quick
@given(a=some_metrics, b=some_metrics, c=some_metrics)
def test_merge_is_associative_and_commutative(a: dict, b: dict, c: dict) -> None:
    a, b, c = make(a), make(b), make(c)
    assert numbers(metrics.merge(metrics.merge(a, b), c)) == numbers(
        metrics.merge(a, metrics.merge(b, c))
    )
    assert numbers(metrics.merge(a, b)) == numbers(metrics.merge(b, a))


@quick
@given(a=some_metrics)
def test_zeros_like_is_neutral(a: dict) -> None:
    made = make(a)
    assert numbers(metrics.merge(made, metrics.zeros_like(made))) == numbers(made)
    assert numbers(metrics.merge(metrics.zeros_like(made), made)) == numbers(made)


@quick
@given(a=some_metrics, b=some_metrics)
def test_merge_adds_sums_and_counts(a: dict, b: dict) -> None:
    expected = {name: tuple(map(float, np.add(a[name], b[name]))) for name in a}
    assert numbers(metrics.merge(make(a), make(b))) == expected


@quick
@given(examples=st.lists(st.tuples(whole, st.booleans()), min_size=1, max_size=20))
def test_masked_equals_subset(examples: list[tuple[int, bool]]) -> None:
    values = np.array([value for value, _ in examples], np.float32)
    mask = np.array([kept for _, kept in examples])
    masked = metrics.from_batch(jnp.array(values), jnp.array(mask, jnp.float32))
    subset = metrics.from_batch(jnp.array(values[mask]), jnp.ones(int(mask.sum())))
    assert (float(masked.sum), float(masked.count)) == (float(subset.sum), float(subset.count))
    assert (float(masked.sum), float(masked.count)) == (values[mask].sum(), mask.sum())


@pytest.mark.parametrize("rubbish", [math.nan, math.inf, -math.inf])
def test_padding_does_not_leak(rubbish: float) -> None:
    ratio = metrics.from_batch(jnp.array([1.0, rubbish, 3.0]), jnp.array([1.0, 0.0, 1.0]))
    assert (float(ratio.sum), float(ratio.count)) == (4.0, 2.0)


@pytest.mark.parametrize("real", [math.nan, math.inf])
def test_a_real_example_that_is_not_finite_is_seen(real: float) -> None:
    ratio = metrics.from_batch(jnp.array([1.0, real]), jnp.ones(2))
    assert not math.isfinite(metrics.compute({"loss": ratio})["loss"])


@pytest.mark.parametrize("dtype", [jnp.bool_, jnp.int32, jnp.float32])
def test_masks_and_values_of_any_dtype_are_summed_in_float32(dtype: type) -> None:
    ratio = metrics.from_batch(jnp.array([1, 1, 0, 1], dtype), jnp.array([1, 0, 1, 1], dtype))
    assert (ratio.sum.dtype, ratio.count.dtype) == (jnp.float32, jnp.float32)
    assert (float(ratio.sum), float(ratio.count)) == (2.0, 3.0)


def test_half_precision_values_are_summed_in_float32() -> None:
    # 4096 ones: a bfloat16 sum would stop growing at 256.
    ratio = metrics.from_batch(jnp.ones(4096, jnp.bfloat16), jnp.ones(4096, jnp.bfloat16))
    assert metrics.compute({"loss": ratio}) == {"loss": 1.0}
    assert float(ratio.count) == 4096


def test_compute_without_examples_is_nan_and_says_so_for_that_metric_only() -> None:
    computed = metrics.compute(make({"loss": (0, 0), "accuracy": (3, 4)}))
    assert math.isnan(computed["loss"])
    assert computed["accuracy"] == 0.75
    assert all(type(value) is float for value in computed.values())


@quick
@given(
    values=st.lists(whole, min_size=1, max_size=24),
    cuts=st.sets(st.integers(1, 23), max_size=6),
    padding=st.integers(0, 3),
)
def test_any_grouping_into_batches_gives_the_same_mean(
    values: list[int], cuts: set[int], padding: int
) -> None:
    array = np.array(values, np.float32)
    total = metrics.zeros_like({"loss": Ratio(jnp.float32(0), jnp.float32(0))})
    for group in np.split(array, sorted(cut for cut in cuts if cut < len(array))):
        padded = jnp.array(np.append(group, np.full(padding, np.nan)), jnp.float32)
        mask = jnp.array(np.append(np.ones(len(group)), np.zeros(padding)), jnp.float32)
        total = metrics.merge(total, {"loss": metrics.from_batch(padded, mask)})
    assert metrics.compute(total)["loss"] == float(array.sum(dtype=np.float64)) / len(array)


@quick
@given(a=st.tuples(whole, counts), b=st.tuples(whole, counts))
def test_a_perplexity_is_the_exponential_of_the_merged_mean_not_a_mean_of_exponentials(
    a: tuple, b: tuple
) -> None:
    parts = [
        {"perplexity": ExpRatio(jnp.float32(total), jnp.float32(count))} for total, count in (a, b)
    ]
    merged = metrics.merge(metrics.merge(parts[0], metrics.zeros_like(parts[0])), parts[1])
    assert isinstance(merged["perplexity"], ExpRatio)
    total, count = np.add(a, b)
    found = metrics.compute(merged)["perplexity"]
    assert (
        math.isnan(found)
        if not count
        else found == pytest.approx(math.exp(total / count), rel=1e-6)
    )


@pytest.mark.parametrize(
    ("mean", "shown"), [(math.nan, math.nan), (1e6, math.exp(700)), (math.inf, math.exp(700))]
)
def test_a_perplexity_without_bounds_stays_a_number_that_json_has(
    mean: float, shown: float
) -> None:
    found = metrics.compute({"perplexity": ExpRatio(jnp.float32(mean), jnp.float32(1))})[
        "perplexity"
    ]
    assert found == pytest.approx(shown, nan_ok=True)

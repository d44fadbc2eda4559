"""Recurrent layers over time: values and gradients against a plain loop."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.test_util import check_grads
from recurrent_reference import assert_close, compiled, layer, numpy_layer, unrolled, with_gradients

from dl.errors import InputError
from dl.layers import init_layer, recurrent_layer, scan_cell
from dl.layers.recurrent import KINDS

LENGTHS = (6, 0, 4)
HOW = {
    "plain": {},
    "reverse": {"reverse": True},
    "lengths and reverse": {"lengths": LENGTHS, "reverse": True},
    "chunks": {"remat_steps": 3},
    "chunks, a rest, lengths and reverse": {"remat_steps": 4, "lengths": LENGTHS, "reverse": True},
}


@partial(compiled, static_argnums=0)
def reference_with_gradients(kind, params, xs, carry, there):
    return with_gradients(partial(unrolled, kind, there=there), params, xs, carry)


def reference(kind, params, xs, carry, *, lengths=None, reverse=False, remat_steps=0):
    """`unrolled` and its gradients, compiled once a kind: in reverse everything stands the other
    way round.
    """
    there = (
        np.ones(xs.shape[:2])
        if lengths is None
        else np.arange(len(xs))[:, None] < np.array(lengths)
    )
    order = slice(None, None, -1 if reverse else 1)
    return reference_with_gradients(
        kind, params, xs[order], carry, jnp.asarray(there[order], xs.dtype)
    )


def ours(kind, params, xs, carry, *, implementation, lengths=None, reverse=False, remat_steps=0):
    """The layer and its gradients; in reverse, outputs and gradients are turned to stand as in
    `reference`.
    """
    lengths = None if lengths is None else jnp.array(lengths)

    def forward(params, xs, carry):
        options = {"lengths": lengths, "reverse": reverse, "remat_steps": remat_steps}
        ys, last = recurrent_layer(
            kind, params, xs, carry, implementation=implementation, **options
        )
        return (ys[::-1] if reverse else ys), last

    outputs, (dparams, dxs, dcarry) = compiled(partial(with_gradients, forward))(params, xs, carry)
    return outputs, (dparams, dxs[::-1] if reverse else dxs, dcarry)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("implementation", ["auto", pytest.param("scan", marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_carry_and_all_gradients_are_the_plain_loop_s(kind, implementation, how):
    with jax.enable_x64(True):
        arguments = layer(kind, dtype=jnp.float64)
        result = ours(kind, *arguments, implementation=implementation, **HOW[how])
        assert {leaf.dtype for leaf in jax.tree.leaves(result)} == {jnp.dtype("float64")}
        assert_close(result, reference(kind, *arguments, **HOW[how]), 1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_so_they_are_in_single_precision(kind):
    arguments = layer(kind)
    result = ours(kind, *arguments, implementation="auto", lengths=LENGTHS)
    assert {leaf.dtype for leaf in jax.tree.leaves(result)} == {jnp.dtype("float32")}
    assert_close(result, reference(kind, *arguments, lengths=LENGTHS), 5e-5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_without_biases_and_from_a_carry_of_zeros(kind):
    params, xs, carry = layer(kind)
    with_zeros = {
        name: jnp.zeros_like(array) if "bias" in name else array for name, array in params.items()
    }
    expected, gradients = reference(kind, with_zeros, xs, jax.tree.map(jnp.zeros_like, carry))
    weights = {name: array for name, array in params.items() if "bias" not in name}
    result, (dweights, dxs) = compiled(partial(with_gradients, partial(recurrent_layer, kind)))(
        weights, xs
    )
    assert_close(result, expected)
    assert_close(
        (dweights, dxs), ({name: gradients[0][name] for name in weights}, gradients[1]), 5e-5
    )


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_the_numerical_ones(kind):
    with jax.enable_x64(True):
        arguments = layer(kind, steps=3, batch=2, size=2, dtype=jnp.float64)
        function = jax.jit(partial(recurrent_layer, kind, lengths=jnp.array([3, 2])))
        check_grads(function, arguments, order=1, modes=("rev",))


def test_the_last_step_s_carry_is_the_last_output_and_gradients_stop_at_the_lengths():
    params, xs, carry = layer("lstm")
    run = partial(recurrent_layer, "lstm", lengths=jnp.array(LENGTHS))
    ys, (_, h) = compiled(run)(params, xs, carry)
    np.testing.assert_array_equal(h[0], ys[5, 0])
    np.testing.assert_array_equal(h[1], carry[1][1])
    np.testing.assert_array_equal(h[2], ys[3, 2])
    assert not ys[:, 1].any()
    assert not ys[4:, 2].any()
    gradient = compiled(jax.grad(lambda xs: run(params, xs)[0].sum()))(xs)
    assert not gradient[:, 1].any()
    assert not gradient[4:, 2].any()
    assert np.abs(gradient[:4, 2]).min() > 0


@st.composite
def problems(draw):
    """A kind, a layer's arrays and the length of every sequence."""
    kind, steps, batch = (
        draw(st.sampled_from(sorted(KINDS))),
        draw(st.integers(1, 6)),
        draw(st.integers(1, 4)),
    )
    sizes = {
        "inputs": draw(st.integers(1, 5)),
        "size": draw(st.integers(1, 5)),
        "use_bias": draw(st.booleans()),
    }
    lengths = draw(st.lists(st.integers(0, steps), min_size=batch, max_size=batch))
    return kind, layer(kind, steps=steps, batch=batch, **sizes), lengths


@settings(max_examples=10, deadline=None, derandomize=True, database=None)
@given(problem=problems(), reverse=st.booleans())
def test_a_masked_batch_is_every_sequence_alone(problem, reverse):
    kind, (params, xs, carry), lengths = problem
    masked = compiled(partial(recurrent_layer, kind, reverse=reverse))
    ys, last = masked(params, xs, carry, lengths=jnp.array(lengths))
    for number, length in enumerate(lengths):
        own = slice(number, number + 1)
        x = xs[:length, own][::-1] if reverse else xs[:length, own]
        alone, state = numpy_layer(
            kind, params, x, jax.tree.map(lambda part, own=own: part[own], carry)
        )
        assert_close(ys[:length, own], alone[::-1] if reverse else alone)
        assert not ys[length:, own].any()
        assert_close(jax.tree.map(lambda part, own=own: part[own], last), state)


@settings(max_examples=5, deadline=None, derandomize=True, database=None)
@given(problem=problems(), cut=st.integers(1, 5))
def test_two_segments_with_the_carry_handed_over_are_the_whole(problem, cut):
    kind, (params, xs, carry), _ = problem
    run = compiled(partial(recurrent_layer, kind))
    ys, last = run(params, xs[:cut], carry)
    if cut < len(xs):
        late, last = run(params, xs[cut:], last)
        ys = jnp.concatenate([ys, late])
    assert_close((ys, last), numpy_layer(kind, params, xs, carry))


def test_sequences_and_parameters_of_other_types_are_brought_to_one():
    params, xs, carry = layer("gru")
    whole, half = (
        jnp.round(xs).astype(jnp.int32),
        jax.tree.map(lambda array: array.astype(jnp.bfloat16), params),
    )
    assert_close(
        compiled(partial(recurrent_layer, "gru"))(params, whole, carry),
        numpy_layer("gru", params, whole, carry),
    )
    for implementation in ("auto", "scan"):
        run = partial(recurrent_layer, "gru", implementation=implementation)
        for arguments in (
            (params, xs.astype(jnp.bfloat16)),
            (half, xs),
            (half, xs.astype(jnp.bfloat16), carry),
        ):
            assert jax.eval_shape(run, *arguments)[0].dtype == (
                jnp.float32 if len(arguments) == 2 else jnp.bfloat16
            )


@pytest.mark.parametrize("kind", ["lstm", "gru_reset_after"])
def test_half_precision_is_near_single(kind):
    half = jax.tree.map(lambda array: array.astype(jnp.bfloat16), layer(kind))
    result = compiled(partial(with_gradients, partial(recurrent_layer, kind)))(*half)
    assert {leaf.dtype for leaf in jax.tree.leaves(result)} == {jnp.dtype(jnp.bfloat16)}
    expected = reference(kind, *jax.tree.map(lambda array: array.astype(jnp.float32), half))
    for a, b in zip(jax.tree.leaves(result), jax.tree.leaves(expected), strict=True):
        assert (
            float(jnp.abs(a.astype(jnp.float32) - b).max()) < 0.05 * float(jnp.abs(b).max()) + 0.05
        )


def test_any_cell_and_any_tree_can_be_scanned():
    def cell(params, carry, x):
        total = {"sum": carry["sum"] + params * x["value"], "steps": carry["steps"] + 1}
        return total, (total["sum"], x["value"][..., None])

    xs = {"value": jnp.arange(8.0).reshape(4, 2)}
    start = {"sum": jnp.zeros(2), "steps": jnp.zeros(2, jnp.int32)}
    for remat in (0, 2, 3, 9):
        (sums, values), last = scan_cell(
            cell, 2.0, xs, start, lengths=jnp.array([4, 2]), remat_steps=remat
        )
        assert sums.T.tolist() == [[0.0, 4.0, 12.0, 24.0], [2.0, 8.0, 0.0, 0.0]]
        assert values.shape == (4, 2, 1)
        assert last["steps"].tolist() == [4, 2]


def test_wrong_arguments_are_refused_in_one_line():
    params, xs, carry = layer("lstm")
    run = partial(recurrent_layer, "lstm")
    refusals = {
        "did you mean lstm": lambda: recurrent_layer("lstn", params, xs),
        "did you mean scan": lambda: run(params, xs, implementation="scna"),
        r"sequences are \[T, B, 2\].*not \(6, 3\)": lambda: run(params, xs[:, :, 0]),
        r"not \(6, 3, 4\)": lambda: run(params, jnp.ones((6, 3, 4))),
        "at least one step": lambda: run(params, xs[:0]),
        "weights of 12 columns, not 16 and 16": lambda: recurrent_layer("gru", params, xs),
        r"carry of lstm is 2 array\(s\) \[3, 4\]": lambda: run(params, xs, carry[0]),
        r"not \[\(2, 4\), \(2, 4\)\]": lambda: run(
            params, xs, jax.tree.map(lambda c: c[:2], carry)
        ),
        r"lengths must be \[B\] = \[3\]": lambda: run(params, xs, lengths=jnp.array([1, 2])),
        "lengths go from 0 to 7, the sequences have 0 to 6": lambda: run(
            params, xs, lengths=[0, 7, 1]
        ),
        "lengths go from -1": lambda: run(params, xs, lengths=np.array([0, -1, 1])),
        "remat_steps is": lambda: run(params, xs, remat_steps=-2),
        '"cudnn" needs an NVIDIA GPU, here is cpu: use': lambda: run(
            params, xs, implementation="cudnn"
        ),
        '"cudnn" is for an LSTM forward': lambda: run(
            params, xs, implementation="cudnn", reverse=True
        ),
        "at least 1, not 2 and 0": lambda: init_layer(
            "rnn", jax.random.key(0), input_size=2, hidden_size=0
        ),
    }
    for line, call in refusals.items():
        with pytest.raises(InputError, match=line) as refused:
            call()
        assert "\n" not in str(refused.value)

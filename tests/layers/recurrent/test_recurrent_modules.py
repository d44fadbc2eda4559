"""Recurrent modules: parameters, stacks, both directions, dropout, and Flax's own layers with the
same numbers.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from recurrent_reference import GATES, assert_close, compiled, layer, numpy_layer

import dl
from dl.errors import InputError
from dl.layers import Recurrent, RecurrentLayer, recurrent_layer
from dl.layers.recurrent import KINDS

LENGTHS = jnp.array([6, 1, 4])
FLAX_CELLS = [
    ("rnn", nn.SimpleCell, True),
    ("lstm", nn.OptimizedLSTMCell, False),
    ("lstm", nn.LSTMCell, True),
    ("gru_reset_after", nn.GRUCell, False),
]


def flax_params(kind, params):
    """Our arrays under Flax's names. Its LSTM has the bias with the recurrent product, its others
    with x W.
    """
    gates = {"rnn": [""], "lstm": "ifgo", "gru_reset_after": "rzn"}[kind]
    split = {
        name: jnp.split(array, len(gates), axis=-1)
        for name, array in params.items()
        if name != "recurrent_bias"
    }
    tree = {}
    for number, gate in enumerate(gates):
        tree["i" + gate] = {"kernel": split["input"][number]}
        tree["h" + gate] = {"kernel": split["recurrent"][number]}
        tree[("h" if kind == "lstm" else "i") + gate]["bias"] = split["bias"][number]
    if kind == "gru_reset_after":
        tree["hn"]["bias"] = params["recurrent_bias"]
    return {"params": {"cell": tree}}


@pytest.mark.parametrize(("kind", "cell", "reverse"), FLAX_CELLS)
def test_a_layer_is_flax_s_with_the_same_numbers(kind, cell, reverse):
    params, xs, carry = layer(kind)
    xs, there = xs.swapaxes(0, 1), (jnp.arange(6) < LENGTHS[:, None])[..., None]
    theirs = nn.RNN(cell(4), reverse=reverse, keep_order=True, return_carry=True)
    options = {"initial_carry": carry, "seq_lengths": LENGTHS}
    last, ys = compiled(partial(theirs.apply, **options))(flax_params(kind, params), xs)
    ours = RecurrentLayer(kind, 4, reverse=reverse, use_bias=True)
    result = compiled(partial(ours.apply, initial_carry=carry, lengths=LENGTHS, return_carry=True))
    assert_close(result({"params": params}, xs), (jnp.where(there, ys, 0), last))


def test_both_directions_are_flax_s():
    forward, xs, carry = layer("lstm")
    backward, xs = jax.tree.map(jnp.negative, forward), xs.swapaxes(0, 1)
    theirs = nn.Bidirectional(
        nn.RNN(nn.OptimizedLSTMCell(4)), nn.RNN(nn.OptimizedLSTMCell(4)), return_carry=True
    )
    names = {"forward_rnn": forward, "backward_rnn": backward}
    variables = {
        "params": {name: flax_params("lstm", params)["params"] for name, params in names.items()}
    }
    last, ys = compiled(partial(theirs.apply, initial_carry=(carry, carry)))(variables, xs)
    ours = Recurrent("lstm", 4, bidirectional=True)
    result = compiled(partial(ours.apply, initial_carry=((carry, carry),), return_carry=True))
    assert_close(
        result({"params": {"forward_0": forward, "backward_0": backward}}, xs), (ys, (last,))
    )


@pytest.mark.parametrize("kind", KINDS)
def test_parameters(kind):
    def shapes(module):
        return jax.eval_shape(module.init, jax.random.key(0), jnp.ones((1, 3, 5)))["params"]

    def count(module):
        return sum(array.size for array in jax.tree.leaves(shapes(module)))

    gates = GATES[kind]
    weights, biases = gates * (5 * 7 + 7 * 7), gates * 7 + (7 if kind == "gru_reset_after" else 0)
    assert count(RecurrentLayer(kind, 7)) == weights + (0 if kind == "gru" else biases)
    assert count(RecurrentLayer(kind, 7, use_bias=False)) == weights
    assert count(RecurrentLayer(kind, 7, use_bias=True)) == weights + biases
    deeper = gates * (7 * 7 + 7 * 7) + biases
    assert count(Recurrent(kind, 7, num_layers=3, use_bias=True)) == weights + biases + 2 * deeper
    wide = 2 * (gates * (14 * 7 + 7 * 7) + biases)
    both_ways = Recurrent(kind, 7, num_layers=2, bidirectional=True, use_bias=True)
    assert count(both_ways) == 2 * (weights + biases) + wide
    assert sorted(shapes(both_ways)) == ["backward_0", "backward_1", "forward_0", "forward_1"]
    assert sorted(shapes(Recurrent(kind, 7, num_layers=2))) == ["layer_0", "layer_1"]


def test_first_parameters_differ_from_layer_to_layer_and_take_the_initialisers():
    options = {
        "input_init": nn.initializers.constant(2.0),
        "recurrent_init": nn.initializers.constant(3.0),
    }
    stack = Recurrent("lstm", 2, num_layers=2, forget_bias=1.0, **options)
    params = compiled(stack.init)(jax.random.key(0), jnp.ones((1, 3, 1)))["params"]
    for arrays in params.values():
        assert (arrays["input"] == 2).all()
        assert (arrays["recurrent"] == 3).all()
        assert arrays["bias"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    drawn = compiled(Recurrent("rnn", 3, num_layers=2).init)(
        jax.random.key(0), jnp.ones((1, 3, 3))
    )["params"]
    assert not np.allclose(drawn["layer_0"]["input"], drawn["layer_1"]["input"])
    assert not np.allclose(drawn["layer_0"]["recurrent"], drawn["layer_1"]["recurrent"])


def stack_arguments(kind, *, bidirectional):
    """Parameters of a stack of two, its sequences [B, T, D], and a carry for every layer."""
    names = ("forward", "backward") if bidirectional else ("layer",)
    params, carries = {}, []
    for number, inputs in enumerate((2, 4 * len(names))):
        arrays, _, carry = layer(kind, inputs=inputs)
        for turn, name in enumerate(names):
            params[f"{name}_{number}"] = jax.tree.map(lambda a, turn=turn: a * 0.5**turn, arrays)
        carries.append((carry, jax.tree.map(jnp.negative, carry)) if bidirectional else carry)
    return {"params": params}, layer(kind)[1].swapaxes(0, 1), tuple(carries)


@pytest.mark.parametrize(("kind", "bidirectional"), [("gru", False), ("lstm", True)])
def test_a_stack_is_one_layer_after_the_other(kind, bidirectional):
    variables, xs, carries = stack_arguments(kind, bidirectional=bidirectional)
    stack = Recurrent(kind, 4, num_layers=2, bidirectional=bidirectional, use_bias=True)
    run = partial(stack.apply, initial_carry=carries, lengths=LENGTHS, return_carry=True)
    ys, expected = xs.swapaxes(0, 1), []
    for number, carry in enumerate(carries):
        if not bidirectional:
            ys, last = recurrent_layer(
                kind, variables["params"][f"layer_{number}"], ys, carry, lengths=LENGTHS
            )
        else:
            arrays = [variables["params"][f"{name}_{number}"] for name in ("forward", "backward")]
            there = recurrent_layer(kind, arrays[0], ys, carry[0], lengths=LENGTHS)
            back = recurrent_layer(kind, arrays[1], ys, carry[1], lengths=LENGTHS, reverse=True)
            ys, last = jnp.concatenate([there[0], back[0]], axis=-1), (there[1], back[1])
        expected.append(last)
    assert_close(compiled(run)(variables, xs), (ys.swapaxes(0, 1), tuple(expected)))


def test_options_reach_every_layer_and_time_may_come_first():
    variables, xs, _ = stack_arguments("lstm", bidirectional=False)
    plain = compiled(Recurrent("lstm", 4, 2).apply)(variables, xs)
    for options in ({"remat_steps": 4}, {"implementation": "scan"}, {"time_major": True}):
        time_major = "time_major" in options
        stack = Recurrent("lstm", 4, 2, **options)
        ys = compiled(stack.apply)(variables, xs.swapaxes(0, 1) if time_major else xs)
        assert_close(ys.swapaxes(0, 1) if time_major else ys, plain)
    backward = compiled(Recurrent("lstm", 4, 2, reverse=True).apply)(variables, xs[:, ::-1])
    assert_close(backward[:, ::-1], plain)
    with pytest.raises(InputError, match='"cudnn" needs'):
        Recurrent("lstm", 4, 2, implementation="cudnn").apply(variables, xs)


def test_a_carry_handed_over_goes_on_where_the_last_segment_ended():
    variables, xs, _ = stack_arguments("lstm", bidirectional=False)
    run = compiled(partial(Recurrent("lstm", 4, 2).apply, return_carry=True))
    whole, last = run(variables, xs)
    first, carry = run(variables, xs[:, :3])
    second, end = run(variables, xs[:, 3:], initial_carry=carry)
    assert_close((jnp.concatenate([first, second], axis=1), end), (whole, last))


def test_dropout_is_between_layers_and_in_training_alone():
    variables, xs, _ = stack_arguments("rnn", bidirectional=False)
    stack, calm = Recurrent("rnn", 4, 2, dropout=0.5), Recurrent("rnn", 4, 2)
    rngs = {"dropout": jax.random.key(7)}
    expected = calm.apply(variables, xs)
    assert_close(stack.apply(variables, xs), expected)
    assert_close(calm.apply(variables, xs, train=True), expected)
    dropped = stack.apply(variables, xs, train=True, rngs=rngs)
    np.testing.assert_array_equal(dropped, stack.apply(variables, xs, train=True, rngs=rngs))
    assert not np.allclose(
        dropped, stack.apply(variables, xs, train=True, rngs={"dropout": jax.random.key(8)})
    )
    assert np.abs(np.asarray(dropped)).min() > 0, "nothing is dropped after the last layer"
    seen = []

    def watch(next_call, arguments, options, context):
        seen.append((context.module.name, arguments[0]))
        return next_call(*arguments, **options)

    with nn.intercept_methods(watch):
        stack.apply(variables, xs, train=True, rngs=rngs)
    inputs = dict(seen)
    np.testing.assert_array_equal(inputs["layer_0"], xs.swapaxes(0, 1))
    kept = inputs["layer_1"] != 0
    assert 0.2 < float(kept.mean()) < 0.8
    assert_close(jnp.where(kept, inputs["layer_1"], 0), jnp.where(kept, 2 * inputs["dropout_1"], 0))
    one = Recurrent("rnn", 4, dropout=0.5)
    alone = {"params": {"layer_0": variables["params"]["layer_0"]}}
    assert_close(one.apply(alone, xs, train=True), one.apply(alone, xs))


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_with_parameters_in_single(kind):
    xs = layer(kind)[1].swapaxes(0, 1)
    stack = Recurrent(kind, 4, num_layers=2, bidirectional=True, dtype=jnp.bfloat16)
    variables = jax.eval_shape(stack.init, jax.random.key(0), xs)
    assert {leaf.dtype for leaf in jax.tree.leaves(variables)} == {jnp.dtype("float32")}
    run = partial(stack.apply, return_carry=True)
    result = jax.eval_shape(run, variables, xs)
    assert {leaf.dtype for leaf in jax.tree.leaves(result)} == {jnp.dtype(jnp.bfloat16)}
    single, carry = layer(kind)[0], layer(kind)[2]
    options = {"use_bias": True, "dtype": jnp.bfloat16}
    half = compiled(RecurrentLayer(kind, 4, **options).apply)(
        {"params": single}, xs, initial_carry=carry
    )
    whole = numpy_layer(kind, single, xs.swapaxes(0, 1), carry)[0].swapaxes(0, 1)
    assert half.dtype == jnp.bfloat16
    assert float(jnp.abs(half - whole).max()) < 0.1


def test_the_public_surface_has_them():
    assert dl.layers.Recurrent is Recurrent
    assert set(dl.layers.__all__) >= {
        "cells",
        "scan_cell",
        "recurrent_layer",
        "init_layer",
        "zero_carry",
    }
    assert dl.layers.cells.lstm_cell is KINDS["lstm"].cell
    assert all(hasattr(dl.layers, name) for name in dl.layers.__all__)


def test_wrong_arguments_are_refused_in_one_line():
    variables, xs, carries = stack_arguments("lstm", bidirectional=False)
    both, _, pairs = stack_arguments("lstm", bidirectional=True)

    def run(
        *,
        variables=variables,
        xs=xs,
        initial_carry=None,
        lengths=None,
        kind="lstm",
        size=4,
        num_layers=2,
        **options,
    ):
        stack = Recurrent(kind, size, num_layers, **options)
        return stack.apply(variables, xs, initial_carry=initial_carry, lengths=lengths)

    two_ways = partial(run, variables=both, bidirectional=True)
    refusals = {
        "did you mean lstm": partial(run, kind="ltsm"),
        "did you mean auto": partial(run, implementation="autp"),
        "at least 1, not 2 and 0": partial(run, size=0),
        "at least 1 layer, not 0": partial(run, num_layers=0),
        "at least 0 and below 1": partial(run, dropout=1.0),
        "dropout is -0.1; it must be": partial(run, dropout=-0.1),
        r"sequences are \[B, T, D\], not of shape \(3, 6\)": partial(run, xs=xs[..., 0]),
        r"sequences are \[T, B, D\], not of shape \(3, 6, 2, 1\)": partial(
            run, xs=xs[..., None], time_major=True
        ),
        r"lengths must be \[B\] = \[3\].*not of shape \(6,\)": partial(
            run, lengths=jnp.zeros(6, int)
        ),
        "lengths go from 0 to 7": partial(run, lengths=jnp.array([0, 7, 3])),
        "initial_carry is a tuple of 2, for each layer one carry, "
        r"not of shapes \(\(3, 4\)": partial(run, initial_carry=carries[:1][0] + carries[0][:1]),
        r"initial_carry is a tuple of 2.*not of shapes \(3, 4\)": partial(
            run, initial_carry=carries[0][0]
        ),
        r"is 2 array\(s\) \[3, 4\], not \[\(3, 4\)\]": partial(run, initial_carry=carries[0]),
        r"a \(forward, backward\) pair": partial(
            two_ways, initial_carry=(pairs[0], pairs[1][0][0])
        ),
        "leave reverse out": partial(two_ways, reverse=True),
    }
    for line, call in refusals.items():
        with pytest.raises(InputError, match=line) as refused:
            call()
        assert "\n" not in str(refused.value)

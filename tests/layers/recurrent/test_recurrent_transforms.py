"""Recurrent layers under JAX's transformations, what they keep for the backward pass, and cuDNN's
order of weights.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.sharding import PartitionSpec as P
from recurrent_reference import GATES, assert_close, compiled, layer, numpy_layer

from dl.errors import InputError
from dl.layers import recurrent_layer
from dl.layers.recurrent import KINDS
from dl.layers.recurrent.cudnn import cudnn_lstm, flat_weights

GRADIENT_TOLERANCE = 1e-4


def loss(params, xs, kind="lstm", **options):
    ys, last = recurrent_layer(kind, params, xs, **options)
    return (ys**2).mean() + sum(part.sum() for part in jax.tree.leaves(last)) / xs.shape[1]


@pytest.fixture(scope="module")
def lstm():
    """Parameters, sequences for eight devices, and the gradient that the scan gives."""
    params, xs, _ = layer("lstm", batch=8, steps=4)
    return params, xs, compiled(jax.grad(partial(loss, implementation="scan")))(params, xs)


@pytest.mark.parametrize("kind", ["lstm", "gru_reset_after"])
def test_a_population_is_every_member_alone(kind):
    params, xs, _ = layer(kind)
    members = jax.tree.map(lambda array: jnp.stack([array, -array, 0.5 * array]), params)
    gradient = jax.value_and_grad(partial(loss, kind=kind, lengths=jnp.array([6, 0, 4])))
    values, gradients = compiled(jax.vmap(gradient, in_axes=(0, None)))(members, xs)
    alone = compiled(gradient)
    for number in range(3):
        expected = alone(jax.tree.map(lambda array, number=number: array[number], members), xs)
        assert_close(
            jax.tree.map(lambda array, number=number: array[number], (values, gradients)),
            expected,
            1e-4,
        )


def test_lengths_may_be_traced_constants_of_a_jitted_function_and_mapped():
    params, xs, carry = layer("rnn")
    lengths = np.array([[6, 0, 4], [1, 2, 3]])
    run = partial(recurrent_layer, "rnn", params, xs, carry)
    mapped = compiled(jax.vmap(lambda lengths: run(lengths=lengths)))(lengths)
    for row, known in enumerate((lengths[0], jnp.array(lengths[1]))):
        closed_over = compiled(lambda known=known: run(lengths=known))()
        assert_close(jax.tree.map(lambda leaf, row=row: leaf[row], mapped), closed_over)


def test_without_jit_and_inside_scan_and_checkpoint(lstm):
    params, xs, expected = lstm
    assert_close(jax.grad(loss)(params, xs), expected, GRADIENT_TOLERANCE)

    def twice(params, xs):
        total, _ = lax.scan(
            lambda total, xs: (total + jax.checkpoint(loss)(params, xs), None),
            0.0,
            jnp.stack([xs, xs]),
        )
        return total / 2

    assert_close(compiled(jax.grad(twice))(params, xs), expected, GRADIENT_TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("implementation", ["auto", "scan"])
def test_eight_devices_give_one_device_s_gradient(lstm, implementation):
    params, xs, expected = lstm
    gradient = jax.grad(partial(loss, implementation=implementation))

    def mean_gradient(params, xs):
        return lax.pmean(gradient(params, xs), "devices")

    mapped = jax.pmap(mean_gradient, axis_name="devices", in_axes=(None, 1))(params, xs[:, :, None])
    assert_close(jax.tree.map(lambda leaf: leaf[5], mapped), expected, GRADIENT_TOLERANCE)
    mesh = jax.make_mesh((8,), ("devices",), axis_types=(jax.sharding.AxisType.Auto,))
    sharded = jax.device_put(xs, jax.NamedSharding(mesh, P(None, "devices")))
    assert_close(jax.jit(gradient)(params, sharded), expected, GRADIENT_TOLERANCE)
    by_hand = jax.shard_map(
        mean_gradient, mesh=mesh, in_specs=(P(), P(None, "devices")), out_specs=P(), check_vma=False
    )
    assert_close(jax.jit(by_hand)(params, xs), expected, GRADIENT_TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("implementation", ["auto", "scan"])
def test_second_derivatives(implementation):
    with jax.enable_x64(True):
        params, xs, _ = layer(
            "gru_reset_after", steps=3, size=2, batch=1, inputs=1, dtype=jnp.float64
        )
        function = partial(loss, kind="gru_reset_after", implementation=implementation)
        direction = jax.tree.map(jnp.cos, params)

        def along(params):
            gradient = jax.grad(function)(params, xs)
            return sum(
                jax.tree.leaves(jax.tree.map(lambda g, d: (g * d).sum(), gradient, direction))
            )

        reverse_over_reverse = compiled(jax.grad(along))(params)
        forward_over_reverse = compiled(
            lambda p: jax.jvp(lambda p: jax.grad(function)(p, xs), (p,), (direction,))[1]
        )(params)
        assert_close(forward_over_reverse, reverse_over_reverse, 1e-9)
        gradient, small = compiled(jax.grad(function)), 1e-5
        ahead, behind = (
            gradient(jax.tree.map(lambda p, d, s=step: p + s * d, params, direction), xs)
            for step in (small, -small)
        )
        numerical = jax.tree.map(lambda a, b: (a - b) / (2 * small), ahead, behind)
        assert_close(reverse_over_reverse, numerical, 1e-7)


def test_forward_mode_is_for_the_scan_and_the_fast_path_says_so():
    params, xs, _ = layer("gru", steps=3)
    scan = partial(loss, xs=xs, kind="gru", implementation="scan")
    slope = compiled(lambda params: jax.jvp(scan, (params,), (params,))[1])(params)
    gradient = compiled(jax.grad(partial(loss, xs=xs, kind="gru")))(params)
    expected = sum((gradient[name] * params[name]).sum() for name in params)
    assert float(slope) == pytest.approx(float(expected), rel=1e-4)
    for remat_steps in (0, 2):
        function = partial(loss, xs=xs, kind="gru", remat_steps=remat_steps)
        with pytest.raises(InputError, match='implementation="scan"'):
            jax.jvp(function, (params,), (params,))
    with pytest.raises(InputError, match="forward-mode"):
        jax.jacfwd(lambda xs: loss(params, xs, "gru"))(xs)
    with pytest.raises(TypeError, match="forward-mode"):
        jax.jvp(jax.jit(lambda params: loss(params, xs, "gru")), (params,), (params,))


def primitives(jaxpr):
    for equation in jaxpr.eqns:
        yield equation.primitive.name
        for inner in jax.tree.leaves(equation.params, is_leaf=lambda leaf: hasattr(leaf, "eqns")):
            if hasattr(inner, "eqns"):
                yield from primitives(inner)
            elif hasattr(inner, "jaxpr"):
                yield from primitives(inner.jaxpr)


@pytest.mark.parametrize("kind", KINDS)
def test_a_program_holds_one_implementation(kind):
    params, xs, carry = layer(kind)

    def names(**options):
        return list(
            primitives(
                jax.make_jaxpr(partial(recurrent_layer, kind, **options))(params, xs, carry).jaxpr
            )
        )

    auto, scan = names(implementation="auto"), names(implementation="scan")
    assert sum("custom_vjp" in name for name in auto) == 1
    assert not any("custom_vjp" in name for name in scan)
    for program in (auto, scan):
        assert sum(name in ("scan", "while") for name in program) == 1
        assert not {"cond", "platform_index", "custom_jvp_call"} & set(program)
    # x W for all steps is one product before the loop; h U is one, of the slides' GRU two.
    assert auto.count("dot_general") == (3 if kind == "gru" else 2)


@pytest.mark.parametrize("implementation", ["auto", "scan"])
@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_chunks_keep_less_for_the_backward_pass(kind, implementation):
    params, xs, carry = layer(kind, steps=64, batch=2, inputs=1, size=16)

    def kept(remat_steps):
        run = partial(recurrent_layer, kind, implementation=implementation, remat_steps=remat_steps)
        pull = jax.eval_shape(lambda *a: jax.vjp(run, *a)[1], params, xs, carry)
        return sum(leaf.size for leaf in jax.tree.leaves(pull))

    always = sum(leaf.size for leaf in jax.tree.leaves((params, xs)))
    assert kept(0) >= 64 * 2 * 16 * GATES[kind]
    assert kept(8) < 2 * always + 8 * 2 * 16 * 2 + 100
    assert kept(8) < kept(0) / 2


def on_the_cpu(
    x, h_0, c_0, weights, seq_lengths, input_size, hidden_size, num_layers, dropout, bidirectional
):
    """`jax.experimental.rnn.lstm` by its own reference, which runs everywhere."""
    from jax.experimental import rnn

    sizes = input_size, hidden_size, num_layers
    unpacked = rnn.unpack_lstm_weights(weights, *sizes, bidirectional)
    return rnn.lstm_ref(x, h_0, c_0, *unpacked, seq_lengths, *sizes, dropout, bidirectional)


@pytest.mark.parametrize("use_bias", [True, False])
def test_cudnn_gets_weights_inputs_and_carry_in_its_own_order(monkeypatch, use_bias):
    from jax.experimental import rnn

    monkeypatch.setattr(rnn, "lstm", on_the_cpu)
    params, xs, carry = layer("lstm", use_bias=use_bias)
    assert flat_weights(params).shape == (rnn.get_num_params_in_lstm(2, 4, 1, False),)
    expected = numpy_layer("lstm", params, xs, carry)
    assert_close(compiled(cudnn_lstm)(params, xs, carry), expected)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert_close(
        compiled(partial(recurrent_layer, "lstm", implementation="cudnn"))(params, xs, carry),
        expected,
    )

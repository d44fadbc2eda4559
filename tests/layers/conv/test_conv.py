"""Convolution, alone and fused with pooling, against XLA's operations and against Flax."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jax import lax

from dl.errors import InputError
from dl.layers import Conv, ConvPool, conv_pool, convolution, max_pool
from dl.layers.conv.fused_cpu import fused_conv_pool, fuses
from dl.layers.conv.minimal_cpu import minimal_filter


def operands(*, batch=2, height=9, width=8, channels=2, kernel=(3, 3), features=3):
    """Pictures, kernel and bias."""
    generator = np.random.default_rng(height + 10 * width)
    shapes = (batch, height, width, channels), (*kernel, channels, features), (features,)
    x, weights, bias = (jnp.asarray(generator.normal(size=shape), jnp.float32) for shape in shapes)
    return x, weights, bias


def assert_close(ours, reference):
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), ours, reference
    )


def output_and_gradients(function, *arguments):
    """A function's value and the gradients of a sum with a different weight for every output."""

    def both(*arguments):
        y, pull = jax.vjp(function, *arguments)
        return y, pull(jnp.linspace(-1.0, 1.0, y.size).reshape(y.shape))

    return jax.jit(both)(*arguments)


def fused(x, kernel, bias, **options):
    """Fused on the CPU whatever the rule says for shapes of this size."""
    options = {"window": (2, 2), "pads": ((0, 0), (0, 0)), "activation": nn.relu, **options}
    return fused_conv_pool(x, kernel, bias, **{"strides": options["window"], **options})


def separate(
    x, kernel, bias, *, window=(2, 2), strides=None, pads=((0, 0), (0, 0)), activation=nn.relu
):
    y = lax.conv_general_dilated(
        x, kernel, (1, 1), pads, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    return nn.max_pool(activation(y + bias), window, strides or window)


def test_lecture_example():
    picture = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
    kernel = [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
    x, k = (jnp.asarray(a, jnp.float32) for a in (picture, kernel))
    maps = convolution(x[None, :, :, None], k[:, :, None, None], padding="VALID")
    assert maps[0, :, :, 0].tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


@settings(max_examples=5, deadline=None, derandomize=True, database=None)
@given(
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    strides=st.integers(1, 2),
    padding=st.sampled_from(["SAME", "VALID", 1, ((2, 1), (0, 1))]),
    dilation=st.integers(1, 2),
    groups=st.sampled_from([1, 2]),
)
def test_conv_is_flax_s_conv(kernel, strides, padding, dilation, groups):
    x, weights, bias = operands(channels=4 // groups, kernel=kernel, features=6)
    x = jnp.concatenate([x] * groups, axis=-1)
    common = {"strides": strides, "padding": padding}
    ours = Conv(6, kernel, dilation=dilation, groups=groups, **common)
    theirs = nn.Conv(6, kernel, kernel_dilation=dilation, feature_group_count=groups, **common)
    variables = {"params": {"kernel": weights, "bias": bias}}
    assert_close(ours.apply(variables, x), theirs.apply(variables, x))


def test_parameters_are_flax_conv_s_under_the_module_s_own_name():
    class Ours(nn.Module):
        @nn.compact
        def __call__(self, x):
            return Conv(3, 3, strides=2, name="conv2")(ConvPool(6, (5, 5), name="conv1")(x))

    class Theirs(nn.Module):
        @nn.compact
        def __call__(self, x):
            maps = nn.relu(nn.Conv(6, (5, 5), padding="VALID", name="conv1")(x))
            return nn.Conv(3, (3, 3), 2, name="conv2")(nn.max_pool(maps, (2, 2), (2, 2)))

    x = operands(height=12, width=12, channels=1)[0]
    # Not compiled as a whole, so that both draw by the same operations.
    y, variables = Ours().init_with_output(jax.random.key(0), x)
    expected, expected_variables = Theirs().init_with_output(jax.random.key(0), x)
    jax.tree.map(np.testing.assert_array_equal, variables, expected_variables)
    assert_close(y, expected)


@settings(max_examples=12, deadline=None, derandomize=True, database=None)
@given(
    sides=st.tuples(st.integers(4, 9), st.integers(4, 9)),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    channels=st.sampled_from([2, 6]),
    pooling=st.sampled_from(
        [((2, 2), (2, 2)), ((3, 3), (2, 2)), ((1, 2), (1, 2)), ((3, 2), (1, 2))]
    ),
    pads=st.sampled_from([((0, 0), (0, 0)), ((1, 1), (1, 1)), ((2, 1), (0, 1))]),
)
def test_fused_form_and_its_gradients_are_the_separate_operations(
    sides, kernel, channels, pooling, pads
):
    window, strides = pooling
    out = [n + sum(p) - k + 1 for n, p, k in zip(sides, pads, kernel, strict=True)]
    assume(out[0] >= window[0] and out[1] >= window[1])
    arguments = operands(height=sides[0], width=sides[1], channels=channels, kernel=kernel)
    options = {"window": window, "strides": strides, "pads": pads}
    ours = output_and_gradients(lambda *a: fused(*a, **options), *arguments)
    assert_close(ours, output_and_gradients(lambda *a: separate(*a, **options), *arguments))


@pytest.mark.slow
@pytest.mark.parametrize("kernel", [(4, 3), (3, 4), (5, 5)])
@pytest.mark.parametrize("window", [(2, 2), (3, 3)])
def test_minimal_filtering_and_its_gradients_are_the_separate_operations(kernel, window):
    arguments = operands(height=10, width=11, channels=6, kernel=kernel)
    options = {"window": window, "strides": (2, 2), "pads": ((1, 1), (0, 2))}
    assert fuses(*arguments[:2], **options)
    ours = output_and_gradients(lambda *a: fused(*a, **options), *arguments)
    assert_close(ours, output_and_gradients(lambda *a: separate(*a, **options), *arguments))


@pytest.mark.parametrize("taps", [2, 3, 4, 5])
def test_a_minimal_filter_is_the_sliding_product(taps):
    outputs, weights, inputs = minimal_filter(taps)
    generator = np.random.default_rng(taps)
    kernel, row = generator.normal(size=taps), generator.normal(size=taps + 1)
    np.testing.assert_allclose(
        outputs @ (weights @ kernel * (inputs @ row)), np.correlate(row, kernel), rtol=1e-12
    )


@pytest.mark.parametrize("activation", [nn.relu, jnp.tanh, nn.sigmoid])
@pytest.mark.parametrize("implementation", ["auto", "native"])
def test_activation_after_the_maximum_equals_activation_before(activation, implementation):
    arguments = operands(kernel=(5, 5))
    y = conv_pool(*arguments, activation=activation, implementation=implementation)
    assert_close(y, separate(*arguments, activation=activation))


def test_ties_send_the_gradient_to_the_first_place():
    x, kernel, bias = jnp.ones((2, 6, 6, 1)), jnp.ones((3, 3, 1, 2)), jnp.zeros(2)
    gradients = [
        jax.jit(jax.grad(lambda x, f=f: f(x, kernel, bias).sum()))(x) for f in (fused, separate)
    ]
    np.testing.assert_array_equal(*gradients)


@pytest.mark.parametrize(
    ("x", "kernel", "window", "dtype", "expected"),
    [
        ((128, 28, 28, 1), (5, 5, 1, 20), (2, 2), "float32", True),
        ((128, 12, 12, 20), (5, 5, 20, 50), (2, 2), "float32", True),
        ((16, 27, 27, 96), (5, 5, 96, 256), (3, 3), "float32", True),
        ((64, 32, 32, 64), (3, 3, 64, 64), (2, 2), "float32", False),
        ((128, 12, 12, 20), (5, 5, 20, 50), (2, 2), "bfloat16", False),
        ((128, 12, 12, 20), (7, 7, 20, 50), (2, 2), "float32", False),
        ((128, 12, 12, 20), (5, 5, 20, 50), (1, 1), "float32", False),
        ((1, 5, 5, 1), (5, 5, 1, 20), (2, 2), "float32", False),
    ],
)
def test_the_rule_fuses_lenet_and_alexnet_stages_and_leaves_the_rest_alone(
    x, kernel, window, dtype, expected
):
    shapes = jax.ShapeDtypeStruct(x, dtype), jax.ShapeDtypeStruct(kernel, dtype)
    assert fuses(*shapes, window=window, strides=(2, 2), pads=((0, 0), (0, 0))) == expected


def test_what_is_not_fused_is_still_right():
    x, kernel, bias = operands(channels=8)
    same = output_and_gradients(lambda *a: conv_pool(*a, padding="SAME"), x, kernel, bias)
    expected = output_and_gradients(lambda *a: separate(*a, pads=((1, 1), (1, 1))), x, kernel, bias)
    assert_close(same, expected)
    assert conv_pool(x[:, :3, :3], kernel, bias).shape == (2, 0, 0, 3)


@pytest.fixture
def loss_and_reference():
    """A loss through the fused form, the same loss through native operations, and its arguments."""
    x, kernel, bias = operands(batch=8, kernel=(5, 5))

    def loss(kernel, bias, x, implementation="auto"):
        return (conv_pool(x, kernel, bias, implementation=implementation) ** 2).mean()

    return loss, partial(loss, implementation="native"), (kernel, bias, x)


def test_gradients_under_jit_vmap_and_scan(loss_and_reference):
    loss, reference, (kernel, bias, x) = loss_and_reference
    expected = jax.jit(jax.grad(reference, (0, 1)))(kernel, bias, x)
    assert_close(jax.jit(jax.grad(loss, (0, 1)))(kernel, bias, x), expected)
    members = jnp.stack([kernel] * 2), jnp.stack([bias] * 2)
    gradients = jax.vmap(jax.grad(loss, (0, 1)), in_axes=(0, 0, None))
    population = jax.jit(gradients)(*members, x)
    assert_close(jax.tree.map(lambda g: g[1], population), expected)

    def scanned(kernel, bias, x):
        steps, _ = lax.scan(
            lambda total, x: (total + loss(kernel, bias, x), None), 0.0, jnp.stack([x] * 3)
        )
        return steps / 3

    assert_close(jax.jit(jax.grad(scanned, (0, 1)))(kernel, bias, x), expected)
    assert_close(jax.jit(jax.grad(jax.checkpoint(loss), (0, 1)))(kernel, bias, x), expected)


def test_gradients_under_pmap_on_eight_devices(loss_and_reference):
    loss, reference, (kernel, bias, x) = loss_and_reference
    expected = jax.jit(jax.grad(reference))(kernel, bias, x)

    def gradient(x):
        return lax.pmean(jax.grad(loss)(kernel, bias, x), "devices")

    assert_close(jax.pmap(gradient, axis_name="devices")(x[:, None])[0], expected)


def test_forward_mode_and_second_derivatives(loss_and_reference):
    loss, reference, (kernel, bias, x) = loss_and_reference
    direction = jnp.ones_like(kernel)

    def derivatives(loss, kernel, bias):
        _, slope = jax.jvp(lambda kernel: loss(kernel, bias, x), (kernel,), (direction,))
        return slope, jax.hessian(loss, 1)(kernel, bias, x)

    ours, expected = (
        jax.jit(derivatives, static_argnums=0)(f, kernel, bias) for f in (loss, reference)
    )
    assert_close(ours, expected)


def test_native_module_shows_both_steps_to_an_interceptor():
    seen = []

    def record(next_call, args, kwargs, context):
        output = next_call(*args, **kwargs)
        seen.append((context.method_name, output.shape))
        return output

    x = operands(height=12, width=12, channels=1)[0]
    layer = ConvPool(6, (5, 5), implementation="native")
    variables = layer.init(jax.random.key(0), x)
    with nn.intercept_methods(record):
        native = layer.apply(variables, x)
    assert seen == [("convolve", (2, 8, 8, 6)), ("pool", (2, 4, 4, 6)), ("__call__", (2, 4, 4, 6))]
    assert_close(ConvPool(6, (5, 5)).apply(variables, x), native)


def test_half_precision_and_no_bias():
    x = operands(height=12, width=12, channels=1)[0]
    for layer in (
        Conv(4, 3, use_bias=False, dtype=jnp.bfloat16),
        ConvPool(4, 5, use_bias=False, dtype=jnp.bfloat16),
    ):
        y, variables = jax.eval_shape(layer.init_with_output, jax.random.key(0), x)
        assert y.dtype == jnp.bfloat16
        (kernel,) = jax.tree.leaves(variables)
        assert kernel.dtype == jnp.float32


def test_wrong_shapes_are_refused_in_one_line():
    x, kernel, bias = operands()
    with pytest.raises(InputError, match="add a batch axis"):
        convolution(x[0], kernel)
    with pytest.raises(InputError, match="kernel must be"):
        conv_pool(x, kernel[:, :, :1], bias)
    with pytest.raises(InputError, match="unknown implementation"):
        conv_pool(x, kernel, bias, implementation="fast")
    assert max_pool(x, 2).shape == (2, 4, 4, 2)

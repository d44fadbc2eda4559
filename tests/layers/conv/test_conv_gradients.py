"""The convolution for compiled loops against XLA's own: values, derivatives, transformations,
programs.
"""

import re
from functools import partial
from unittest.mock import patch

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import Phase, assume, example, given, settings
from hypothesis import strategies as st
from jax import lax
from jax.test_util import check_grads

from dl.errors import InputError
from dl.layers import Conv, convolution
from dl.layers.conv import gradients as gradient_rules
from dl.layers.conv import products as product_rules

PADDINGS = ["SAME", "VALID", ((2, 1), (0, 3)), ((4, 0), (3, 5))]
STRIDED = {"strides": (2, 1), "padding": ((1, 2), (0, 1))}


@pytest.fixture(autouse=True)
def small_counts_as_wide(monkeypatch):
    """Operands are kept small here, which would make narrow convolutions of them all."""
    monkeypatch.setattr(gradient_rules, "_NARROW", 0)


@pytest.fixture(params=[0, 16], ids=["wide", "narrow"])
def either_width(request, small_counts_as_wide, monkeypatch):
    """The rule that makes small operands wide, and that as it is."""
    monkeypatch.setattr(gradient_rules, "_NARROW", request.param)


def operands(*, batch=2, sides=(6, 5), channels=2, kernel=(3, 2), features=3, groups=1):
    """Pictures and a kernel."""
    generator = np.random.default_rng(sum(sides) + 10 * batch)
    shapes = (batch, *sides, channels * groups), (*kernel, channels, features * groups)
    return [jnp.asarray(generator.normal(size=shape), float) for shape in shapes]


def native(x, kernel, *, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1):
    dimensions = ("NHWC", "HWIO", "NHWC")
    options = {
        "rhs_dilation": dilation,
        "dimension_numbers": dimensions,
        "feature_group_count": groups,
    }
    return lax.conv_general_dilated(x, kernel, strides, padding, **options)


fast = partial(convolution, implementation="auto")


def assert_close(ours, reference):
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), ours, reference
    )


def value_and_gradients(function, *arguments):
    """A function's value and the gradients of a sum with a different weight for every output."""
    y, pull = jax.vjp(function, *arguments)
    return y, pull(jnp.linspace(-1.0, 1.0, y.size).reshape(y.shape).astype(y.dtype))


def loss(convolve, x, kernel):
    return jnp.tanh(convolve(x, kernel)).sum()


def gradients(convolve, x, kernel):
    return jax.grad(partial(loss, convolve), (0, 1))(x, kernel)


def compiled_text(function, *arguments):
    return jax.jit(function).lower(*arguments).compile().as_text() or ""


SIZES = {
    "sides": (7, 6),
    "kernel": (3, 2),
    "sizes": {"batch": 2, "channels": 2, "features": 2},
    "patches": 50,
}


POINT = {"kernel": (1, 1)}


# Each example compiles two programs, so that a failing one is reported as it is.
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
@example(
    **SIZES, strides=(1, 1), padding=((4, 0), (3, 5)), dilation=(2, 3), groups=1, narrow=0, deep=8
)
@example(
    **SIZES, strides=(1, 1), padding=((4, 0), (3, 5)), dilation=(2, 3), groups=1, narrow=16, deep=8
)
@example(
    **SIZES, strides=(3, 2), padding=((4, 0), (3, 5)), dilation=(2, 1), groups=1, narrow=0, deep=8
)
@example(
    **SIZES | POINT, strides=(1, 1), padding="SAME", dilation=(1, 1), groups=1, narrow=0, deep=1
)
@example(
    **SIZES | POINT,
    strides=(3, 2),
    padding=((2, 0), (0, 1)),
    dilation=(2, 3),
    groups=1,
    narrow=0,
    deep=1,
)
@example(**SIZES, strides=(2, 1), padding="SAME", dilation=(1, 1), groups=2, narrow=0, deep=8)
@given(
    sides=st.tuples(st.integers(4, 9), st.integers(4, 9)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    strides=st.sampled_from([(1, 1), (1, 1), (2, 2), (3, 2), (1, 2)]),
    padding=st.sampled_from(PADDINGS),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    sizes=st.fixed_dictionaries(
        {name: st.integers(1, 3) for name in ("batch", "channels", "features")}
    ),
    groups=st.sampled_from([1, 1, 1, 2]),
    patches=st.sampled_from([50, 500_000]),
    narrow=st.sampled_from([0, 16]),
    deep=st.sampled_from([1, 8]),
)
def test_values_and_gradients_are_xla_s(
    sides, kernel, strides, padding, dilation, sizes, groups, patches, narrow, deep
):
    x, weights = operands(sides=sides, kernel=kernel, groups=groups, **sizes)
    options = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    expected = jax.jit(partial(value_and_gradients, partial(native, **options)))(x, weights)
    assume(expected[0].size)
    rule = patch.multiple(gradient_rules, _NARROW=narrow, _DEEP=deep)
    with rule, patch.object(product_rules, "_PATCHES_AT_ONCE", patches):
        assert_close(
            jax.jit(partial(value_and_gradients, partial(fast, **options)))(x, weights), expected
        )


@pytest.mark.slow
@pytest.mark.usefixtures("either_width")
@pytest.mark.parametrize(
    "options", [{}, STRIDED, {"padding": ((4, 0), (0, 3))}], ids=["plain", "strided", "cropped"]
)
def test_either_order_of_one_kernel_s_and_one_picture_s_derivative(options):
    x, kernel = operands(batch=1, sides=(4, 3), channels=1, features=2, kernel=(2, 2))

    def derivatives(convolve, x, kernel):
        function = partial(loss, partial(convolve, **options))
        tangent = jax.jvp(function, (x, kernel), (jnp.cos(x), jnp.sin(kernel)))
        reverse_over_reverse = jax.jacrev(jax.jacrev(function, (0, 1)), (0, 1))(x, kernel)
        return tangent, jax.hessian(function, (0, 1))(x, kernel), reverse_over_reverse

    ours, expected = (jax.jit(partial(derivatives, f))(x, kernel) for f in (fast, native))
    assert_close(ours, expected)


@pytest.mark.slow
@pytest.mark.usefixtures("either_width")
@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)], ids=["pictures", "kernel", "both"])
def test_vmap_inside_and_outside_of_the_gradient(axes):
    operand_stacks = [
        jnp.stack([a, -a, 2 * a]) if axis == 0 else a
        for a, axis in zip(operands(), axes, strict=True)
    ]

    def both(convolve, x, kernel):
        mapped = jax.vmap(partial(convolve, **STRIDED), axes)
        outside = jax.vmap(partial(gradients, partial(convolve, **STRIDED)), axes)(x, kernel)
        return value_and_gradients(mapped, x, kernel), outside

    ours, expected = (jax.jit(partial(both, f))(*operand_stacks) for f in (fast, native))
    assert_close(ours, expected)


def test_a_population_is_made_of_products_alone():
    stacks = [jnp.stack([a] * 2) for a in operands()]
    population = jax.vmap(partial(value_and_gradients, fast))
    assert " convolution(" in compiled_text(jax.vmap(partial(value_and_gradients, native)), *stacks)
    text = compiled_text(population, *stacks)
    assert " dot(" in text
    assert " convolution(" not in text
    assert "conditional" not in text


def test_the_gradient_of_a_loop_of_steps():
    x, kernel = operands(channels=2, features=2, sides=(7, 6))
    kernels = jnp.stack([kernel, kernel / 2, -kernel])

    def step(convolve, x, kernel):
        # Its gradient has zeros only between places: these XLA would take into its transposed
        # convolution.
        strided = convolve(x, kernel, strides=(2, 2), padding=((2, 2), (1, 1)))
        return jnp.tanh(convolve(x, kernel) + jnp.square(strided).mean()), None

    def unrolled(x, kernels):
        for kernel in kernels:
            x = step(native, x, kernel)[0]
        return (x**2).sum()

    def scanned(x, kernels, convolve=fast):
        return (lax.scan(partial(step, convolve), x, kernels)[0] ** 2).sum()

    gradient = jax.jit(jax.grad(scanned, (0, 1)))
    assert_close(gradient(x, kernels), jax.jit(jax.grad(unrolled, (0, 1)))(x, kernels))
    assert "lhs_dilate" in compiled_text(
        jax.grad(partial(scanned, convolve=native), (0, 1)), x, kernels
    )
    text = compiled_text(jax.grad(scanned, (0, 1)), x, kernels)
    assert "lhs_dilate" not in text
    assert "conditional" not in text
    # Two forward, one for the pictures' gradient, four for that of strides 2; those of the kernel
    # are products.
    assert text.count(" convolution(") == 7


@pytest.mark.usefixtures("either_width")
def test_pmap_and_shard_map():
    x, kernel = operands(batch=4)
    _, expected = jax.jit(partial(gradients, native))(x, kernel)

    def of_kernel(x, kernel):
        return gradients(fast, x, kernel)[1]

    def summed(x):
        return lax.psum(of_kernel(x, kernel), "devices")

    mesh = jax.sharding.Mesh(jax.devices()[:2], ("devices",))
    # shard_map sums the gradient of what all devices share by itself.
    sharded = jax.shard_map(
        of_kernel, mesh=mesh, in_specs=(jax.P("devices"), jax.P()), out_specs=jax.P()
    )
    with patch.object(product_rules, "_PATCHES_AT_ONCE", 50):
        replicas = jax.pmap(summed, axis_name="devices", devices=jax.devices()[:2])(
            x.reshape(2, 2, *x.shape[1:])
        )
        assert_close(replicas[0], expected)
        assert_close(jax.jit(sharded)(x, kernel), expected)


@pytest.mark.usefixtures("either_width")
@pytest.mark.parametrize("options", [{}, STRIDED], ids=["plain", "strided"])
def test_a_gpu_s_program_is_the_native_one(options):
    x, kernel = operands(batch=3, channels=5, features=7)

    def text(convolve, platform):
        traced = jax.jit(partial(gradients, partial(convolve, **options))).trace(x, kernel)
        return traced.lower(lowering_platforms=(platform,)).as_text()

    def convolutions(text):
        return sorted(re.findall(r"stablehlo\.convolution\(.*?\)(.*)", text))

    def shapes(text):
        return set(re.findall(r"tensor<(\S*)>", text)) - {"i32"}

    ours, expected = text(fast, "cuda"), text(native, "cuda")
    assert convolutions(ours) == convolutions(expected) != []
    assert shapes(ours) <= shapes(expected)
    for foreign in ("dot_general", "optimization_barrier", "stablehlo.while", "stablehlo.pad"):
        assert foreign not in ours
    assert "dot_general" in text(fast, "cpu")
    assert not shapes(text(fast, "cpu")) <= shapes(expected)


def test_numeric_derivatives_in_double_precision():
    with jax.enable_x64(True):
        x, kernel = operands(batch=1, sides=(4, 3))
        assert x.dtype == jnp.float64
        check_grads(jax.jit(partial(fast, **STRIDED)), (x, kernel), order=1, modes=("fwd", "rev"))


@pytest.mark.usefixtures("either_width")
@pytest.mark.parametrize("strides", [1, 2])
def test_half_precision_keeps_its_type_and_is_summed_in_single(strides):
    x, kernel = jnp.ones((64, 9, 9, 1), jnp.bfloat16), jnp.ones((1, 1, 1, 2), jnp.bfloat16)
    function = partial(fast, strides=strides)
    with patch.object(product_rules, "_PATCHES_AT_ONCE", 100):
        y, pull = jax.vjp(function, x, kernel)
        dx, dkernel = pull(jnp.ones_like(y))
    assert y.dtype == dx.dtype == dkernel.dtype == jnp.bfloat16
    assert dkernel.ravel().tolist() == [y.size // 2] * 2
    population = jax.vmap(function)(x[None], kernel[None])
    assert population.dtype == jnp.bfloat16
    np.testing.assert_array_equal(population[0], y)


@pytest.mark.parametrize(("batch", "sides"), [(0, (6, 5)), (2, (2, 5)), (2, (1, 1))])
def test_nothing_in_or_nothing_out(batch, sides):
    x, kernel = operands(batch=batch, sides=sides)
    ours, expected = (
        value_and_gradients(partial(f, padding="VALID"), x, kernel) for f in (fast, native)
    )
    jax.tree.map(np.testing.assert_array_equal, ours, expected)


def test_integers_are_exact():
    x = jnp.full((1, 1, 1, 1, 1), 2**24 + 1)
    assert jax.vmap(fast)(x, jnp.ones_like(x)).item() == 2**24 + 1


@pytest.mark.parametrize("strides", [1, 2])
def test_patches_of_the_whole_batch_are_never_kept(strides):
    x, kernel = operands(batch=64, sides=(8, 8), channels=8, kernel=(5, 5), features=1)
    shifts = 5 if strides == 1 else 25 / 4

    def bytes_used(patches):
        with patch.object(product_rules, "_PATCHES_AT_ONCE", patches):
            gradient = jax.grad(partial(loss, partial(fast, strides=strides)), 1)
            return jax.jit(gradient).lower(x, kernel).compile().memory_analysis().temp_size_in_bytes

    assert bytes_used(10_000) < shifts * x.nbytes / 3 < bytes_used(10_000_000)


def test_narrow_and_pointwise_convolutions_are_products_in_all_directions(monkeypatch):
    def text(channels, features, side=3, **options):
        x, kernel = operands(channels=channels, features=features, kernel=(side, side))
        return compiled_text(partial(value_and_gradients, partial(fast, **options)), x, kernel)

    monkeypatch.undo()
    for product in (text(16, 16), text(8, 40, side=1), text(40, 2, side=1, strides=2)):
        assert " convolution(" not in product
        assert " dot(" in product
    for wide in (text(17, 16), text(16, 17), text(2, 2, strides=2), text(7, 40, side=1)):
        assert " convolution(" in wide


def test_the_module_takes_it():
    x, _ = operands(channels=3)
    variables = Conv(4, 3).init(jax.random.key(0), x)

    def gradient(name):
        layer = Conv(4, 3, 2, implementation=name)
        return jax.jit(jax.grad(lambda variables: jnp.square(layer.apply(variables, x)).sum()))

    assert_close(gradient("auto")(variables), gradient("native")(variables))
    texts = {name: gradient(name).lower(variables).as_text() for name in ("auto", "native")}
    assert "dot_general" in texts["auto"]
    assert "dot_general" not in texts["native"]


def test_an_unknown_implementation_is_refused_with_a_hint():
    with pytest.raises(InputError, match=r"unknown implementation 'nativ': did you mean native\?"):
        convolution(*operands(), implementation="nativ")

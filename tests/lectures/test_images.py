"""E1 to E5, E12 and the pooling of C5: the lectures' numbers on filters, convolutions and pooling,
and real digits.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dl
from dl.errors import InputError
from dl.inspect.maps.filters import filter_grid
from dl.layers import avg_pool, convolution, max_pool
from dl.lessons import convolution as lesson
from dl.lessons import filtering, kernels, pooling
from dl.lessons.learned_kernels import learn_kernel


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return dl.load_data("digits").test.inputs[:8]


def sums_of_windows(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Σ_ij k_ij x_(p+i)(q+j) for all windows, by NumPy."""
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(picture, float), kernel.shape)
    return np.einsum("pqij,ij->pq", windows, np.asarray(kernel, float))


def test_E1_the_two_pixels_of_the_slide() -> None:
    assert filtering.smooth(filtering.EXAMPLE)[1, 1:3].tolist() == [178, 205]
    assert filtering.smooth(filtering.EXAMPLE, write_back=True)[1, 1:3].tolist() == [178, 209]
    assert sums_of_windows(filtering.EXAMPLE, filtering.SMOOTHING * 12).ravel() == pytest.approx(
        [2141, 2457]
    )


def test_E1_without_write_back_smoothing_a_digit_is_a_convolution_and_a_rounding(
    digits: np.ndarray,
) -> None:
    picture = digits[0, :, :, 0]
    smoothed = np.asarray(filtering.smooth(picture))
    np.testing.assert_array_equal(
        smoothed[1:-1, 1:-1], np.rint(sums_of_windows(picture, filtering.SMOOTHING))
    )
    np.testing.assert_array_equal(smoothed[[0, -1]], picture[[0, -1]])
    np.testing.assert_array_equal(smoothed[:, [0, -1]], picture[:, [0, -1]])


def test_E1_a_spot_stays_in_its_window_and_with_write_back_runs_on_in_reading_order() -> None:
    spot = np.zeros((7, 9), np.uint8)
    spot[3, 3] = 240
    near, far = (np.asarray(filtering.smooth(spot, write_back=back)) for back in (False, True))
    assert np.argwhere(near).tolist() == [[p, q] for p in (2, 3, 4) for q in (2, 3, 4)]
    reached = {tuple(place) for place in np.argwhere(far).tolist()}
    assert reached > {tuple(place) for place in np.argwhere(near).tolist()}
    assert max(q for _, q in reached) > 4
    assert min(p for p, _ in reached) == 2, "nothing runs back to rows that were read before"


def test_E2_the_weights_of_the_slide() -> None:
    expected = {
        "identity": ([0, 0, 0, 0, 1, 0, 0, 0, 0], 1),
        "edges_diagonal": ([1, 0, -1, 0, 0, 0, -1, 0, 1], 1),
        "edges_of_4": ([0, 1, 0, 1, -4, 1, 0, 1, 0], 1),
        "edges_of_8": ([-1, -1, -1, -1, 8, -1, -1, -1, -1], 1),
        "sharpen": ([0, -1, 0, -1, 5, -1, 0, -1, 0], 1),
        "box_blur": ([1, 1, 1, 1, 1, 1, 1, 1, 1], 9),
        "gaussian_blur": ([1, 2, 1, 2, 4, 2, 1, 2, 1], 16),
    }
    for name, (weights, divisor) in expected.items():
        np.testing.assert_allclose(kernels.KERNELS[name].ravel() * divisor, weights, atol=1e-12)
    assert kernels.KERNELS.keys() - expected.keys() == {"vertical_edge"}


@pytest.mark.parametrize("name", kernels.KERNELS)
def test_E2_each_kernel_on_digits_is_the_sum_over_its_window(name: str, digits: np.ndarray) -> None:
    got = np.asarray(kernels.apply_kernel(digits[:2], name))[..., 0]
    for picture, filtered in zip(digits[:2, :, :, 0], got, strict=True):
        framed = np.pad(picture, 1, mode="edge")
        np.testing.assert_allclose(
            filtered, sums_of_windows(framed, kernels.KERNELS[name]), rtol=1e-5, atol=1e-3
        )


def test_E2_identity_changes_nothing_and_flat_surfaces_stay_or_turn_black(
    digits: np.ndarray,
) -> None:
    np.testing.assert_array_equal(kernels.apply_kernel(digits, "identity"), digits)
    flat = np.full((1, 5, 6, 3), 60.0, np.float32)
    for name, kernel in kernels.KERNELS.items():
        got = kernels.apply_kernel(flat, name)
        assert got.shape == flat.shape
        np.testing.assert_allclose(got, 60.0 * round(kernel.sum()), atol=1e-4)
    assert {name for name, kernel in kernels.KERNELS.items() if round(kernel.sum()) == 0} == {
        "edges_diagonal",
        "edges_of_4",
        "edges_of_8",
        "vertical_edge",
    }


def test_E2_blurs_flatten_digits_and_sharpening_does_the_reverse(digits: np.ndarray) -> None:
    def roughness(maps: jax.Array | np.ndarray) -> float:
        return float(np.abs(np.diff(np.asarray(maps, float), axis=2)).sum())

    box, gaussian, sharp = (
        roughness(kernels.apply_kernel(digits, name))
        for name in ("box_blur", "gaussian_blur", "sharpen")
    )
    assert box < gaussian < roughness(digits) < sharp


@pytest.mark.parametrize("name", ["sharpen", "edges_of_8", "gaussian_blur"])
def test_E2_a_kernel_is_learned_from_pictures_before_and_after_it(
    name: str, digits: np.ndarray
) -> None:
    # The weights of the slide, which the learner does not see.
    slide = {
        "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        "edges_of_8": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
        "gaussian_blur": [
            [1 / 16, 2 / 16, 1 / 16],
            [2 / 16, 4 / 16, 2 / 16],
            [1 / 16, 2 / 16, 1 / 16],
        ],
    }
    pictures = (digits - digits.mean()) / digits.std()
    found = learn_kernel(pictures, kernels.apply_kernel(pictures, name), steps=400)
    np.testing.assert_allclose(found.kernel, slide[name], atol=1e-3)
    assert float(found.losses[-1]) < 1e-6 * float(found.losses[0])


def test_E2_no_kernel_is_learned_from_flat_pictures() -> None:
    # Only the sum of the weights shows in them, and descent from 0 shares it out evenly.
    flat = np.ones((2, 6, 6, 1), np.float32)
    found = learn_kernel(flat, kernels.apply_kernel(flat, "sharpen"), steps=100)
    np.testing.assert_allclose(found.kernel, np.full((3, 3), 1 / 9), atol=1e-3)
    with pytest.raises(InputError, match="two odd sides, not"):
        learn_kernel(flat, flat, size=(2, 2))
    with pytest.raises(InputError, match="are both"):
        learn_kernel(flat, flat[:1])
    with pytest.raises(InputError, match="does not fit into pictures"):
        learn_kernel(flat, flat, size=(9, 9))


def test_E3_the_full_result() -> None:
    got = lesson.convolve(lesson.EXAMPLE, lesson.EXAMPLE_KERNEL)
    assert got.tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    np.testing.assert_array_equal(got, sums_of_windows(lesson.EXAMPLE, lesson.EXAMPLE_KERNEL))


def test_E3_step_by_step() -> None:
    steps = lesson.convolve_step_by_step(lesson.EXAMPLE, lesson.EXAMPLE_KERNEL)
    assert steps.corners.tolist() == [[row, column] for row in range(3) for column in range(3)]
    assert steps.products[3].tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 1]]
    assert steps.products.sum((1, 2)).tolist() == [4, 3, 4, 2, 4, 3, 2, 3, 4]
    assert steps.output.tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def test_E3_steps_with_strides_and_padding() -> None:
    generator = np.random.default_rng(0)
    picture, kernel = generator.normal(size=(5, 4)), generator.normal(size=(3, 2))
    steps = lesson.convolve_step_by_step(picture, kernel, strides=2, padding=1)
    assert steps.picture.shape == (7, 6)
    assert steps.corners[-1].tolist() == [4, 4]
    expected = sums_of_windows(np.pad(picture, 1), kernel)[::2, ::2]
    np.testing.assert_allclose(steps.output, expected, atol=1e-5)
    np.testing.assert_allclose(steps.products.sum((1, 2)), expected.ravel(), atol=1e-5)


def test_E4_two_kernels_on_a_colour_picture() -> None:
    rng = np.random.default_rng(0)
    picture, pair = rng.normal(size=(1, 6, 6, 3)), rng.normal(size=(3, 3, 3, 2))
    got = convolution(
        jnp.asarray(picture, jnp.float32), jnp.asarray(pair, jnp.float32), padding="VALID"
    )
    assert got.shape == (1, 4, 4, 2)
    for number in range(2):
        channels = [sums_of_windows(picture[0, :, :, c], pair[:, :, c, number]) for c in range(3)]
        np.testing.assert_allclose(got[0, :, :, number], sum(channels), rtol=1e-4, atol=1e-5)


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(
    n=st.integers(1, 12), m=st.integers(1, 5), stride=st.integers(1, 3), padding=st.integers(0, 2)
)
def test_E4_the_size_rule_is_the_size_that_comes_out(
    n: int, m: int, stride: int, padding: int
) -> None:
    if n + 2 * padding < m:
        with pytest.raises(InputError, match="has no place"):
            lesson.output_size(n, m, stride=stride, padding=padding)
        return
    places = [start for start in range(0, n + 2 * padding, stride) if start + m <= n + 2 * padding]
    assert lesson.output_size(n, m, stride=stride, padding=padding) == len(places)
    traced = jax.eval_shape(
        lambda x, k: convolution(x, k, strides=stride, padding=padding),
        np.zeros((1, n, n, 1)),
        np.zeros((m, m, 1, 1)),
    )
    assert traced.shape[1:3] == (len(places), len(places))


def test_E4_zero_padding_keeps_the_side_and_strides_skip_places(digits: np.ndarray) -> None:
    picture, kernel = digits[0, :, :, 0], kernels.KERNELS["sharpen"]
    valid, same = lesson.convolve(picture, kernel), lesson.convolve(picture, kernel, padding=1)
    assert (valid.shape, same.shape) == ((26, 26), (28, 28))
    np.testing.assert_array_equal(same[1:-1, 1:-1], valid)
    np.testing.assert_array_equal(lesson.convolve(picture, kernel, strides=3), valid[::3, ::3])


def test_E4_a_convolution_is_a_dense_layer_with_shared_and_mostly_absent_weights() -> None:
    rng = np.random.default_rng(1)
    kernel, inputs = rng.normal(size=3).astype(np.float32), rng.normal(size=8).astype(np.float32)
    matrix = np.asarray(lesson.as_dense(kernel, 8))
    assert matrix.shape == (8 - 3 + 1, 8)
    np.testing.assert_allclose(
        matrix @ inputs, np.correlate(inputs, kernel, mode="valid"), rtol=1e-5
    )
    assert ((matrix != 0).sum(1) == 3).all(), "every output is joined to m inputs"
    assert set(matrix[matrix != 0].tolist()) == set(kernel.tolist()), (
        "there are only m different weights"
    )
    np.testing.assert_allclose(
        lesson.convolve(inputs[None], kernel[None])[0], matrix @ inputs, rtol=1e-5
    )


def test_E4_m_plus_1_parameters_whatever_the_size_of_the_picture() -> None:
    assert {lesson.count_weights(n, 5).shared for n in (5, 28, 224)} == {5 + 1}
    assert lesson.count_weights(28, 5) == (6, 24 * 6, 24 * 29)


def test_E5_areas_of_two_halve_each_side_and_keep_the_maps() -> None:
    maps = jax.ShapeDtypeStruct((1, 224, 224, 64), jnp.float32)
    for pool in (max_pool, avg_pool):
        assert jax.eval_shape(lambda x, pool=pool: pool(x, 2, strides=2), maps).shape == (
            1,
            112,
            112,
            64,
        )


def test_E5_maximum_and_mean_over_areas_of_digits(digits: np.ndarray) -> None:
    x = digits.astype(np.float32)
    areas = x.reshape(8, 14, 2, 14, 2, 1)
    np.testing.assert_array_equal(max_pool(jnp.asarray(x), 2), areas.max((2, 4)))
    np.testing.assert_allclose(avg_pool(jnp.asarray(x), 2), areas.mean((2, 4)), rtol=1e-6)


@pytest.mark.parametrize("pool", [max_pool, avg_pool])
def test_E5_the_larger_the_area_the_less_a_shifted_digit_changes(pool, digits: np.ndarray) -> None:
    changes = [
        float(
            pooling.change_under_shift(
                lambda x, window=window: pool(x, window), digits, columns=2
            ).mean()
        )
        for window in (1, 2, 4, 14)
    ]
    assert changes == sorted(changes, reverse=True)
    assert 0 < changes[-1] < 0.7 * changes[0], "some invariance, and not all"


def test_E5_the_mean_of_everything_sees_no_shift_and_one_area_sees_none_within_it(
    digits: np.ndarray,
) -> None:
    np.testing.assert_allclose(
        pooling.change_under_shift(lambda x: x.mean((1, 2)), digits, rows=3), 0, atol=1e-5
    )
    dot = np.zeros((1, 8, 8, 1), np.float32)
    dot[0, 4, 4] = 1
    assert float(pooling.change_under_shift(lambda x: max_pool(x, 2), dot, rows=1)[0]) == 0
    assert float(
        pooling.change_under_shift(lambda x: max_pool(x, 2), dot, rows=2)[0]
    ) == pytest.approx(2**0.5)


@pytest.mark.parametrize("kind", ["mean", "max"])
def test_C5_trainable_pooling_forward_and_back(kind: pooling.Pooling) -> None:
    rng = np.random.default_rng(2)
    z, target = rng.normal(size=(2, 4, 6, 3)), rng.normal(size=(2, 2, 3, 3))
    scale, bias = rng.normal(size=3), rng.normal(size=3)
    x = np.tanh(z)
    areas = x.reshape(2, 2, 2, 3, 2, 3)
    down = areas.mean((2, 4)) if kind == "mean" else areas.max((2, 4))
    y = np.tanh(scale * down + bias)

    def error(z, scale, bias):
        pooled = pooling.trainable_pool(jnp.tanh(z), scale, bias, pooling=kind)
        return (0.5 * (pooled - target) ** 2).sum(), pooled

    floats = [jnp.asarray(array, jnp.float32) for array in (z, scale, bias)]
    (for_z, for_scale, for_bias), pooled = jax.grad(error, argnums=(0, 1, 2), has_aux=True)(*floats)
    np.testing.assert_allclose(pooled, y, rtol=1e-5, atol=1e-6)
    delta_next = (y - target) * (1 - y**2)
    share = (
        np.full(areas.shape, 0.25) if kind == "mean" else areas == areas.max((2, 4), keepdims=True)
    )
    up = (share * delta_next[:, :, None, :, None, :]).reshape(z.shape)
    np.testing.assert_allclose(
        pooling.spread(jnp.tanh(floats[0]), jnp.asarray(delta_next, jnp.float32), pooling=kind),
        up,
        rtol=1e-5,
        atol=1e-6,
    )
    np.testing.assert_allclose(for_z, scale * (1 - x**2) * up, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(for_scale, (delta_next * down).sum((0, 1, 2)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(for_bias, delta_next.sum((0, 1, 2)), rtol=1e-4, atol=1e-5)


def test_E12_alexnet_s_96_first_filters_fill_a_grid_in_colour() -> None:
    picture = jax.ShapeDtypeStruct((1, 227, 227, 3), jnp.float32)
    params, _ = jax.eval_shape(dl.models.alexnet().init, jax.random.key(0), picture)
    shape = params["conv1"]["conv"]["kernel"].shape
    assert shape == (11, 11, 3, 96)
    grid = filter_grid(np.random.default_rng(0).normal(size=shape))
    tile = 5 * 11
    assert grid.shape == (2 + 8 * (tile + 2), 2 + 12 * (tile + 2), 3)
    assert (grid[2:-2, 2:-2].min(-1) < grid[2:-2, 2:-2].max(-1)).mean() > 0.9, "in colour"


def test_E1_to_E5_wrong_arguments_are_refused_in_one_line() -> None:
    with pytest.raises(InputError, match=r"\[H, W\], not of shape \(1, 4, 4\)"):
        filtering.smooth(np.zeros((1, 4, 4)))
    with pytest.raises(InputError, match="two odd sides"):
        filtering.smooth(np.zeros((4, 4)), np.ones((2, 3)))
    with pytest.raises(InputError, match="does not fit into"):
        filtering.smooth(np.zeros((2, 4)))
    with pytest.raises(InputError, match="did you mean sharpen"):
        kernels.apply_kernel(np.zeros((1, 4, 4, 1)), "sharpn")
    with pytest.raises(InputError, match="two odd sides"):
        kernels.apply_kernel(np.zeros((1, 4, 4, 1)), np.ones((2, 2)))
    with pytest.raises(InputError, match="add a batch and a channel axis"):
        kernels.apply_kernel(np.zeros((4, 4)), "identity")
    with pytest.raises(InputError, match=r"\[H, W\] and \[h, w\]"):
        lesson.convolve(np.zeros((1, 4, 4)), np.zeros((3, 3)))
    with pytest.raises(
        InputError, match="a kernel of 3 with stride 1 and padding 0 has no place on 2 inputs"
    ):
        lesson.convolve(np.zeros((2, 4)), np.zeros((3, 3)))
    with pytest.raises(InputError, match="add a batch axis"):
        pooling.change_under_shift(lambda x: x, np.zeros((4, 4)))
    with pytest.raises(InputError, match="unknown pooling 'median': give mean or max"):
        pooling.trainable_pool(jnp.zeros((1, 2, 2, 1)), jnp.ones(1), jnp.zeros(1), pooling="median")  # type: ignore[arg-type]

"""Augmentation: exact where it can be, keyed by example and step, off when told."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl.data.augment import (
    Stages,
    affine,
    chain,
    crop,
    cutout,
    flip,
    random_crop,
    rotate,
    shift,
    until_step,
)
from dl.data.warps import _interpolate, _smooth_field, _sources, elastic
from dl.errors import InputError
from dl.train.state import TrainState
from dl.train.step import augmented

STEP = jnp.zeros((), jnp.int32)
compiled_transform = jax.jit(
    lambda picture, drawn: _interpolate(picture, *_sources(picture, drawn))
)


def pictures(count: int = 5, side: int = 9, channels: int = 2) -> jax.Array:
    return jnp.asarray(
        np.random.default_rng(0).normal(size=(count, side, side, channels)), jnp.float32
    )


def keys(count: int = 5, seed: int = 0) -> jax.Array:
    return jax.random.split(jax.random.key(seed), count)


def shift_with_edge(picture: np.ndarray, down: int, right: int) -> np.ndarray:
    """`np.roll`, except that what comes in repeats the edge."""
    rows = np.clip(np.arange(picture.shape[0]) - down, 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(picture.shape[1]) - right, 0, picture.shape[1] - 1)
    return picture[rows][:, columns]


def transform(
    picture: Any, *, degrees: float = 0.0, zoom: float = 1.0, down: float = 0.0, right: float = 0.0
) -> Any:
    return np.asarray(
        compiled_transform(picture, np.array([degrees, zoom, down, right], np.float32))
    )


@pytest.mark.parametrize("shape", [(8, 8, 3), (5, 12, 1), (1, 1, 1)])
def test_zero_strength_is_the_identity(shape: tuple[int, ...]) -> None:
    batch = jnp.asarray(np.random.default_rng(1).normal(size=(4, *shape)), jnp.float32)
    np.testing.assert_array_equal(jax.jit(affine())(keys(4), batch, STEP), batch)


@pytest.mark.parametrize("smoothness", [1.0, 4.0])
def test_d7_elastic_fields_are_smooth_and_have_the_given_strength(smoothness: float) -> None:
    fields = jax.vmap(lambda key: _smooth_field(key, 12, 20, smoothness))(keys(2000))
    # Every pixel is moved by 1 on average of squares, those of the edge too.
    np.testing.assert_allclose(np.std(fields, axis=0), 1.0, atol=0.1)
    # Neighbours at distance d correlate as two Gaussians of this width, exp(−d² / 4σ²).
    middle = np.asarray(fields)[:, 0, 6, 8:12:3]
    correlation = np.corrcoef(middle.T)[0, 1]
    assert correlation == pytest.approx(np.exp(-9 / (4 * smoothness**2)), abs=0.06)


@pytest.mark.parametrize("wrong", [{"pixels": -1.0}, {"pixels": 1.0, "smoothness": 0.0}])
def test_elastic_refuses_what_has_no_field(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="it must be"):
        elastic(**wrong)


def test_elastic_bends_a_ramp_by_its_field() -> None:
    ramp = jnp.broadcast_to(jnp.arange(30.0)[:, None, None], (30, 30, 1))
    bent = jax.jit(elastic(1.5))(keys(1), ramp[None], STEP)[0, 8:22, 8:22, 0]
    field = 1.5 * _smooth_field(keys(1)[0], 30, 30, 4.0)[0]
    np.testing.assert_allclose(bent, (ramp[..., 0] + field)[8:22, 8:22], atol=1e-4)


@pytest.mark.parametrize(
    ("down", "right"), [(0, 0), (1, 0), (0, 1), (-2, 3), (4, -4), (20, 0), (0, -20)]
)
def test_a_whole_shift_is_exact_and_repeats_the_edge(down: int, right: int) -> None:
    picture = jnp.asarray(np.random.default_rng(2).normal(size=(8, 11, 2)), jnp.float32)
    got = transform(picture, down=down, right=right)
    np.testing.assert_array_equal(got, shift_with_edge(np.asarray(picture), down, right))


def test_a_whole_shift_equals_roll_inside() -> None:
    picture = pictures()[0]
    rolled = np.roll(np.asarray(picture), (2, -1), axis=(0, 1))
    np.testing.assert_array_equal(transform(picture, down=2, right=-1)[2:, :-1], rolled[2:, :-1])


def test_half_a_pixel_is_the_mean_of_two_neighbours() -> None:
    picture = np.asarray(pictures()[0])
    got = transform(jnp.array(picture), down=0.5)
    np.testing.assert_allclose(got[1:], (picture[1:] + picture[:-1]) / 2, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("degrees", "turns"), [(90.0, 1), (180.0, 2), (270.0, 3), (-90.0, 3), (360.0, 0)]
)
@pytest.mark.parametrize("side", [8, 9])
def test_quarter_turns_equal_rot90(degrees: float, turns: int, side: int) -> None:
    picture = pictures(side=side)[0]
    got = transform(picture, degrees=degrees)
    np.testing.assert_allclose(got, np.rot90(np.asarray(picture), turns), atol=1e-4)


def test_zoom_by_two_about_the_centre() -> None:
    picture = np.asarray(pictures(side=9)[0])
    enlarged = transform(jnp.array(picture), zoom=2.0)
    np.testing.assert_allclose(enlarged[::2, ::2], picture[2:7, 2:7], rtol=1e-5, atol=1e-6)
    reduced = transform(jnp.array(picture), zoom=0.5)
    np.testing.assert_allclose(reduced[2:7, 2:7], picture[::2, ::2], rtol=1e-5, atol=1e-6)


def test_a_constant_picture_stays_constant_and_no_value_is_invented() -> None:
    augment = jax.jit(affine(degrees=30, zoom=0.3, shift=3))
    np.testing.assert_allclose(augment(keys(), jnp.full((5, 9, 9, 2), 0.25), STEP), 0.25, rtol=1e-6)
    batch = pictures()
    changed = augment(keys(), batch, STEP)
    assert float(changed.max()) <= float(batch.max()) + 1e-5
    assert float(changed.min()) >= float(batch.min()) - 1e-5


def test_amounts_stay_in_their_range() -> None:
    # A ramp along the rows tells how far each picture was shifted down.
    ramp = jnp.broadcast_to(jnp.arange(21.0)[None, :, None, None], (200, 21, 21, 1))
    shifts = np.asarray(10.0 - jax.jit(affine(shift=3.0))(keys(200), ramp, STEP)[:, 10, 10, 0])
    assert np.abs(shifts).max() <= 3.0 + 1e-5
    assert shifts.min() < -2.5
    assert shifts.max() > 2.5
    assert abs(shifts.mean()) < 0.4


def test_every_example_has_its_own_random_numbers() -> None:
    augment, order = jax.jit(affine(degrees=20, zoom=0.2, shift=2)), np.array([3, 0, 4, 1, 2])
    batch = pictures()
    changed = augment(keys(), batch, STEP)
    np.testing.assert_array_equal(augment(keys()[order], batch[order], STEP), changed[order])
    same = augment(keys(), jnp.broadcast_to(batch[:1], batch.shape), STEP)
    assert len({leaf.tobytes() for leaf in np.asarray(same)}) == 5, (
        "each example has its own amounts"
    )


def test_until_step_stops_exactly_there() -> None:
    inner = affine(shift=2)
    limited = jax.jit(until_step(inner, 10))
    batch = pictures()
    changed = jax.jit(inner)(keys(), batch, STEP)
    assert np.abs(changed - batch).max() > 0.1
    for step in (0, 9):
        np.testing.assert_allclose(
            limited(keys(), batch, jnp.int32(step)), changed, rtol=1e-6, atol=1e-6
        )
    for step in (10, 11, 10**6):
        np.testing.assert_array_equal(limited(keys(), batch, jnp.int32(step)), batch)


ALL = {
    "crop": crop(3),
    "flip": flip(),
    "cutout": cutout(4),
    "rotate": rotate(20.0),
    "shift": shift(2.0),
    "chain": chain(crop(2), flip(), cutout(3)),
}


@pytest.mark.parametrize("name", ALL)
def test_each_depends_on_the_example_s_own_key_alone(name: str) -> None:
    augment, order = jax.jit(ALL[name]), np.array([3, 0, 4, 1, 2, 2])
    batch, own = pictures(6), keys(6)
    changed = np.asarray(augment(own, batch, STEP))
    assert changed.shape == batch.shape
    assert np.abs(changed - batch).max() > 0.1
    np.testing.assert_array_equal(augment(own[order], batch[order], STEP), changed[order])
    np.testing.assert_array_equal(augment(own, batch, STEP + 5), changed)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_each_does_the_same_on_every_number_of_devices(name: str) -> None:
    batch, own = pictures(8), keys(8)
    whole = jax.jit(ALL[name])(own, batch, STEP)
    split = jax.pmap(ALL[name], in_axes=(0, 0, None))(
        own.reshape(4, 2), batch.reshape(4, 2, *batch.shape[1:]), STEP
    )
    np.testing.assert_allclose(split.reshape(batch.shape), whole, rtol=1e-5, atol=1e-6)


@given(
    height=st.integers(1, 7),
    width=st.integers(1, 7),
    padding=st.integers(0, 5),
    seed=st.integers(0, 99),
)
@settings(max_examples=15, deadline=None)
def test_a_crop_is_a_window_of_the_padded_picture(
    height: int, width: int, padding: int, seed: int
) -> None:
    batch = np.random.default_rng(seed).normal(size=(2, height, width, 1)).astype(np.float32)
    got = np.asarray(crop(padding)(keys(2, seed), jnp.asarray(batch), STEP))
    for before, after in zip(batch, got, strict=True):
        padded = np.pad(before, ((padding, padding), (padding, padding), (0, 0)))
        windows = [
            padded[row : row + height, column : column + width]
            for row in range(2 * padding + 1)
            for column in range(2 * padding + 1)
        ]
        assert any(np.array_equal(after, window) for window in windows)


def test_crops_reach_every_window() -> None:
    places = jnp.broadcast_to(jnp.arange(1.0, 50.0).reshape(1, 7, 7, 1), (300, 7, 7, 1))
    middles = np.asarray(jax.jit(crop(2))(keys(300), places, STEP))[:, 3, 3, 0]
    assert len(set(middles.tolist())) == 25


def test_random_crops_are_all_the_squares_of_the_picture_and_no_others() -> None:
    places = jnp.broadcast_to(jnp.arange(30.0).reshape(1, 5, 6, 1), (400, 5, 6, 1))
    got = np.asarray(jax.jit(random_crop(4))(keys(400), places, STEP))[..., 0]
    squares = {
        np.arange(30.0).reshape(5, 6)[row : row + 4, column : column + 4].tobytes()
        for row in range(2)
        for column in range(3)
    }
    assert {square.astype(float).tobytes() for square in got} == squares


@pytest.mark.parametrize("side", [5, 6])
def test_a_random_crop_larger_than_the_picture_is_refused(side: int) -> None:
    with pytest.raises(
        InputError, match=rf"a crop of {side} pixels is larger than pictures of \(4, 6\)"
    ):
        random_crop(side)(keys(), jnp.zeros((5, 4, 6, 1)), STEP)


@pytest.mark.parametrize(
    ("step", "number", "end"), [(0, 0, 3), (2, 0, 3), (3, 1, 7), (6, 1, 7), (7, 2, 9), (8, 2, 9)]
)
def test_each_step_has_one_stage(step: int, number: int, end: int) -> None:
    stages = Stages((flip(), None, crop(1)), ends=(3, 7))
    assert (stages.number_at(step), stages.end_at(step, 9)) == (number, end)


@pytest.mark.parametrize(("count", "ends"), [(2, ()), (1, (3,)), (3, (5, 4))])
def test_stages_that_do_not_follow_each_other_are_refused(
    count: int, ends: tuple[int, ...]
) -> None:
    with pytest.raises(InputError, match=f"{count} stages need {count - 1} rising ends"):
        Stages((None,) * count, ends)


def test_nothing_to_do_is_the_identity() -> None:
    batch = pictures()
    for augment in (crop(0), cutout(0), rotate(0.0), shift(0.0), chain()):
        np.testing.assert_array_equal(augment(keys(), batch, STEP), batch)


def test_a_flip_mirrors_half_of_the_pictures_and_two_flips_none() -> None:
    augment, batch = jax.jit(flip()), pictures(400, side=3)
    once = np.asarray(augment(keys(400), batch, STEP))
    kept = (once == np.asarray(batch)).all(axis=(1, 2, 3))
    np.testing.assert_array_equal(once[~kept], np.asarray(batch)[~kept][:, :, ::-1])
    assert 160 < kept.sum() < 240
    np.testing.assert_array_equal(augment(keys(400), once, STEP), batch)


@pytest.mark.parametrize("side", [1, 4, 5, 30])
def test_cutout_covers_a_square_minus_what_is_outside(side: int) -> None:
    height, width, count = 9, 12, 200
    zeros = (
        np.asarray(jax.jit(cutout(side))(keys(count), jnp.ones((count, height, width, 2)), STEP))
        == 0
    )
    assert (zeros[..., 0] == zeros[..., 1]).all()
    sizes = set()
    for covered in zeros[..., 0]:
        rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
        assert covered[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all(), "one rectangle"
        for places, length in ((rows, height), (columns, width)):
            touches = places[0] == 0 or places[-1] == length - 1
            assert len(places) == side or (touches and len(places) < side)
        sizes.add(covered.sum())
    assert max(sizes) == min(side, height) * min(side, width)


def test_a_cutout_s_centre_is_anywhere() -> None:
    covered = np.asarray(jax.jit(cutout(1))(keys(400), jnp.ones((400, 4, 5, 1)), STEP)) == 0
    assert covered.any(axis=0).all()
    assert (covered.sum(axis=(1, 2, 3)) == 1).all()


def test_links_of_a_chain_draw_their_own_numbers_in_order() -> None:
    batch = pictures(40, side=5)
    twice = np.asarray(chain(flip(), flip())(keys(40), batch, STEP))
    assert (twice != np.asarray(batch)).any(), "two flips with the same numbers would cancel"
    halved = chain(
        lambda keys, pictures, step: pictures + step, lambda keys, pictures, step: pictures / 2
    )
    np.testing.assert_array_equal(halved(keys(40), batch, jnp.int32(3)), (batch + 3) / 2)


def test_sizes_below_zero_are_refused() -> None:
    with pytest.raises(InputError, match=r"crop pads by -1 pixels; it must be at least 0"):
        crop(-1)
    with pytest.raises(InputError, match=r"cutout has a side of -2 pixels"):
        cutout(-2)
    with pytest.raises(InputError, match=r"a crop of 0 pixels has no picture in it"):
        random_crop(0)


def seen_by_step(*, seed: int = 0, step: int = 0, index: list[int] | None = None) -> np.ndarray:
    """What an augmented train step's objective sees of one picture repeated for each of `index`."""
    index = [0, 1, 2, 3] if index is None else index
    state = TrainState(jnp.int32(step), jax.random.key(seed), {}, {}, ())
    batch = {"inputs": jnp.repeat(pictures(1), len(index), axis=0), "index": jnp.array(index)}

    def look(state: Any, batch: Any) -> Any:
        return state, batch["inputs"]

    _, seen = jax.jit(augmented(look, affine(degrees=15, shift=2)))(state, batch)
    return np.asarray(seen)


def test_in_the_train_step_examples_steps_and_seeds_differ() -> None:
    views = [seen_by_step(), seen_by_step(step=1), seen_by_step(seed=1)]
    assert len({picture.tobytes() for view in views for picture in view}) == 12


def test_in_the_train_step_an_example_is_changed_the_same_way_wherever_it_lies() -> None:
    whole = seen_by_step(step=7)
    np.testing.assert_array_equal(seen_by_step(step=7), whole)
    np.testing.assert_allclose(
        seen_by_step(step=7, index=[3, 1]), whole[[3, 1]], rtol=1e-5, atol=1e-6
    )


def test_the_train_step_gets_everything_else_unchanged() -> None:
    state = TrainState(jnp.int32(0), jax.random.key(0), {}, {}, ())
    batch = {
        "inputs": pictures(2),
        "index": jnp.arange(2),
        "targets": jnp.array([4, 5]),
        "mask": jnp.array([1.0, 0.0]),
    }
    same, seen = augmented(lambda state, batch: (state, batch), jax.jit(affine(shift=1)))(
        state, batch
    )  # type: ignore[arg-type]
    assert same is state
    assert set(seen) == set(batch)
    for name in ("index", "targets", "mask"):
        np.testing.assert_array_equal(seen[name], batch[name])

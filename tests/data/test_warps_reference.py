"""Affine and elastic changes against SciPy and DeepMind's PIX."""

import dm_pix
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from dl.data.warps import _interpolate, _smooth_field, _sources, elastic

STEP = jnp.zeros((), jnp.int32)
HEIGHT, WIDTH = 18, 13


def picture() -> jax.Array:
    return jnp.asarray(np.random.default_rng(0).normal(size=(HEIGHT, WIDTH, 2)), jnp.float32)


@pytest.mark.parametrize("drawn", [(20.0, 1.2, 0.0, 0.0), (-35.0, 0.8, 1.5, -2.25)])
def test_d7_turning_zooming_and_shifting_is_an_affine_transform(drawn: tuple) -> None:
    angle, zoom, down, right = np.deg2rad(drawn[0]), *drawn[1:]
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / zoom
    middle = np.array([HEIGHT - 1, WIDTH - 1]) / 2
    offset = middle - matrix @ (middle + np.array([down, right]))
    whole = np.eye(3)
    whole[:2, :2] = matrix
    expected = dm_pix.affine_transform(
        picture(), jnp.asarray(whole, jnp.float32), offset=jnp.asarray([*offset, 0.0], jnp.float32)
    )
    got = jax.jit(lambda drawn: _interpolate(picture(), *_sources(picture(), drawn)))(
        jnp.array(drawn)
    )
    np.testing.assert_allclose(got, expected, atol=2e-5)


def test_d7_elastic_takes_pixels_from_where_its_field_points() -> None:
    key = jax.random.key(1)
    fields = 2.0 * np.asarray(_smooth_field(key, HEIGHT, WIDTH, 3.0), np.float64)
    places = np.indices((HEIGHT, WIDTH)) + fields
    got = jax.jit(elastic(2.0, smoothness=3.0))(key[None], picture()[None], STEP)[0]
    for channel in range(2):
        image = np.asarray(picture())[..., channel]
        expected = map_coordinates(image, places, order=1, mode="nearest")
        np.testing.assert_allclose(got[..., channel], expected, atol=1e-4)
        by_pix = dm_pix.flat_nd_linear_interpolate(
            picture()[..., channel], jnp.asarray(places, jnp.float32)
        )
        np.testing.assert_allclose(got[..., channel], by_pix, atol=1e-4)


def test_d7_fields_are_those_of_a_gaussian_filter() -> None:
    """Away from the edge, where the weights are cut off and made larger, by a constant factor."""
    key, width = jax.random.key(2), 1.5
    noise = jax.random.uniform(jax.random.fold_in(key, 1), (2, 40, 40), minval=-1.0, maxval=1.0)
    filtered = gaussian_filter(np.asarray(noise), (0, width, width), mode="constant", truncate=8)
    # The weights of a filter add up to 1, and those of a field have squares that do.
    factor = np.sqrt(3.0) * (np.sqrt(4 * np.pi) * width)
    got = np.asarray(_smooth_field(key, 40, 40, width))[:, 12:28, 12:28]
    np.testing.assert_allclose(got, factor * filtered[:, 12:28, 12:28], rtol=1e-4, atol=1e-4)

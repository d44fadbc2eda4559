"""Augmentation: pure functions of (keys, pictures, step), compiled into the train step.

Every example has a key of its own, derived from (seed, step, example), so that a picture changes in
the same way on any device. Pictures are normalised before: the 0 that `crop` and `cutout` fill with
is the mean colour. `mixup` and `Transposition` change targets too (`dl.data.with_targets`). Source:
D7.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp

from dl.data.erasing import erase as erase
from dl.data.mixing import Mixing
from dl.data.mixing import mixup as mixup
from dl.data.on_source import on_source as on_source
from dl.data.transposing import Transposition as Transposition
from dl.data.warps import affine as affine
from dl.data.warps import elastic as elastic
from dl.data.warps import rotate as rotate
from dl.data.warps import shift as shift
from dl.data.with_targets import AugmentWithTargets
from dl.errors import InputError
from dl.types import Array, Augment


@dataclass(frozen=True)
class Stages:
    """Augmentations for successive stretches of a training; their pictures may differ in size.

    Each is compiled by itself. Augmentation i is for the steps before `ends[i]`, the last one for
    all later steps. None leaves pictures as they are.

    Raises:
        InputError: unless every augmentation but the last has an end, and the ends rise.

    >>> stages = Stages((random_crop(24), flip()), ends=(100,))
    >>> stages.number_at(99), stages.number_at(100)
    (0, 1)
    """

    augments: tuple[Augment | None, ...]
    ends: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len(self.augments) != len(self.ends) + 1 or list(self.ends) != sorted(self.ends):
            ends = len(self.augments) - 1
            raise InputError(
                f"{len(self.augments)} stages need {ends} rising ends between them, not {self.ends}"
            )

    def number_at(self, step: int) -> int:
        """The number of the augmentation for `step`."""
        return bisect_right(self.ends, step)

    def end_at(self, step: int, last: int) -> int:
        """The first step that needs another augmentation than `step` does, at most `last`."""
        return min([last, *self.ends[self.number_at(step) :][:1]])


def chain(*augments: Augment) -> Augment:
    """One augmentation after the other, each with its own random numbers; of none, the identity.

    Raises:
        InputError: for more than one mixup, and for a transposition.

    >>> double = lambda keys, pictures, step: 2 * pictures
    >>> keys, step = jax.random.split(jax.random.key(0), 1), jnp.zeros((), int)
    >>> chain(double, double)(keys, jnp.ones(1), step).tolist()
    [4.0]
    """

    def augment(keys: Array, pictures: Array, step: Array) -> Array:
        for number, function in enumerate(augments):
            pictures = function(_of_link(keys, number), pictures, step)
        return pictures

    for each in augments:
        _require_inputs_alone(each)
    mixing = [(at, each) for at, each in enumerate(augments) if isinstance(each, Mixing)]
    if not mixing:
        return augment
    if len(mixing) > 1:
        raise InputError(f"{len(mixing)} of the augmentations mix pictures: leave one")
    ((number, link),) = mixing
    return replace(
        link, pictures=augment, share=lambda keys, step: link.share(_of_link(keys, number), step)
    )


def crop(padding: int) -> Augment:
    """Pad every side with `padding` zeros and cut out a random part of the old size.

    Pictures [B, H, W, C] -> [B, H, W, C]. Source: He et al. 2016 (4 pixels for 32×32).

    >>> keys, step = jax.random.split(jax.random.key(0), 2), jnp.zeros((), int)
    >>> crop(4)(keys, jnp.ones((2, 32, 32, 3)), step).shape
    (2, 32, 32, 3)
    """
    _require_pixels("crop pads by", padding)

    def augment(keys: Array, pictures: Array, step: Array) -> Array:
        del step
        padded = jnp.pad(pictures, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
        return _cut(keys, padded, pictures.shape[1:3])

    return augment


def random_crop(side: int) -> Augment:
    """Cut a square of `side` pixels out of every picture, at a random place.

    Pictures [B, H, W, C] -> [B, side, side, C]. A net that ends in a mean over its maps can train
    on these smaller pictures in less time and take whole pictures afterwards: objects keep their
    size in pixels. Source: Touvron et al. 2019, arXiv:1906.06423, on different sizes in training
    and test.

    Raises:
        InputError: for a side larger than the pictures.

    >>> keys, step = jax.random.split(jax.random.key(0), 2), jnp.zeros((), int)
    >>> random_crop(24)(keys, jnp.ones((2, 32, 32, 3)), step).shape
    (2, 24, 24, 3)
    """
    if side < 1:
        raise InputError(f"a crop of {side} pixels has no picture in it; it must be at least 1")

    def augment(keys: Array, pictures: Array, step: Array) -> Array:
        del step
        if side > min(pictures.shape[1:3]):
            raise InputError(
                f"a crop of {side} pixels is larger than pictures of {pictures.shape[1:3]}"
            )
        return _cut(keys, pictures, (side, side))

    return augment


def flip() -> Augment:
    """Mirror each picture left to right with probability ½: [B, H, W, C] -> [B, H, W, C].

    >>> pictures = jnp.tile(jnp.arange(3.0).reshape(1, 1, 3, 1), (16, 1, 1, 1))
    >>> flipped = flip()(jax.random.split(jax.random.key(0), 16), pictures, jnp.zeros((), int))
    >>> sorted({tuple(row) for row in flipped[:, 0, :, 0].tolist()})
    [(0.0, 1.0, 2.0), (2.0, 1.0, 0.0)]
    """

    def augment(keys: Array, pictures: Array, step: Array) -> Array:
        del step
        mirrored = jax.vmap(jax.random.bernoulli)(keys)
        return jnp.where(mirrored[:, None, None, None], pictures[:, :, ::-1], pictures)

    return augment


def cutout(side: int) -> Augment:
    """Set a square of `side`×`side` pixels to 0, with its centre anywhere in the picture.

    Pictures [B, H, W, C] -> [B, H, W, C]. The square may lie partly outside of the picture. Source:
    DeVries & Taylor 2017 (16 pixels for CIFAR-10).

    >>> keys, step = jax.random.split(jax.random.key(0), 8), jnp.zeros((), int)
    >>> left = cutout(3)(keys, jnp.ones((8, 9, 9, 1)), step).sum((1, 2, 3))
    >>> float(left.min()), bool((left < 81).all())
    (72.0, True)
    """
    _require_pixels("cutout has a side of", side)

    def augment(keys: Array, pictures: Array, step: Array) -> Array:
        del step
        height, width = pictures.shape[1:3]
        centres = jax.vmap(
            lambda key: jax.random.randint(key, (2,), 0, jnp.array([height, width]))
        )(keys)
        rows = _covered(centres[:, 0], height, side)
        columns = _covered(centres[:, 1], width, side)
        return jnp.where((rows[:, :, None] & columns[:, None, :])[..., None], 0.0, pictures)

    return augment


def until_step(augment: Augment, last: int) -> Augment:
    """`augment` for the steps before `last`; later steps leave pictures [B, ...] as they are.

    Raises:
        InputError: for a transposition.

    >>> double = lambda keys, pictures, step: 2 * pictures
    >>> keys = jax.random.split(jax.random.key(0), 1)
    >>> [until_step(double, 7)(keys, jnp.ones(1), jnp.int32(step)).tolist() for step in (6, 7)]
    [[2.0], [1.0]]
    """

    def limited(keys: Array, pictures: Array, step: Array) -> Array:
        return jax.lax.cond(step < last, lambda: augment(keys, pictures, step), lambda: pictures)

    _require_inputs_alone(augment)
    if not isinstance(augment, Mixing):
        return limited
    return replace(
        augment,
        pictures=limited,
        share=lambda keys, step: jnp.where(step < last, augment.share(keys, step), 1.0),
    )


def _require_inputs_alone(augment: Augment) -> None:
    """Refuse an augmentation whose targets would be forgotten."""
    if isinstance(augment, AugmentWithTargets) and not isinstance(augment, Mixing):
        raise InputError(
            f"{type(augment).__name__} changes targets too, and works alone: take it out of the "
            "chain or of until_step"
        )


def _of_link(keys: Array, number: int) -> Array:
    """The keys [B] of a link of a chain."""
    return jax.vmap(lambda key: jax.random.fold_in(key, number))(keys)


def _cut(keys: Array, pictures: Array, size: tuple[int, ...]) -> Array:
    """A random part of `size` of each of the pictures [B, H, W, C]."""
    height, width, channels = pictures.shape[1:]
    places = jnp.array([height - size[0] + 1, width - size[1] + 1])
    corners = jax.vmap(lambda key: jax.random.randint(key, (2,), 0, places))(keys)

    def cut(picture: Array, corner: Array) -> Array:
        return jax.lax.dynamic_slice(picture, (corner[0], corner[1], 0), (*size, channels))

    return jax.vmap(cut)(pictures, corners)


def _covered(centre: Array, length: int, side: int) -> Array:
    """Which positions 0 .. length − 1 lie within `side` around `centre` [B]: [B, length]."""
    start = centre[:, None] - side // 2
    position = jnp.arange(length)
    return (start <= position) & (position < start + side)


def _require_pixels(what: str, pixels: int) -> None:
    if pixels < 0:
        raise InputError(f"{what} {pixels} pixels; it must be at least 0")

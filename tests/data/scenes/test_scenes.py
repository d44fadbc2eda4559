"""Scenes: which are held out, where their pieces lie, and the data set that is made of them."""

from itertools import chain, pairwise, product
from typing import Any

import numpy as np
import pytest

import dl.data.readers.scenes as reader
from dl.data.dataset import Dataset
from dl.data.load import load_data
from dl.data.parts import dataset_of_parts
from dl.data.readers.scenes import load_scenes, scene_drawer
from dl.data.scenes import Scene, draw_scene, is_held_out, read_caption, relations
from dl.data.scenes.painting import SIDE, draw_places
from dl.data.scenes.scene import RELATIONS
from dl.data.sources.arrays import ArraySource
from dl.data.sources.captions import CaptionSource
from dl.errors import InputError

DIGITS = tuple("0123456789")


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


@pytest.mark.parametrize("names", [DIGITS, tuple("abcd"), tuple("abcdefg")])
def test_each_thing_has_one_held_out_partner_in_each_relation(names: tuple[str, ...]) -> None:
    for relation, name in product(RELATIONS, names):
        assert sum(is_held_out((name, relation, other), names) for other in names) == 1


@pytest.mark.parametrize("held_out", [False, True])
def test_scenes_have_held_out_combinations_or_none(held_out: bool) -> None:
    for seed in range(200):
        scene = draw_scene(generator(seed), DIGITS, held_out=held_out)
        assert any(is_held_out(one, DIGITS) for one in relations(scene)) == held_out
        assert 2 <= len(scene.pieces) <= 4


def test_pieces_lie_as_the_captions_say() -> None:
    for seed in range(200):
        draw = generator(seed)
        scene = draw_scene(draw, DIGITS, held_out=False)
        places = iter(draw_places(scene, draw))
        rows = [[next(places) for _ in row] for row in scene.rows]
        for row in rows:
            for left, right in pairwise(row):
                assert left.left + left.side <= right.left
                assert abs((left.top + left.side / 2) - (right.top + right.side / 2)) < SIDE / 4
        for upper, lower in product(*rows) if len(rows) == 2 else ():
            assert upper.top + upper.side <= lower.top
        for piece, place in zip(scene.pieces, chain(*rows), strict=True):
            assert (place.side >= 18) == (piece.size == "large")
            assert min(place[:2]) >= 0
            assert max(place.top, place.left) + place.side <= SIDE


def test_a_scene_is_a_function_of_seed_and_number() -> None:
    pictures = [np.full((1, 8, 8, 1), 10 + k, np.uint8) for k in range(10)]
    one, again = (scene_drawer(5, pictures, DIGITS, False) for _ in range(2))
    several = [one(number, 3) for number in range(6)]
    alone = again(4, 3)
    assert alone.scene == several[4].scene
    assert alone.captions == several[4].captions
    np.testing.assert_array_equal(alone.canvas, several[4].canvas)
    assert scene_drawer(6, pictures, DIGITS, False)(4, 3).captions != alone.captions
    assert all(read_caption(text) == alone.scene for text in alone.captions)
    shown = {int(value) - 10 for value in np.unique(alone.canvas) if value}
    assert shown == {int(piece.name) for piece in alone.scene.pieces}


def plain_pictures(name: str, *, validation: float = 0.0, data_dir: Any = None) -> Dataset:
    """Each part has pictures of one grey value: train 50, validation 100, test 200."""
    parts = [
        ArraySource(np.full((20, 6, 6, 1), grey, np.uint8), np.arange(20, dtype=np.int32) % 10)
        for grey in (50, 100, 200)
    ]
    train, held_out, test = parts
    return dataset_of_parts(
        name,
        train,
        test,
        class_names=tuple("0123456789"),
        validation=held_out if validation else 0.0,
    )


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "TRAIN_SCENES", 60)
    monkeypatch.setattr(reader, "TEST_SCENES", 20)


def scenes_of(source: CaptionSource) -> list[Scene]:
    """The scenes of all pictures of a part; all captions of one say the same."""
    read = [{read_caption(text) for text in texts} for texts in source.references]
    assert all(len(one) == 1 for one in read)
    found = [one.pop() for one in read]
    return [scene for scene in found if scene is not None]


@pytest.mark.usefixtures("few")
def test_parts_of_scenes_have_pieces_of_their_own() -> None:
    seen = load_scenes(plain_pictures, "grey", validation=0.2)
    unseen = load_scenes(plain_pictures, "grey", validation=0.2, unseen=True)
    assert [part.pictures.shape[0] for part in (seen.train, seen.validation, seen.test)] == [
        48,
        12,
        20,
    ]
    greys = [
        set(np.unique(part.pictures))
        for part in (seen.train, seen.validation, seen.test, unseen.test)
    ]
    assert greys == [{0, 50}, {0, 100}, {0, 200}, {0, 200}]
    held_out = [
        [any(is_held_out(one, DIGITS) for one in relations(scene)) for scene in scenes_of(part)]
        for part in (seen.train, seen.validation, seen.test, unseen.test)
    ]
    assert not any(map(any, held_out[:3]))
    assert all(held_out[3])
    np.testing.assert_array_equal(unseen.train.pictures, seen.train.pictures)


@pytest.mark.usefixtures("few")
def test_scenes_of_digits_by_name() -> None:
    data = load_data("scenes:digits", validation=0.1)
    assert (data.spec.name, data.spec.task, data.spec.input_shape) == (
        "scenes:digits",
        "sequence",
        (48, 48, 1),
    )
    assert data.spec.longest_target == data.test.widths[-1] <= 24
    text = data.spec.text
    for row, length, picture in zip(
        data.train.targets, data.train.target_lengths, data.train.picture_of, strict=True
    ):
        assert row[length - 1] == text.end
        assert text.decode(row[: length - 1]) in data.train.references[picture]
    again = load_data("scenes:digits", validation=0.1)
    assert again.fingerprint == data.fingerprint
    assert "of" in data.show(count=2).sample.labels[0]


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ("moons", "needs a set of labelled pictures"),
        ("scenes:digits", "needs a set of labelled pictures"),
        ("nothing:x", "unknown kind of data set"),
    ],
)
@pytest.mark.usefixtures("few")
def test_what_scenes_cannot_be_made_of(pictures: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_data(f"scenes:{pictures}")


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("a", "b", "c"), "needs 4 classes or more"),
        (("cat", "Cat", "dog", "cow"), "each with a name of its own"),
        (("cat", "dog", "cow", "large"), "captions use such a word otherwise"),
        (("airplane", "plane", "cat", "dog"), "two classes are called 'plane' in captions"),
        (("1", "2", "3", "three"), "two classes are called 'three' in captions"),
    ],
)
def test_classes_that_captions_cannot_name(classes: tuple[str, ...], message: str) -> None:
    def load(name: str, **_: Any) -> Dataset:
        labels = np.arange(8, dtype=np.int32) % len(classes)
        part = ArraySource(np.zeros((8, 4, 4, 1), np.uint8), labels)
        return dataset_of_parts(name, part, part, class_names=classes)

    with pytest.raises(InputError, match=message):
        load_scenes(load, "few")

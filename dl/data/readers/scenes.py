"""Scenes of pictures of another data set, with captions: a set that needs no download of its own.

`scenes:SET` puts two to four pictures of SET on a canvas, and describes them by the grammar of
`dl.data.scenes`. Of each relation and thing one partner is held out: no scene that is trained,
validated or tested on has such a combination. `unseen-scenes:SET` has the same training scenes, and
for a test part scenes with at least one held-out combination each.

Which things a scene shows, where they lie and what is said of them is a function of the part and
the scene's number. Pieces of test scenes are test pictures of SET, and those of validation scenes
pictures that are held out of training.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from dl.data.dataset import Dataset
from dl.data.readers.captioned import Captioned, captioned_pictures
from dl.data.scenes.captions import GRAMMAR_WORDS, RESERVED, draw_caption
from dl.data.scenes.nouns import name_of_class, nouns_of
from dl.data.scenes.painting import draw_places, paint
from dl.data.scenes.scene import FEWEST_NAMES, Scene, draw_scene
from dl.data.sources.arrays import ArraySource
from dl.data.sources.source import Source
from dl.data.split import held_out_count
from dl.data.text.reading import Reading
from dl.data.text.vocabulary import END, Vocabulary
from dl.errors import InputError

TRAIN_SCENES, TEST_SCENES = 12_000, 1_000
TRAIN_CAPTIONS, TEST_CAPTIONS = 3, 5
"""Captions of each scene."""
# Fixed for ever: each part has the same scenes in every version.
_SEEDS = {"train": 20_15_01, "validation": 20_15_02, "test": 20_15_03, "unseen": 20_15_04}

LoadPictures = Callable[..., Dataset]
"""`(name, *, validation, data_dir)` to a data set of labelled pictures."""


class DrawnScene(NamedTuple):
    """A scene, its canvas uint8 [48, 48, C] and some of its captions."""

    scene: Scene
    canvas: np.ndarray
    captions: tuple[str, ...]


def load_scenes(
    load: LoadPictures,
    pictures: str,
    *,
    validation: float = 0.0,
    unseen: bool = False,
    data_dir: str | None = None,
) -> Dataset:
    """Scenes of the data set called `pictures`: 12,000 to train on, 1,000 to test.

    `validation` is the fraction of the training scenes to hold out, and of the pictures. With
    `unseen` the scenes of the test part have held-out combinations.

    Raises:
        InputError: for a set that is not of 8-bit pictures in memory, with four classes or more,
            whose names are no words of the grammar and share no synonym.
    """
    name = f"{'unseen-' if unseen else ''}scenes:{pictures}"
    data = load(pictures, validation=validation, data_dir=data_dir)
    names = _names(data, name)
    held_out = held_out_count(TRAIN_SCENES, fraction=validation)

    def part(of: str, source: Source | None, count: int, captions: int) -> Captioned:
        assert source is not None
        draw = scene_drawer(_SEEDS[of], _by_class(source, len(names)), names, of == "unseen")
        scenes = [draw(number, captions) for number in range(count)]
        return Captioned(
            np.stack([scene.canvas for scene in scenes]),
            tuple(scene.captions for scene in scenes),
        )

    return captioned_pictures(
        name,
        part("train", data.train, TRAIN_SCENES - held_out, TRAIN_CAPTIONS),
        part("validation", data.validation, held_out, TEST_CAPTIONS) if held_out else 0.0,
        part("unseen" if unseen else "test", data.test, TEST_SCENES, TEST_CAPTIONS),
        reading=Reading(unit="word"),
        vocabulary=scene_vocabulary(names),
        # The length of a caption tells how many pieces there are: by buckets, a batch would have
        # scenes of one kind, whose batch statistics are not those of all.
        buckets=1,
    )


def scene_drawer(
    seed: int, by_class: Sequence[np.ndarray], names: Sequence[str], held_out: bool
) -> Callable[[int, int], DrawnScene]:
    """The function from a scene's number and a number of captions to the scene.

    `by_class` holds the pictures uint8 [N_k, H, W, C] of each of the `names`.
    """
    number_of = {name: number for number, name in enumerate(names)}

    def draw(number: int, captions: int) -> DrawnScene:
        generator = np.random.Generator(np.random.Philox(key=np.array([seed, number], np.uint64)))
        scene = draw_scene(generator, names, held_out=held_out)
        places = draw_places(scene, generator)
        of_names = [by_class[number_of[piece.name]] for piece in scene.pieces]
        pieces = [pictures[generator.integers(len(pictures))] for pictures in of_names]
        said = tuple(draw_caption(scene, generator) for _ in range(captions))
        return DrawnScene(scene, paint(places, pieces), said)

    return draw


def scene_vocabulary(names: Sequence[str]) -> Vocabulary:
    """All words of the grammar and of the things, in the order of the alphabet, and the end."""
    nouns = (word for name in names for noun in nouns_of(name) for word in noun.split(" "))
    return Vocabulary("word", (*sorted({*GRAMMAR_WORDS, *nouns}), END), "unicode")


def _names(data: Dataset, name: str) -> tuple[str, ...]:
    spec = data.spec
    if spec.task != "classification" or spec.input_dtype != "uint8" or len(spec.input_shape) != 3:
        raise InputError(
            f"{name} needs a set of labelled pictures, which {spec.name} is not: try scenes:digits"
        )
    if not data.train.in_memory or spec.input_shape[-1] not in (1, 3):
        raise InputError(
            f"{name} needs grey or RGB pictures in memory: give a smaller set than {spec.name}"
        )
    names = tuple(map(name_of_class, spec.class_names))
    if len(set(names)) < FEWEST_NAMES or len(set(names)) < len(spec.class_names):
        raise InputError(
            f"{name} needs {FEWEST_NAMES} classes or more, each with a name of its own; "
            f"{spec.name} has {len(set(names))}"
        )
    nouns = Counter(noun for name in names for noun in nouns_of(name))
    for one in names:
        if shared := [noun for noun in nouns_of(one) if nouns[noun] > 1]:
            raise InputError(
                f"{name}: two classes are called {shared[0]!r} in captions, one of them {one!r}: "
                "give them other names"
            )
        if not one or not RESERVED.isdisjoint(one.split(" ")):
            raise InputError(
                f"{name}: a class is called {one!r}, and captions use such a word otherwise: give "
                "it another name"
            )
    return names


def _by_class(source: Source, classes: int) -> list[np.ndarray]:
    """The pictures of each class."""
    assert isinstance(source, ArraySource)
    found = [source.inputs[source.targets == number] for number in range(classes)]
    if not all(map(len, found)):
        raise InputError("a class has no pictures in a part: give more of each, or hold out fewer")
    return found

"""The captions of scenes: what the grammar writes it reads again, and nothing else is right."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings

from dl.data.scenes import (
    Piece,
    Scene,
    captions_of,
    count_captions,
    draw_caption,
    is_right,
    read_caption,
)
from dl.data.scenes.nouns import SYNONYMS, name_of_class, nouns_of
from dl.data.scenes.phrases import OneOf, count_texts, says, texts_of
from dl.data.text.words import words

quick = settings(max_examples=60, deadline=None)
names = st.sampled_from(["0", "1", "7", "8", "trouser", "ankle boot", "automobile", "horse"])
pieces = st.builds(Piece, names, st.sampled_from(["small", "large"]))
rows = st.lists(pieces, min_size=1, max_size=2).map(tuple)
one_row = st.tuples(st.tuples(pieces, pieces))
scenes = st.builds(Scene, st.one_of(one_row, st.tuples(rows, rows)))


def a_caption(scene: Scene, seed: int) -> str:
    return draw_caption(scene, np.random.Generator(np.random.Philox(key=seed)))


@quick
@given(scenes, st.integers(0, 10**6))
def test_every_caption_is_right_and_says_its_scene(scene: Scene, seed: int) -> None:
    caption = a_caption(scene, seed)
    assert is_right(scene, caption)
    assert read_caption(caption) == scene


@quick
@given(scenes, scenes, st.integers(0, 10**6))
def test_the_captions_of_another_scene_are_wrong(one: Scene, other: Scene, seed: int) -> None:
    assert is_right(one, a_caption(other, seed)) == (one == other)


@quick
@given(scenes, st.integers(0, 10**6), st.data())
def test_a_caption_without_one_of_its_words_is_wrong(
    scene: Scene, seed: int, data: st.DataObject
) -> None:
    words = a_caption(scene, seed).split(" ")
    place = data.draw(st.integers(0, len(words) - 1))
    assume(words[place] != "ankle")  # a boot is called boot too
    shorter = " ".join(words[:place] + words[place + 1 :])
    assert not is_right(scene, shorter)
    assert read_caption(shorter) != scene


@quick
@given(st.text("ab 8leftowrig", max_size=30))
def test_any_other_text_says_nothing(text: str) -> None:
    read = read_caption(text)
    assert read is None or is_right(read, text)


PAIR = Scene(((Piece("8", "large"), Piece("horse", "small")),))
EQUAL = Scene(((Piece("8", "large"),), (Piece("horse", "large"),)))


def test_all_captions_of_a_pair_by_hand() -> None:
    """Both sizes: 2 orders × 2 relations × (2·2) × (2·1) NPs; compared: 2·2·1 and 2·2·2."""
    texts = list(captions_of(PAIR))
    assert len(set(texts)) == len(texts) == count_captions(PAIR) == 2 * 2 * 4 * 2 + 4 + 8
    assert "an 8 left of a smaller horse" in texts
    assert "a horse to the right of a bigger eight" in texts
    assert "a little horse right of a big 8" in texts


def test_equal_sizes_are_not_compared() -> None:
    texts = list(captions_of(EQUAL))
    assert len(texts) == 2 * 2 * 4 * 2
    assert all("er " not in f"{text} ".replace("under ", "").replace("over ", "") for text in texts)


@pytest.mark.parametrize(
    "wrong",
    [
        "a 8 left of a smaller horse",
        "an 8 left of a larger horse",
        "an 8 left of a horse",
        "a large 8 right of a small horse",
        "a large 8 above a small horse",
        "a small 8 left of a small horse",
        "a large 8 left of a small horse and",
        "a large 8",
        "",
    ],
)
def test_captions_that_are_nearly_right(wrong: str) -> None:
    assert not is_right(PAIR, wrong)
    assert read_caption(wrong) != PAIR


@quick
@given(scenes)
def test_the_grammar_writes_each_caption_once(scene: Scene) -> None:
    """No text is the caption of a scene in two ways, so that exact match counts scenes."""
    if count_captions(scene) <= 2000:
        texts = list(captions_of(scene))
        assert len(texts) == len(set(texts)) == count_captions(scene)


def test_phrases() -> None:
    phrase = ("a", OneOf(("b", ("c", OneOf(("d", "e f"))))), "g")
    assert list(texts_of(phrase)) == ["a b g", "a c d g", "a c e f g"]
    assert count_texts(phrase) == 3
    assert all(says(phrase, text.split()) for text in texts_of(phrase))
    assert not says(phrase, ["a", "c", "e", "g"])


def test_nouns_stand_for_one_thing_each() -> None:
    nouns = [noun for synonyms in SYNONYMS.values() for noun in synonyms]
    assert len(nouns) == len(set(nouns))
    assert all(words(noun) == noun.split(" ") for noun in nouns), "as they are encoded"
    assert nouns_of(name_of_class("T-shirt/top")) == ("tee", "top")
    assert nouns_of(name_of_class("Ankle boot")) == ("boot", "ankle boot")
    assert nouns_of(name_of_class("sea_horse")) == ("sea horse",)

"""Pictures with several captions: batches equal those made by hand."""

import jax
import numpy as np
import pytest

from dl.data.dataset import Dataset, DataSpec
from dl.data.example import example_batch
from dl.data.gather import make_gather
from dl.data.parts import dataset_of_captions
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.captions import CaptionSource, caption_source, with_common_caption_widths
from dl.data.text.vocabulary import END, Vocabulary
from dl.errors import InputError
from dl.types import Pair

VOCABULARY = Vocabulary("word", ("a", "b", "c", END))
PICTURES = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)
SYMBOLS = [[[0, 1, 2], [1]], [[2, 2]], [[0], [1, 1, 1, 1]]]


def source(buckets: int = 2) -> CaptionSource:
    """Picture p is grey p; five captions of 1 to 4 words."""
    return caption_source(
        PICTURES,
        [[np.array(one) for one in of_picture] for of_picture in SYMBOLS],
        end=3,
        references=[["a b c", "b"], ["c c"], ["a", "b b b b"]],
        names=("x", "y", "z"),
        buckets=buckets,
    )


def test_a_batch_by_hand() -> None:
    """Captions by length: b (0), a (2), c c (1), a b c (0), b b b b (2)."""
    made = source()
    spec = dataset_of_captions("t", made, None, made, vocabulary=VOCABULARY).spec
    batch = make_gather(made, spec)(
        made.resident()[1], IndexedBatch(np.array([3, 1]), np.ones(2, np.float32))
    )
    assert isinstance(batch["inputs"], Pair)
    assert batch["inputs"].previous.tolist() == [[3, 0, 1, 2, 3], [3, 0, 3, 0, 0]]
    assert batch["targets"].tolist() == [[0, 1, 2, 3, 0], [0, 3, 0, 0, 0]]
    assert batch["mask"].tolist() == [[1, 1, 1, 1, 0], [1, 1, 0, 0, 0]]
    greys = np.array([0, 2]) / 255
    expected = (greys - spec.mean[0]) / spec.std[0]
    np.testing.assert_allclose(batch["inputs"].source[:, 0, 0, 0], expected, rtol=1e-5)
    held = make_gather(made, spec)(
        {}, IndexedBatch(np.array([3, 1]), np.ones(2, np.float32), examples=made.gather([3, 1]))
    )
    jax.tree.map(np.testing.assert_array_equal, dict(held), dict(batch))


def test_pictures_are_the_same_array_in_every_set() -> None:
    made = source()
    sets = made.resident()
    assert [one["targets"].shape for one in sets] == [(3, 3), (5, 5)]
    assert all(one["pictures"] is made.pictures for one in sets)


def test_an_epoch_trains_on_every_caption_once() -> None:
    made = source(buckets=3)
    calls = list(made.train_calls(seed=0, batch_size=1, total_steps=5)(0, 5))
    seen = np.concatenate([call.index.ravel() for _, call in calls])
    assert sorted(seen.tolist()) == [0, 1, 2, 3, 4]
    for bucket, call in calls:
        assert (made.target_lengths[call.index] <= made.widths[bucket]).all()
    (whole,) = {len(call.index[0]) for call in made.evaluation_calls(batch_size=5)()}
    assert whole == 5


def test_taken_captions_keep_their_pictures_and_all_references() -> None:
    few = source().take(np.array([4, 2]))
    assert few.pictures[:, 0, 0, 0].tolist() == [1, 2]
    assert few.picture_of.tolist() == [0, 1]
    assert few.references == (("c c",), ("a", "b b b b"))
    assert few.names == ("y", "z")
    assert few.inputs[:, 0, 0, 0].tolist() == [1, 2]


def test_parts_share_their_widths() -> None:
    short = caption_source(PICTURES[:1], [[np.array([1])]], end=3)
    assert [one.widths for one in with_common_caption_widths(short, source())] == [(2,), (5,)]


def test_the_shape_of_a_batch_is_known_from_the_description() -> None:
    made = source()
    spec = dataset_of_captions("t", made, None, made, vocabulary=VOCABULARY).spec
    batch = example_batch(spec)
    assert batch["inputs"].source.shape == (1, 2, 2, 1)
    assert batch["inputs"].previous.shape == batch["targets"].shape == (1, 5)
    assert spec.classes == 4
    assert not spec.has_symbols


def test_unfit_captions_are_refused() -> None:
    with pytest.raises(InputError, match="3 pictures but 1 lists of captions"):
        caption_source(PICTURES, [[np.array([1])]], end=3)
    with pytest.raises(InputError, match="there are no captions"):
        caption_source(PICTURES, [[], [], []], end=3)
    with pytest.raises(InputError, match="buckets is 0"):
        source(buckets=0)
    made = source()
    with pytest.raises(InputError, match="sorted by length"):
        CaptionSource(PICTURES, made.picture_of, made.targets, made.target_lengths[::-1], (5,), 3)
    spec = DataSpec("t", "sequence", (4, 4, 1), "uint8", (), 5, vocabulary=VOCABULARY)
    with pytest.raises(InputError, match=r"its examples are uint8 \(2, 2, 1\)"):
        Dataset(spec, made, None, made)

"""H4: three generations of speech recognition, on what is small enough to be known by heart."""

import numpy as np
import pytest

from dl import lessons
from dl.data.sources.pairs import pair_source
from dl.errors import InputError
from dl.hmm import Mixtures, WordModels
from dl.lessons import speech

FLAT = np.log(np.full(5, 0.5))


def test_h4_the_table_has_the_slides_figures_beside_ours() -> None:
    table = lessons.generations({"HMM-GMM": 0.03, "belief net": 0.02, "LSTM": 0.01})
    slide = {row[0]: row[2] for row in table.rows}
    assert slide == {"HMM-GMM": 0.26, "belief net": 0.207, "LSTM": 0.177}
    assert list(slide.values()) == sorted(map(float, slide.values()), reverse=True)
    assert table.text().splitlines()[-1].split() == ["LSTM", "2013", "17.7", "%", "1.0", "%"]


def test_h4_frames_of_a_string_do_not_depend_on_its_batch() -> None:
    """A padded batch of three strings of three lengths, and each string in a batch of its own."""
    rng = np.random.default_rng(0)
    sounds = [rng.normal(scale=2000, size=size).astype(np.int16) for size in (900, 1700, 2600)]
    together = speech.in_frames(pair_source(sounds, [np.array([0])] * 3, buckets=1), 8000)
    for place, sound in enumerate(sounds):
        alone = speech.in_frames(pair_source([sound], [np.array([0])], buckets=1), 8000)
        np.testing.assert_allclose(together.cepstra[place], alone.cepstra[0], atol=2e-3)
        np.testing.assert_allclose(together.energies[place], alone.energies[0], atol=2e-3)


def test_h4_viterbi_reads_words_that_sounds_tell() -> None:
    """Two words of two states, each state with a mean of its own; the pause has another."""
    means = np.array([0.0, 4.0, 8.0, 12.0, -4.0])
    mixtures = Mixtures(np.ones((5, 1)), means[:, None, None], np.ones((5, 1, 1)))
    models = WordModels(words=2, states=2, mixtures=mixtures, log_stay=FLAT)
    states = [4, 0, 0, 1, 2, 3, 3, 4, 0, 1]
    heard = means[states][:, None] + np.linspace(-0.5, 0.5, 10)[:, None]
    sounds = models.mixtures.log_likelihoods(heard)
    (words,) = speech.decode_strings(models, [sounds], penalty=0.0)
    assert words == [0, 1, 0]
    strings = speech.Strings([heard], [heard], [[0, 1, 0]])
    assert speech.frame_states(models, strings)[0].tolist() == states
    # A penalty above what the sounds tell leaves words out.
    (fewer,) = speech.decode_strings(models, [sounds], penalty=200.0)
    assert len(fewer) < 3
    assert speech.tuned_penalty(
        lambda penalty: speech.decode_strings(models, [sounds], penalty=penalty),
        [[0, 1, 0]],
        (200.0, 0.0),
    ) == pytest.approx(0.0)


def test_h4_strings_with_too_few_frames_are_not_aligned() -> None:
    mixtures = Mixtures(np.ones((5, 1)), np.zeros((5, 1, 1)), np.ones((5, 1, 1)))
    models = WordModels(words=2, states=2, mixtures=mixtures, log_stay=FLAT)
    heard = [np.zeros((3, 1)), np.zeros((4, 1))]
    strings = speech.Strings(heard, heard, [[0, 1], [1, 0]])
    kept = speech.long_enough(models, strings)
    assert kept.labels == [[1, 0]]
    assert len(speech.frame_states(models, kept)) == 1
    with pytest.raises(InputError, match="no path"):
        speech.frame_states(models, strings)
    with pytest.raises(InputError, match="give fewer --states"):
        speech.long_enough(models, strings.take([0]))


def test_h4_frames_are_pictures_of_their_neighbours() -> None:
    energies = np.random.default_rng(0).normal(size=(9, 4))
    pictures = speech.patches(energies, context=2)
    assert (pictures.shape, pictures.dtype) == ((9, 5, 4, 1), np.uint8)
    np.testing.assert_array_equal(pictures[4, 2:, :, 0], pictures[5, 1:4, :, 0])
    normal = (energies - energies.mean(axis=0)) / energies.std(axis=0)
    expected = 255 / (1 + np.exp(-normal))
    np.testing.assert_allclose(pictures[:, 2, :, 0], expected, atol=1.0)

"""Viterbi finds the best of all paths, graphs allow what they say, models find words again."""

import itertools

import numpy as np
import pytest

from dl.errors import InputError
from dl.hmm import WordModels, align, chain, fit_word_models, loop, read_words, viterbi
from dl.hmm.mixtures import Mixtures

STATES, WORDS = 2, 3
STAY = np.log(np.full(WORDS * STATES + 1, 0.6))


def test_viterbi_is_the_best_of_all_paths() -> None:
    rng = np.random.default_rng(0)
    start, end, sounds = rng.normal(size=3), rng.normal(size=3), rng.normal(size=(5, 3))
    steps = rng.normal(size=(3, 3))

    def score(path: tuple[int, ...]) -> float:
        heard = sum(sounds[frame, state] for frame, state in enumerate(path))
        moved = sum(steps[pair] for pair in itertools.pairwise(path))
        return float(start[path[0]] + heard + moved + end[path[-1]])

    best = max(itertools.product(range(3), repeat=5), key=score)
    path, found = viterbi(start, steps, end, sounds)
    assert tuple(path) == best
    assert found == pytest.approx(score(best))


def test_mixtures_are_the_densities_of_scipy() -> None:
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(1)
    weights = rng.dirichlet(np.ones(2), size=3)
    means, variances = rng.normal(size=(3, 2, 4)), rng.uniform(0.5, 2, size=(3, 2, 4))
    features = rng.normal(size=(5, 4))
    expected = [
        [
            sum(
                weights[s, m] * multivariate_normal(means[s, m], np.diag(variances[s, m])).pdf(x)
                for m in range(2)
            )
            for s in range(3)
        ]
        for x in features
    ]
    found = Mixtures(weights, means, variances).log_likelihoods(features)
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-9)


def test_steps_of_a_loop_are_probabilities() -> None:
    graph = loop(STAY, WORDS, STATES)
    np.testing.assert_allclose(np.exp(graph.log_steps).sum(axis=1), 1.0)
    assert np.exp(graph.log_start).sum() == pytest.approx(1.0)
    dearer = loop(STAY, WORDS, STATES, penalty=2.0)
    possible = np.isfinite(graph.log_steps)
    less = graph.log_steps[possible] - dearer.log_steps[possible]
    assert set(less.round(9)) == {0.0, 2.0}
    assert (less > 1).sum() == WORDS * (WORDS + 1)  # from each word, and from the pause


@pytest.mark.parametrize("said", [[0], [2, 2], [1, 0, 2]])
def test_what_is_said_is_read_from_loop_and_chain(said: list[int]) -> None:
    pause = WORDS * STATES
    path = [pause, *(s for word in said for s in (2 * word, 2 * word, 2 * word + 1)), pause]
    sounds = np.full((len(path), pause + 1), -20.0)
    sounds[np.arange(len(path)), path] = 0.0
    graph = loop(STAY, WORDS, STATES)
    found, _ = viterbi(graph.log_start, graph.log_steps, graph.log_end, sounds)
    assert found.tolist() == path
    assert read_words(found, WORDS, STATES) == said
    known = chain(said, STAY, STATES)
    places, _ = viterbi(known.log_start, known.log_steps, known.log_end, sounds[:, known.states])
    assert known.states[places].tolist() == path


def strings(count: int) -> tuple[list[np.ndarray], list[np.ndarray], list[list[int]]]:
    """Words that rise, fall or stay, between pauses."""
    rng = np.random.default_rng(2)
    shapes = {0: (-2.0, 2.0), 1: (2.0, -2.0), 2: (2.0, 2.0)}
    features, loudness, labels = [], [], []
    for _ in range(count):
        said = rng.integers(3, size=1 + rng.integers(3)).tolist()
        parts, loud = [], []
        for word in said:
            frames = 8 + int(rng.integers(4))
            parts += [np.zeros(3), np.linspace(*shapes[word], frames)]
            loud += [np.zeros(3), np.full(frames, 5.0)]
        heights = np.concatenate([*parts, np.zeros(3)])
        strength = np.concatenate([*loud, np.zeros(3)])
        noise = rng.normal(scale=0.2, size=(len(heights), 2))
        features.append(np.stack([heights, strength], axis=1) + noise)
        loudness.append(strength + noise[:, 1])
        labels.append(said)
    return features, loudness, labels


@pytest.mark.slow
def test_models_find_words_again() -> None:
    pytest.importorskip("hmmlearn")
    features, loudness, labels = strings(60)
    models = fit_word_models(features, loudness, labels, words=3, states=3, mixtures=1, rounds=1)
    graph = loop(models.log_stay, 3, 3)
    for own, said in zip(*(each[::2] for each in strings(80)[::2]), strict=True):
        sounds = models.mixtures.log_likelihoods(own)
        path, _ = viterbi(graph.log_start, graph.log_steps, graph.log_end, sounds)
        assert read_words(path, 3, 3) == said
        assert read_words(align(models, sounds, said), 3, 3) == said


def test_a_word_that_is_never_said_alone_is_named() -> None:
    with pytest.raises(InputError, match="word 1 is said alone in no string"):
        fit_word_models([np.zeros((9, 2))], [np.zeros(9)], [[0]], words=2)


def test_words_of_one_state_are_refused() -> None:
    for call in (
        lambda: loop(np.log(np.full(4, 0.5)), words=3, states=1),
        lambda: fit_word_models([np.zeros((9, 2))], [np.zeros(9)], [[0]], words=1, states=1),
    ):
        with pytest.raises(InputError, match=r"words have at least 2 states, .* not 1"):
            call()


@pytest.mark.parametrize(
    ("loudness", "options", "message"),
    [
        ([0.0, 0.0, 5.0, 5.0, 5.0, 0.0], {"states": 4}, "word 0 has no piece of 4 frames"),
        ([5.0] * 6, {"states": 2}, "no string has a pause"),
        ([0.0, 5.0, 5.0, np.nan, 5.0, 0.0], {"states": 2}, "not finite"),
    ],
)
def test_strings_that_models_cannot_begin_with_are_refused(
    loudness: list[float], options: dict[str, int], message: str
) -> None:
    pytest.importorskip("hmmlearn")
    features = np.random.default_rng(0).normal(size=(6, 2))
    with pytest.raises(InputError, match=message):
        fit_word_models([features], [np.array(loudness)], [[0]], words=1, mixtures=1, **options)


def test_frames_that_have_no_path_are_never_aligned_in_silence() -> None:
    size = WORDS * STATES + 1
    mixtures = Mixtures(np.ones((size, 1)), np.zeros((size, 1, 1)), np.ones((size, 1, 1)))
    models = WordModels(WORDS, STATES, mixtures, STAY)
    assert [models.fits(frames, [0, 1, 2]) for frames in (5, 6)] == [False, True]
    assert len(align(models, np.zeros((6, size)), [0, 1, 2])) == 6
    for sounds in (np.zeros((5, size)), np.full((6, size), np.nan)):
        with pytest.raises(InputError, match="no path through 10 states has a probability"):
            align(models, sounds, [0, 1, 2])

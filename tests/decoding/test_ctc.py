"""The search over prefixes finds what a sum over all paths finds."""

import itertools
from collections import defaultdict

import numpy as np
import pytest

from dl.decoding.ctc import emissions, ngram_language, read_best_path, search_prefixes
from dl.errors import InputError

STEPS, CLASSES = 5, 3


def posteriors(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(CLASSES, 0.7), size=STEPS)


def by_all_paths(steps: np.ndarray) -> dict[tuple[int, ...], float]:
    """p of every sequence of labels, summed over the 3⁵ paths."""
    total: dict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(CLASSES), repeat=STEPS):
        labels = tuple(key - 1 for key, _ in itertools.groupby(path) if key)
        total[labels] += float(np.prod(steps[np.arange(STEPS), path]))
    return total


@pytest.mark.parametrize("seed", range(4))
def test_a_beam_of_all_prefixes_is_exact(seed: int) -> None:
    steps = posteriors(seed)
    found = search_prefixes(np.log(steps), beam=1000, best=1000)
    expected = by_all_paths(steps)
    assert sum(np.exp(reading.score) for reading in found) == pytest.approx(1.0)
    for reading in found:
        assert np.exp(reading.score) == pytest.approx(expected[reading.labels])
    assert found[0].labels == max(expected, key=lambda labels: expected[labels])


def test_the_language_counts_as_a_power_of_its_probability() -> None:
    steps, language = posteriors(5), ngram_language([[0, 1], [1, 0], [0, 1, 0]], labels=2)

    def told(labels: tuple[int, ...]) -> float:
        logs = [language(labels[:n])[label] for n, label in enumerate(labels)]
        return float(np.sum(logs) + language(labels)[2])

    found = search_prefixes(np.log(steps), beam=1000, language=language, weight=0.8, bonus=0.3)
    expected = {
        labels: np.log(p) + 0.8 * told(labels) + 0.3 * len(labels)
        for labels, p in by_all_paths(steps).items()
    }
    assert found[0].labels == max(expected, key=lambda labels: expected[labels])
    assert found[0].score == pytest.approx(max(expected.values()))


def test_a_language_is_asked_once_for_each_prefix_that_is_kept() -> None:
    rng, asked, beam, steps = np.random.default_rng(0), [], 3, 20

    def language(labels: tuple[int, ...]) -> np.ndarray:
        asked.append(labels)
        return np.log(np.full(5, 0.2))

    search_prefixes(np.log(rng.dirichlet(np.ones(5), size=steps)), beam=beam, language=language)
    assert len(asked) <= beam * (steps + 1)


def test_a_language_is_a_distribution_over_labels_and_the_end() -> None:
    language = ngram_language([[0, 1], [0, 1]], labels=2, order=3)
    for before in ((), (0,), (0, 1), (1, 1, 1)):
        assert np.exp(language(before)).sum() == pytest.approx(1.0)
    assert language(()).argmax() == 0


def test_the_best_path_is_not_always_the_best_labels() -> None:
    steps = np.log([[0.6, 0.4, 1e-9], [0.6, 0.4, 1e-9]])
    assert read_best_path(steps).labels == ()
    assert search_prefixes(steps, beam=4)[0].labels == (0,)
    assert (
        read_best_path(np.log(posteriors(0))).score
        <= search_prefixes(np.log(posteriors(0)))[0].score + 1e-9
    )


def test_what_are_no_posteriors_is_refused() -> None:
    with pytest.raises(InputError, match="posteriors are"):
        read_best_path(np.zeros((2, 3, 4)))
    with pytest.raises(InputError, match="at least 1"):
        search_prefixes(np.zeros((2, 3)), beam=0)


def test_what_are_no_logarithms_of_probabilities_is_refused() -> None:
    for read in (read_best_path, search_prefixes):
        with pytest.raises(InputError, match=r"at most 0, not 0\.6: give ln of the posteriors"):
            read(np.array([[0.6, 0.4], [0.6, 0.4]]))
        assert len(read(np.array([[1e-7, -20.0]]))) > 0  # a logarithm in few digits


def test_a_net_that_has_diverged_is_named() -> None:
    for read in (read_best_path, search_prefixes, emissions):
        with pytest.raises(InputError, match="not numbers: the net has diverged"):
            read(np.array([[np.nan, np.nan], [-0.1, -3.0]]))

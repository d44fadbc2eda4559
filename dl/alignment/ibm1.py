"""IBM model 1: word-to-word translation probabilities from pairs of sentences, by EM (H6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dl.errors import InputError


@dataclass(frozen=True)
class IBM1:
    """t(e | f), the probability that the source word f is translated by the target word e.

    Only pairs that stand in one pair of sentences have a probability: word `sources[n]` becomes
    `targets[n]` with `probabilities[n]`, sorted by source word and then by target word. Source word
    number `source_words` is NULL, from which words come that translate none. `log_likelihoods` are
    those of the training pairs before each round of EM, in nats. A model without `null` was fitted
    without it: every word comes from one of the sentence.
    """

    sources: np.ndarray
    targets: np.ndarray
    probabilities: np.ndarray
    source_words: int
    target_words: int
    log_likelihoods: tuple[float, ...] = ()
    null: bool = True

    def probability(self, source: np.ndarray, target: np.ndarray) -> np.ndarray:
        """t(target | source) of words [...]; 0 where they never stood in one pair of sentences."""
        codes = source.astype(np.int64) * self.target_words + target
        known = self.sources.astype(np.int64) * self.target_words + self.targets
        place = np.minimum(np.searchsorted(known, codes), len(known) - 1)
        # A target out of range would have the code of another pair.
        found = (known[place] == codes) & (target >= 0) & (target < self.target_words)
        return np.where(found, self.probabilities[place], 0.0)


def fit(
    sources: Sequence[np.ndarray],
    targets: Sequence[np.ndarray],
    *,
    source_words: int,
    target_words: int,
    rounds: int = 10,
    null: bool = True,
) -> IBM1:
    """t(e | f) of pairs of sentences, each an array of word numbers, by `rounds` of EM.

    Every target word comes from one source word of its sentence or from NULL, all equally probable:
    p(e_1 … e_m | f_1 … f_l) ∝ Π_j 1 / (l + 1) Σ_i t(e_j | f_i). A round shares each e_j out among
    the f_i, in the ratio of t(e_j | f_i), and counts: t(e | f) is the share of e in what f was
    given. The likelihood never falls. Without `null`, every word comes from one of the sentence.
    Source: Brown et al. 1993, H6.

    Raises:
        InputError: for no pairs, an empty sentence, a word outside of the range.

    >>> das_haus, das_buch = np.array([0, 1]), np.array([0, 2])  # the house, the book
    >>> model = fit([das_haus, das_buch], [das_haus, das_buch], source_words=3, target_words=3)
    >>> best_words(model).tolist()
    [0, 1, 2]
    """
    _check_pairs(sources, targets, source_words, target_words)
    if null:
        sources = [np.append(source_words, source) for source in sources]
    links = _links(sources, targets, target_words)
    pair_sources, pair_targets = links.codes // target_words, links.codes % target_words
    table = np.full(len(links.codes), 1.0 / target_words)
    likelihoods = []
    for _ in range(rounds):
        counts, likelihood = _expected(links, table)
        given = np.bincount(pair_sources, weights=counts, minlength=source_words + 1)
        table = counts / given[pair_sources]
        likelihoods.append(likelihood)
    return IBM1(
        pair_sources.astype(np.int32),
        pair_targets.astype(np.int32),
        table,
        source_words,
        target_words,
        tuple(likelihoods),
        null,
    )


def best_words(model: IBM1) -> np.ndarray:
    """argmax_e t(e | f) of every source word f: [source_words]; −1 for words that were never seen.

    NULL has none: what comes from it is not written in a translation word by word.
    """
    order = np.lexsort((model.targets, -model.probabilities, model.sources))
    words, first = np.unique(model.sources[order], return_index=True)
    best = np.full(model.source_words + 1, -1, np.int32)
    best[words] = model.targets[order][first]
    return best[:-1]


def align(model: IBM1, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """For each target word [m] the place of the source word it most probably comes from; −1: NULL.

    Source: Brown et al. 1993.
    """
    words = np.append(model.source_words, source)
    return model.probability(words[None, :], target[:, None]).argmax(axis=1) - 1


def log_likelihood(
    model: IBM1, sources: Sequence[np.ndarray], targets: Sequence[np.ndarray]
) -> float:
    """Σ ln p(e | f) of pairs of sentences, in nats; −∞ where a word cannot be explained."""
    total = 0.0
    for source, target in zip(sources, targets, strict=True):
        words = np.append(model.source_words, source) if model.null else np.asarray(source)
        with np.errstate(divide="ignore"):
            total += float(
                np.log(model.probability(words[None, :], target[:, None]).mean(axis=1)).sum()
            )
    return total


class _Links(NamedTuple):
    """Every target word with every source word of its sentence, in groups of one target word.

    `pairs` are the numbers of the pairs of words in `codes` (source · target_words + target);
    `starts` says where each group begins, `sizes` how many links it has.
    """

    pairs: np.ndarray
    codes: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray


def _links(
    sources: Sequence[np.ndarray], targets: Sequence[np.ndarray], target_words: int
) -> _Links:
    flat, firsts = _flat(sources)
    target_flat, _ = _flat(targets)
    sentence = np.repeat(np.arange(len(targets)), [len(target) for target in targets])
    sizes = np.array([len(source) for source in sources])[sentence]
    starts = np.cumsum(sizes) - sizes
    within = np.arange(sizes.sum()) - np.repeat(starts, sizes)
    words = flat[np.repeat(firsts[sentence], sizes) + within]
    codes, pairs = np.unique(
        words.astype(np.int64) * target_words + np.repeat(target_flat, sizes), return_inverse=True
    )
    return _Links(pairs.astype(np.int32), codes, starts, sizes)


def _flat(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """All rows one after the other, and where each begins."""
    lengths = np.array([len(row) for row in rows])
    return np.concatenate(rows), np.cumsum(lengths) - lengths


def _expected(links: _Links, table: np.ndarray) -> tuple[np.ndarray, float]:
    """The expected count of each pair of words, and the log likelihood."""
    shares = table[links.pairs]
    sums = np.add.reduceat(shares, links.starts)
    shares /= np.repeat(sums, links.sizes)
    counts = np.bincount(links.pairs, weights=shares, minlength=len(links.codes))
    return counts, float(np.log(sums / links.sizes).sum())


def _check_pairs(
    sources: Sequence[np.ndarray],
    targets: Sequence[np.ndarray],
    source_words: int,
    target_words: int,
) -> None:
    if not len(sources) or len(sources) != len(targets):
        raise InputError(
            f"{len(sources)} source and {len(targets)} target sentences: give as many of both, and "
            "one pair at least"
        )
    for name, rows, words in (
        ("source", sources, source_words),
        ("target", targets, target_words),
    ):
        if empty := [place for place, row in enumerate(rows) if not len(row)]:
            raise InputError(f"{name} sentence {empty[0]} is empty: leave the pair out")
        flat = np.concatenate(rows)
        if flat.min() < 0 or flat.max() >= words:
            raise InputError(
                f"{name} words go from {flat.min()} to {flat.max()}; they must be numbers from 0 "
                f"to {words - 1}"
            )

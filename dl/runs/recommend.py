"""What a trained recommender recommends, and how good that is over all items."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.assess.recommending import RecommendedSums, recommended_sums
from dl.data.dataset import Dataset
from dl.data.ratings.catalogue import Catalogue
from dl.data.sources.histories import HistorySource
from dl.errors import InputError
from dl.models.fold_in import fold_in
from dl.ranges import Range, check_number
from dl.runs.experiment import Figures
from dl.runs.trained import Trained
from dl.screen import escaped
from dl.tables import Table
from dl.types import Params, RatingModel

_ROWS = 256
"""Users that are ranked together."""


class Recommendation(NamedTuple):
    """An item that is recommended, by title and id.

    `score` is the rating that the user would give, on the scale, or the probability that the user
    takes this item next.
    """

    title: str
    item: str
    score: float


def recommend(
    trained: Trained,
    user: str | None = None,
    *,
    rated: Mapping[str, float] | None = None,
    count: int = 10,
) -> list[Recommendation]:
    """The `count` items with the highest scores that the user has not rated, the highest first.

    A known `user` is named by id, and was in the training data. Somebody new has `rated` items,
    by title; of an item that is named twice the last rating counts. A model of ratings fits the
    user's rows to them (`dl.models.fold_in`), a two-tower model reads them as a history, of which
    ratings below its `least` are not part. Neither gives what is recommended to somebody of whom
    nothing is known. Items without a training rating are never recommended. Of a population the
    members' scores are averaged.

    A user without a training rating, whose row was never trained, is served as somebody new.

    Raises:
        InputError: for a model of other data, an unknown user or title (it names the nearest), a
            user together with ratings, and a rating off the scale.
    """
    catalogue = trained.spec.ratings
    check_number("count", count, Range(at_least=1), whole=True)
    if user is not None and rated:
        raise InputError("a user has ratings already: give either the user or rated titles")
    own = _ratings_of(catalogue, user, rated or {})
    number = None if user is None or not len(own[0]) else catalogue.user(user)
    scores = scores_of(trained, *own, user=number)
    open_to_all = catalogue.item_counts > 0
    open_to_all[own[0]] = False
    order = np.argsort(np.where(open_to_all, -scores, np.inf), kind="stable")
    best = order[: min(count, int(open_to_all.sum()))]
    low, high = catalogue.scale
    shown = scores if trained.spec.task == "retrieval" else scores.clip(low, high)
    return [
        Recommendation(catalogue.titles[item], catalogue.items[item], float(shown[item]))
        for item in best
    ]


def recommendation_table(found: Sequence[Recommendation], task: str) -> Table:
    """A row for each item that is recommended, the best first."""
    probable = task == "retrieval"
    return Table(
        ("score", "title", "item"),
        [(one.score, escaped(one.title), escaped(one.item)) for one in found],
        formats={"score": ".2%" if probable else ".2f"},
        headings={"score": "probability" if probable else "rating"},
    )


def scores_of(
    trained: Trained, items: np.ndarray, ratings: np.ndarray, *, user: int | None = None
) -> np.ndarray:
    """The scores [I] of all items for a user by number, or for somebody new with these ratings.

    Raises:
        InputError: for a model that neither predicts ratings nor items.
    """
    catalogue = trained.spec.ratings
    if trained.spec.task == "retrieval":
        history = np.zeros((1, len(catalogue.items)), np.float32)
        history[0, items[ratings >= catalogue.least]] = 1.0
        return np.asarray(trained.probabilities(history), np.float64)[0]
    every = jnp.arange(len(catalogue.items))
    rows = []
    for member in trained.members:
        model = member.model
        if not isinstance(model, RatingModel):
            raise InputError(f"{model.name} has no rows of users to recommend from")
        if user is None:
            own = jnp.asarray(items, jnp.int32), jnp.asarray(ratings, jnp.float32)
            noise = _noise(model, member.params, catalogue)
            rows.append(fold_in(model, member.params, *own, noise=noise))
        else:
            pairs = jnp.stack([jnp.full_like(every, user), every], axis=1)
            rows.append(jax.jit(model.rate)(member.params, pairs))
    return np.mean(np.asarray(rows, np.float64), axis=0)


def evaluate_retrieval(
    trained: Trained,
    data: Dataset,
    *,
    parts: Sequence[str] = ("validation", "test"),
    k: Sequence[int] = (10, 20),
) -> Figures:
    """recall@k and nDCG@k over all items, of each of the `parts` that there is.

    What users took in training is the history that is read. For the test part what they took in the
    validation part belongs to it. Items of the history are not ranked, nor are those that were
    rated too low to count as taken: none of them can be a hit.

    Raises:
        InputError: for data whose examples are no items that users took.
    """
    score = trained.outputs
    return {part: retrieval_figures(score, data, part, k=k) for part in parts if part in data.sizes}


def retrieval_figures(
    score: Callable[[np.ndarray], object], data: Dataset, part: str, *, k: Sequence[int]
) -> dict[str, float]:
    """The figures of any function from histories float32 [B, I] to scores [B, I].

    Users are scored and ranked some at a time, so that memory does not grow with their number.
    """
    source = data.part(part)
    if not isinstance(source, HistorySource):
        raise InputError(
            f"{data.spec.name} has no items that users took: read ratings as implicit feedback"
        )
    width, known = source.taken.shape[1], data.spec.ratings.history
    rated, held_out = _Pairs(known.users, known.items), _sorted_pairs(source)
    earlier = data.validation if part == "test" else None
    validated = _sorted_pairs(earlier) if isinstance(earlier, HistorySource) else None
    users, sums = np.unique(source.users), RecommendedSums(np.zeros(len(k)), np.zeros(len(k)), 0)
    for start in range(0, len(users), _ROWS):
        some = users[start : start + _ROWS]
        history = source.taken[some] > 0
        if validated is not None:
            history |= validated.rows(some, width)
        scores = np.asarray(score(history.astype(np.float32)))
        seen = history | rated.rows(some, width)
        sums = sums.plus(recommended_sums(scores, seen, held_out.rows(some, width), k=k))
    return {
        f"{name}@{size}": getattr(found, name)
        for size, found in zip(k, sums.means(), strict=True)
        for name in ("recall", "ndcg")
    }


class _Pairs(NamedTuple):
    """Users and the items that they took, sorted by user."""

    users: np.ndarray
    items: np.ndarray

    def rows(self, users: np.ndarray, width: int) -> np.ndarray:
        """What `users` [B], sorted, took of all items: bool [B, `width`]."""
        first, last = np.searchsorted(self.users, [users[0], users[-1] + 1])
        own, items = self.users[first:last], self.items[first:last]
        places = np.searchsorted(users, own)
        asked = users[places] == own
        rows = np.zeros((len(users), width), bool)
        rows[places[asked], items[asked]] = True
        return rows


def _sorted_pairs(source: HistorySource) -> _Pairs:
    order = np.argsort(source.users, kind="stable")
    return _Pairs(source.users[order], source.targets[order])


def _noise(model: RatingModel, params: Params, catalogue: Catalogue) -> float:
    """The root of the mean squared error of the training ratings."""
    users, items, ratings = catalogue.history
    pairs = jnp.asarray(np.stack([users, items], axis=1), jnp.int32)
    errors = np.asarray(jax.jit(model.rate)(params, pairs)) - ratings
    return max(float(np.sqrt(np.mean(errors**2))), 1e-3)


def _ratings_of(
    catalogue: Catalogue, user: str | None, rated: Mapping[str, float]
) -> tuple[np.ndarray, np.ndarray]:
    """The items that somebody has rated, and the ratings."""
    if user is not None:
        return catalogue.history.of(catalogue.user(user))
    low, high = catalogue.scale
    for title, rating in rated.items():
        if not low <= rating <= high:
            raise InputError(f"{title!r} is rated {rating:g}; ratings are from {low:g} to {high:g}")
    by_item = {catalogue.item(title): rating for title, rating in rated.items()}
    return np.array([*by_item], np.int32), np.array([*by_item.values()], np.float32)

"""What a trained recommender recommends, and how good that is over all items."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.assess.recommending import recommended
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

    Raises:
        InputError: for a model of other data, an unknown user or title (it names the nearest), a
            user together with ratings, and a rating off the scale.
    """
    catalogue = trained.spec.ratings
    check_number("count", count, Range(at_least=1), whole=True)
    if user is not None and rated:
        raise InputError("a user has ratings already: give either the user or rated titles")
    own = _ratings_of(catalogue, user, rated or {})
    scores = scores_of(trained, *own, user=None if user is None else catalogue.user(user))
    open_to_all = catalogue.rated_items > 0
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

    Raises:
        InputError: for data whose examples are no items that users took.
    """
    return {
        part: retrieval_figures(
            lambda history: trained.outputs(history), data.part(part), data.spec.name, k=k
        )
        for part in parts
        if part in data.sizes
    }


def retrieval_figures(
    score: Callable[[np.ndarray], object], source: object, name: str, *, k: Sequence[int]
) -> dict[str, float]:
    """The figures of any function from histories float32 [B, I] to scores [B, I]."""
    if not isinstance(source, HistorySource):
        raise InputError(f"{name} has no items that users took: read ratings as implicit feedback")
    taken = np.zeros(source.taken.shape, bool)
    taken[source.users, source.targets] = True
    users = np.flatnonzero(taken.any(axis=1))
    seen, taken = source.taken[users], taken[users]
    scores = np.concatenate(
        [
            np.asarray(score(seen[start : start + _ROWS].astype(np.float32)))
            for start in range(0, len(users), _ROWS)
        ]
    )
    figures = {}
    for size in k:
        found = recommended(scores, seen, taken, k=size)
        figures |= {f"recall@{size}": found.recall, f"ndcg@{size}": found.ndcg}
    return figures


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

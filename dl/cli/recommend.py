"""`recommend RUN [USER]`: print what a run recommends to a user, or to somebody new."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_text, say
from dl.cli.right_kind import require_recommender
from dl.errors import InputError
from dl.ranges import Range, check_number

_RATED = re.compile(r"\s*(.+?)\s*=\s*([-+]?\d*\.?\d+)\s*(?:,|$)")


def recommend(
    run: Path,
    user: str | None = None,
    /,
    *,
    rated: str = "",
    count: int = 10,
    format: Literal["text", "markdown", "json"] = "text",
    checkpoint: Literal["last", "best"] | None = None,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Recommend items to a user, without those that the user has rated.

    Scores are the ratings that the user would give, or the probabilities of taking each item next.
    Without USER and --rated, it is what somebody gets of whom nothing is known.

    Parameters
    ----------
    run
        The folder of a run that learned from ratings.
    user
        The id of a user in the training data.
    rated
        The ratings of somebody new, such as "Toy Story=5,Heat (1995)=3.5". The year may be left
        out, and the id of an item stands for its title. Where items are taken and not rated, titles
        are enough: "Toy Story,Heat (1995)".
    count
        How many items to recommend.
    format
        A table for people, Markdown or JSON.
    checkpoint
        The newest parameters, or those with the lowest validation loss; by default the latter
        if the run has patience.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    require_recommender(run)
    check_number("count", count, Range(at_least=1), whole=True)
    asked = parse_rated(rated)
    from dl.runs.load import load
    from dl.runs.recommend import recommend as recommended
    from dl.runs.recommend import recommendation_table

    loaded = load(run, checkpoint=checkpoint, package=catalog.package)
    catalogue = loaded.spec.ratings
    ratings = with_ratings(asked, catalogue.scale)
    if user is not None and not len(catalogue.history.of(catalogue.user(user))[0]):
        say(f"{user} has no ratings in the training part, and is served as somebody new")
    found = recommended(loaded, user, rated=ratings, count=count)
    print_text(getattr(recommendation_table(found, loaded.spec.task), format)())


def parse_rated(text: str) -> dict[str, float | None]:
    """Titles with their ratings, or titles alone between commas, whose ratings are None.

    Titles that have ratings may hold commas and signs of equality.

    Raises:
        InputError: for titles of which only some have a rating.

    >>> parse_rated("Toy Story=5,Matrix, The (1999)=3.5")
    {'Toy Story': 5.0, 'Matrix, The (1999)': 3.5}
    >>> parse_rated("Toy Story, Heat")
    {'Toy Story': None, 'Heat': None}
    """
    if not _RATED.search(text):
        return {title.strip(): None for title in text.split(",") if title.strip()}
    place, ratings = 0, {}
    while place < len(text):
        found = _RATED.match(text, place)
        if found is None:
            raise _without_rating(text[place:])
        ratings[found[1]] = float(found[2])
        place = found.end()
    return ratings


def with_ratings(rated: Mapping[str, float | None], scale: Sequence[float]) -> dict[str, float]:
    """The same titles, where titles alone have the one rating that there is.

    Raises:
        InputError: for titles alone on a `scale` of more than one rating.

    >>> with_ratings({"Heat": None}, (1.0, 1.0))
    {'Heat': 1.0}
    """
    low, high = scale
    alone = [title for title, rating in rated.items() if rating is None]
    if alone and low < high:
        raise _without_rating(alone[0])
    return {title: high if rating is None else rating for title, rating in rated.items()}


def _without_rating(text: str) -> InputError:
    return InputError(
        f"rated is {text!r} where TITLE=RATING should stand: give titles with ratings, such as "
        "'Toy Story=5,Heat=3'"
    )

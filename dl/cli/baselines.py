"""`baselines`: compare methods without nets with finished runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_text, say
from dl.errors import InputError

if TYPE_CHECKING:
    from dl.data.ratings.feedback import Feedback


def baselines(
    *runs: Path,
    dataset: str = "mnist",
    train_examples: int | None = None,
    validation: float = 0.0,
    image_size: int = 0,
    colour: Literal["auto", "grey", "rgb"] = "auto",
    damaged: Literal["refuse", "skip"] = "refuse",
    split: Literal["random", "last"] = "random",
    split_seed: int = 0,
    least: float | None = None,
    columns: str = "",
    scale: str = "",
    seed: int = 0,
    format: Literal["text", "markdown", "json"] = "text",
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Compare scikit-learn's classifiers on raw pixels or counted words with runs.

    On ratings these are recommenders: biases and scikit-surprise's SVD by their error, popularity,
    neighbours of items, EASE and implicit's ALS by their recall. Settings are chosen on a tenth of
    the training ratings, and then everything that is not in the test part is fitted. A setting that
    is the lowest or highest of those tried is marked. Seconds are those of the last fit, for a net
    of its whole run.

    Parameters
    ----------
    runs
        Folders of finished runs on the same data set with the same held-out examples.
    dataset
        Data set: a built-in name, a TFDS name, folder:PATH, or labelled texts such as tsv:PATH,
        or ratings:PATH.
    train_examples
        Train on at most this many examples, the same as `run --train-examples`; 0 uses all, and
        10000 is what is taken without it. Of ratings all are taken.
    validation
        Fraction of the training examples to hold out, the same as `run --validation`; not of
        ratings.
    image_size
        Side that pictures of folder:PATH are resized to; 0 leaves them as they are.
    colour
        Channels of the pictures of folder:PATH; auto is grey if all files are grey.
    damaged
        What to do about files of folder:PATH that cannot be read.
    split
        Of ratings: test on a random tenth, or on each user's last, the same as `run --split`.
    split_seed
        Of ratings: which tenth, the same as `run --split-seed`.
    least
        Of ratings: what is rated lower does not count as taken, the same as `run --least`; by
        default all counts.
    columns
        Of ratings: names of the columns of user, item, rating and perhaps time, the same as
        `run --columns`.
    scale
        Of ratings: lowest and highest, such as 1,5, the same as `run --scale`.
    seed
        Seed of the random forest, of the order in which the linear SVM reads its data, and of the
        first factors of SVD and ALS.
    format
        A table for people, Markdown or JSON.
    experiment
        The file of the runs' experiment, if they were started with `run FILE.py`.
    """
    name_experiment(experiment)
    from dl.data.load import absolute, are_ratings
    from dl.ranges import require

    if are_ratings(dataset):
        _refuse(
            {"train_examples": train_examples, "validation": validation},
            f"all ratings of {dataset} that are not in the test part are taken",
        )
        from dl.data.ratings.feedback import Feedback

        feedback = Feedback(
            split=split, split_seed=split_seed, least=least, columns=columns, scale=scale
        )
        _of_ratings(runs, dataset, feedback, seed, format, catalog)
        return
    _refuse({"least": least, "columns": columns, "scale": scale}, f"{dataset} has no ratings")
    from dl.data.dataset import limit
    from dl.reports.baselines import Row, fit_baselines, run_row, table
    from dl.runs.open_data import open_data
    from dl.train.text_options import DocumentOptions

    train_examples = 10_000 if train_examples is None else train_examples
    require(train_examples >= 0, "train_examples", train_examples, "at least 0")
    options = DocumentOptions(
        unit="word",
        dataset=absolute(dataset),
        validation=validation,
        image_size=image_size,
        colour=colour,
        damaged=damaged,
        seed=seed,
    )
    nets = [run_row(run, options, package=catalog.package) for run in runs]
    data = open_data(options)
    if 0 < train_examples < len(data.train):
        data = limit(data, train=train_examples)

    def announce(row: Row) -> None:
        say(f"{row.method}: test accuracy {row.test_accuracy:.4f} after {row.seconds:.1f} s")

    rows = fit_baselines(data, seed=seed, on_row=announce) + nets
    print_text(getattr(table(rows), format)())


def _refuse(options: dict[str, Any], why: str) -> None:
    """Refuse the options that are given, and would not count."""
    if given := [f"--{name.replace('_', '-')}" for name, value in options.items() if value]:
        raise InputError(f"{why}: leave out {' and '.join(given)}")


def _of_ratings(
    runs: tuple[Path, ...],
    dataset: str,
    feedback: "Feedback",
    seed: int,
    format: str,
    catalog: Catalog,
) -> None:
    from dl.data.load import absolute
    from dl.reports.rating_baselines import (
        RatingRow,
        fit_rating_baselines,
        rating_row,
        rating_table,
    )

    name = absolute(dataset)
    nets = [rating_row(run, name, feedback, package=catalog.package) for run in runs]

    def announce(row: RatingRow) -> None:
        figure = f"RMSE {row.rmse:.4f}" if row.rmse is not None else f"recall@20 {row.recall:.4f}"
        say(f"{row.method}: {figure} after {row.seconds:.1f} s")

    rows = fit_rating_baselines(name, feedback, seed=seed, on_row=announce) + nets
    print_text(getattr(rating_table(rows), format)())

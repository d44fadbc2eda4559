"""Ratings from TFDS: the same users, items and titles as from files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dl.cli import main
from dl.data.ratings.feedback import Feedback
from dl.data.tfds.load import describe_tfds, load_tfds

ROWS = [(f"u{n % 4}", f"m{n % 3}", float(1 + n % 5), 100 + n, f"Film {n % 3}") for n in range(12)]
KEYS = ("user_id", "movie_id", "user_rating", "timestamp", "movie_title")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared set called `tiny_ratings`, with the features of `movielens`."""
    import tensorflow_datasets as tfds

    class TinyRatings(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        name = "tiny_ratings"
        VERSION = tfds.core.Version("1.0.0")
        pkg_dir_path = None

        def _info(self) -> Any:
            kinds = (np.str_, np.str_, np.float32, np.int64, np.str_)
            features = tfds.features.FeaturesDict(dict(zip(KEYS, kinds, strict=True)))
            return tfds.core.DatasetInfo(builder=self, features=features)

        def _split_generators(self, dl_manager: Any) -> Any:
            return {"train": self._generate_examples()}

        def _generate_examples(self) -> Any:
            yield from enumerate(dict(zip(KEYS, row, strict=True)) for row in ROWS)

    folder = tmp_path_factory.mktemp("tfds")
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    TinyRatings(data_dir=str(folder)).download_and_prepare(
        download_config=config, file_format="array_record"
    )
    return folder


def test_ratings_are_those_of_the_set(data_dir: Path) -> None:
    data = load_tfds("tiny_ratings", validation=0.0, feedback=Feedback(), data_dir=data_dir)
    known = data.spec.ratings
    assert data.sizes == {"train": 11, "test": 1}
    assert set(known.users) == {"u0", "u1", "u2", "u3"}
    assert known.scale == (0.5, 5.0)
    assert known.titles[known.items.index("m2")] == "Film 2"
    found = {
        (known.users[user], known.items[item], float(rating[0]))
        for part in (data.train, data.test)
        for (user, item), rating in zip(part.inputs, part.targets, strict=True)
    }
    assert found == {row[:3] for row in ROWS}
    implicit = Feedback(kind="implicit", split="last")
    described = describe_tfds("tiny_ratings", feedback=implicit, data_dir=data_dir)
    assert (described.task, described.train_size) == ("retrieval", 8)


def test_baselines_of_a_set_of_ratings_are_recommenders(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(data_dir))
    assert main("experiments", ["baselines", "--dataset", "tiny_ratings", "--least", "9"]) == 2
    assert (
        "tiny_ratings has no rating of 9 or more: give a lower --least" in capsys.readouterr().err
    )

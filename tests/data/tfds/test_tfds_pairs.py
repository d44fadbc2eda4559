"""Translations from TFDS: languages, parts, pairs with an empty side."""

from pathlib import Path
from typing import Any

import pytest

from dl.data.dataset import Dataset
from dl.data.text.reading import Reading
from dl.data.tfds.load import describe_tfds, load_tfds
from dl.errors import InputError

WORDS = Reading(unit="word", lower=True)
TRAIN = [("um cão", "a dog"), ("um gato", "a cat"), ("", "nothing")]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared set called `tiny`, from Portuguese to English as TED talks are."""
    import tensorflow_datasets as tfds

    parts = {"train": TRAIN, "validation": TRAIN[:1], "test": TRAIN[1:2]}

    class Tiny(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        name = "tiny"
        VERSION = tfds.core.Version("1.0.0")
        pkg_dir_path = None

        def _info(self) -> Any:
            features = tfds.features.Translation(languages=("pt", "en"))
            return tfds.core.DatasetInfo(
                builder=self, features=features, supervised_keys=("pt", "en")
            )

        def _split_generators(self, dl_manager: Any) -> Any:
            return {part: self._generate_examples(pairs) for part, pairs in parts.items()}

        def _generate_examples(self, pairs: list[tuple[str, str]]) -> Any:
            yield from enumerate({"pt": source, "en": target} for source, target in pairs)

    folder = tmp_path_factory.mktemp("tfds")
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    Tiny(data_dir=str(folder)).download_and_prepare(
        download_config=config, file_format="array_record"
    )
    return folder


def sentences(data: Dataset) -> list[tuple[str, str]]:
    part: Any = data.train
    read = [data.spec.source_text.sentence(row) for row in part.inputs]
    return sorted(zip(read, [data.spec.text.sentence(row) for row in part.targets], strict=True))


def test_pairs_are_read_as_tfds_has_them_or_the_other_way(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    data = load_tfds("tiny", validation=0.0, reading=WORDS, data_dir=data_dir)
    assert data.sizes == {"train": 2, "validation": 1, "test": 1}
    assert sentences(data) == [("um cão", "a dog"), ("um gato", "a cat")]
    assert data.test.texts == (("um gato", "a cat"),)
    assert capsys.readouterr().err == (
        "tiny: from pt to en\ntiny, train: left out 1 pairs with an empty side\n"
    )
    reading = Reading(unit="word", source="en")
    back = load_tfds("tiny", validation=0.0, reading=reading, data_dir=data_dir)
    assert sentences(back) == [("a cat", "um gato"), ("a dog", "um cão")]
    assert describe_tfds("tiny", reading=WORDS, data_dir=data_dir) == data.spec


def test_other_languages_are_refused(data_dir: Path) -> None:
    with pytest.raises(InputError, match="source is 'de', and tiny has the languages en and pt"):
        load_tfds("tiny", validation=0.0, reading=Reading(source="de"), data_dir=data_dir)

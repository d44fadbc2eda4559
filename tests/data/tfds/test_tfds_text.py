"""Text from TFDS: a stream, sentences with labels, and the real tiny Shakespeare where it is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dl.data.dataset import Dataset
from dl.data.load import describe_data, load_data
from dl.data.text.reading import Reading
from dl.data.tfds.load import describe_tfds, load_tfds
from dl.errors import InputError
from dl.reports.programs import read_documents

WORDS = Reading(unit="word")
Examples = Sequence[dict[str, Any]]


def store(data_dir: Path, parts: dict[str, Examples], features: Any) -> Any:
    """A builder of a set called `tiny` that holds these examples."""
    import tensorflow_datasets as tfds

    class Tiny(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        name = "tiny"
        VERSION = tfds.core.Version("1.0.0")
        pkg_dir_path = None

        def _info(self) -> Any:
            described = tfds.features.FeaturesDict(features(tfds.features))
            return tfds.core.DatasetInfo(builder=self, features=described)

        def _split_generators(self, dl_manager: Any) -> Any:
            return {part: self._generate_examples(examples) for part, examples in parts.items()}

        def _generate_examples(self, examples: Examples) -> Any:
            yield from enumerate(examples)

    builder = Tiny(data_dir=str(data_dir))
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    builder.download_and_prepare(download_config=config, file_format="array_record")
    return builder


def store_texts(data_dir: Path, **parts: list[str]) -> Any:
    examples = {part: [{"text": text} for text in texts] for part, texts in parts.items()}
    return store(data_dir, examples, lambda kinds: {"text": kinds.Text()})


def store_sentences(data_dir: Path, **parts: list[tuple[str, int]]) -> Any:
    """Sentences and labels, no (0) or yes (1); −1 is one that is held back. Beside them their
    numbers, as GLUE has.
    """
    examples = {
        part: [
            {"sentence": text, "label": label, "idx": place}
            for place, (text, label) in enumerate(rows)
        ]
        for part, rows in parts.items()
    }
    return store(
        data_dir,
        examples,
        lambda kinds: {
            "sentence": kinds.Text(),
            "label": kinds.ClassLabel(names=["no", "yes"]),
            "idx": kinds.Scalar(dtype=np.int32),
        },
    )


def sentences(part: Any, data: Dataset) -> list[tuple[str, str]]:
    """What a part holds: sorted, as it is kept by length."""
    rows = zip(part.inputs, part.lengths, part.targets, strict=True)
    return sorted(
        (data.spec.text.decode(row[:length]), data.spec.class_names[label])
        for row, length, label in rows
    )


def test_texts_without_labels_become_one_stream_a_part(tmp_path: Path) -> None:
    store_texts(tmp_path, train=["abcdefbg"], validation=["ab"], test=["cx"])
    data = load_tfds("tiny", validation=0.25, reading=Reading(segment=2), data_dir=tmp_path)
    decoded = [
        data.spec.text.decode(part.tokens) for part in (data.train, data.validation, data.test)
    ]
    assert decoded == ["abcdef", "b�", "abc�"]  # Of g and x, nothing is learned.
    assert describe_tfds("tiny", data_dir=tmp_path, reading=Reading(segment=3)).input_shape == (3,)


TRAIN = [("good film", 1), ("bad film", 0), ("very good", 1), ("very bad", 0)]


def test_the_validation_part_is_the_test_where_labels_are_held_back(tmp_path: Path) -> None:
    store_sentences(tmp_path, train=TRAIN, validation=[("good", 1)], test=[("bad", -1)])
    data = load_tfds("tiny", validation=0.0, reading=WORDS, data_dir=tmp_path)
    assert (data.spec.task, data.spec.class_names) == ("classification", ("no", "yes"))
    assert sentences(data.train, data) == sorted(
        (text, ("no", "yes")[label]) for text, label in TRAIN
    )
    assert data.validation is None
    assert sentences(data.test, data) == [("good", "yes")]


def test_the_validation_part_is_its_own_or_a_fraction_of_train(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store_sentences(tmp_path, train=TRAIN, validation=[("good", 1)], test=[("bad", 0)])
    capsys.readouterr()
    own = load_tfds("tiny", validation=0.0, reading=WORDS, data_dir=tmp_path)
    assert [sentences(part, own) for part in (own.validation, own.test)] == [
        [("good", "yes")],
        [("bad", "no")],
    ]
    assert not capsys.readouterr().err
    cut = load_tfds("tiny", validation=0.25, reading=WORDS, data_dir=tmp_path)
    assert (
        capsys.readouterr().err
        == "tiny has a validation part, which is only used with --validation 0\n"
    )
    assert [len(part) for part in (cut.train, cut.validation, cut.test)] == [3, 1, 1]
    assert own.fingerprint != cut.fingerprint


@pytest.mark.parametrize("stream", [True, False])
def test_a_language_task_ignores_labels(tmp_path: Path, stream: bool) -> None:
    store_sentences(tmp_path, train=TRAIN, validation=[("good", 1)], test=[("bad", -1)])
    reading = Reading(unit="word", segment=2, stream=stream, use_labels=False)
    data = load_tfds("tiny", validation=0.0, reading=reading, data_dir=tmp_path)
    assert (data.spec.task, data.validation) == ("language", None)
    assert sorted(read_documents(data.train, data.spec.text)) == sorted(text for text, _ in TRAIN)
    assert read_documents(data.test, data.spec.text) == ["good"]
    assert describe_tfds("tiny", data_dir=tmp_path, reading=reading).task == "language"


def test_options_that_text_does_not_take_are_refused(tmp_path: Path) -> None:
    store_texts(tmp_path, train=["abcdefgh"], test=["ab"])
    with pytest.raises(InputError, match="tiny is one text, and documents are read here"):
        load_tfds("tiny", validation=0.0, reading=Reading(stream=False), data_dir=tmp_path)
    for option in ({"image_size": (8, 8)}, {"random_crops": True}):
        with pytest.raises(
            InputError, match=f"{next(iter(option))} is for pictures, and tiny has none"
        ):
            load_tfds("tiny", validation=0.0, data_dir=tmp_path, **option)


def test_sets_without_labels_or_parts_are_refused(tmp_path: Path) -> None:
    store_sentences(tmp_path / "a", train=TRAIN, test=[("bad", -1)])
    with pytest.raises(InputError, match="tiny has examples without a label"):
        load_tfds("tiny", validation=0.0, reading=WORDS, data_dir=tmp_path / "a")
    store_texts(tmp_path / "b", train=["ab"])
    with pytest.raises(InputError, match="tiny has the parts train; train and test are needed"):
        load_tfds("tiny", validation=0.0, data_dir=tmp_path / "b")


def test_a_damaged_set_is_refused_in_one_line(tmp_path: Path) -> None:
    builder = store_texts(tmp_path, train=["abcdefgh"], test=["ab"])
    (record,) = Path(builder.data_path).glob("*train.array_record*")
    record.write_bytes(record.read_bytes()[:-9])
    with pytest.raises(InputError, match="tiny") as refused:
        load_tfds("tiny", validation=0.0, data_dir=tmp_path)
    assert "\n" not in str(refused.value)


def test_tiny_shakespeare_is_cut_as_the_figures_are_measured(shared_data: Path) -> None:
    folder = shared_data / "tfds"
    if not (folder / "tiny_shakespeare").is_dir():
        pytest.skip(f"no tiny_shakespeare in {folder}")
    data = load_data("tiny_shakespeare", validation=0.05, data_dir=folder)
    # Train 1,003,854, of which a twentieth is held out; validation and test, 55,770 each, are the
    # last tenth.
    assert [len(part.tokens) for part in (data.train, data.validation, data.test)] == [
        953_661,
        50_193,
        111_540,
    ]
    assert data.spec.classes == 65 + 1
    text = data.spec.text.decode(data.test.tokens)
    assert "�" not in text
    assert text.startswith("?\n\nGREMIO:\nGood morrow, neighbour Baptista.")
    assert text[55_770:].startswith("rance ta'en\nAs shall with either part's agreement stand?")
    assert describe_data("tiny_shakespeare", data_dir=folder).classes == 66

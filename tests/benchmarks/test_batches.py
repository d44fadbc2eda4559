"""The benchmarks of data: every example is summed once, in all systems."""

import numpy as np
import pytest

import dl
from benchmarks.cases import characters, pictures_folder
from benchmarks.systems import batches


def test_dl_reads_every_example_of_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    source_calls = dl.load_data("moons").train.train_calls

    def noted(**words: object):
        calls = source_calls(**words)
        return lambda start, end: [
            seen.append(call.index) or (n, call) for n, call in calls(start, end)
        ]

    data = dl.load_data("moons")
    monkeypatch.setattr(type(data.train), "train_calls", lambda self, **words: noted(**words))
    workload = batches.dl_workload(data, batch_size=16, per_call=5)
    workload.run()
    read = np.concatenate([index.ravel() for index in seen])
    assert len(read) == len(set(read.tolist())) == workload.amount > 0


def test_the_text_of_both_systems_is_the_same() -> None:
    data = characters._load(characters._text(True))
    words = "".join(data.spec.vocabulary.symbols[number] for number in data.train.tokens[:50])
    assert words == characters._text(True)[:50]


def test_both_systems_decode_the_same_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    from dl.data.readers.folder_listing import list_parts
    from dl.data.sources.streamed import StreamedSource

    monkeypatch.setattr(pictures_folder, "FEW", 8)
    folder = pictures_folder.make_folder(True)
    files, part = pictures_folder.Folder(folder), list_parts(folder).train
    source = StreamedSource(part, (pictures_folder.SIDE,) * 2 + (3,), 4, np.arange(len(part)))
    ours = source.gather(np.arange(len(part)))
    assert len(part) > 4
    for number, file in enumerate(part.files):
        picture, label = files[files.files.index(file)]
        np.testing.assert_array_equal(picture, ours["inputs"][number])
        assert label == ours["targets"][number]


def test_bytes_are_normalised_alike() -> None:
    every = np.arange(256.0)
    assert np.mean(every) == batches.CENTRE
    assert abs(np.std(every) / batches.SPREAD - 1) < 0.01

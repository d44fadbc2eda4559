"""Preparing TFDS data sets from files in their download folder; nothing here needs the network."""

import io
import json
import logging
import shutil
import socket
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from dl.data.tfds import without_tensorflow
from dl.data.tfds.load import load_tfds
from dl.data.tfds.prepare import data_folder, prepare
from dl.errors import InputError

_CIFAR_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name is resolved, and nobody waits before trying again."""

    def refuse(*_args: object, **_options: object) -> None:
        raise socket.gaierror("offline")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr("urllib3.util.retry.Retry.sleep", lambda *_args, **_options: None)


def lay_download(data_dir: Path, name: str, file: str, content: bytes) -> None:
    """Put a file where TFDS keeps what it has downloaded; it trusts such a file's checksum."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download import resource

    infos = tfds.builder_cls(name).url_infos or {}
    url, info = next((url, info) for url, info in infos.items() if url.endswith("/" + file))
    path = data_dir / "downloads" / resource.get_dl_fname(url, info.checksum)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.with_suffix(path.suffix + ".INFO").write_text(
        json.dumps(
            {
                "urls": [url],
                "dataset_names": [name],
                "original_fname": file,
                "url_info": info.asdict(),
            }
        )
    )


def cifar_archive(pictures: np.ndarray, labels: np.ndarray) -> bytes:
    """An archive like CIFAR-10's: six batches of label and picture, and the class names."""
    buffer = io.BytesIO()
    names = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
    rows = np.concatenate(
        [labels[:, None], pictures.transpose(0, 3, 1, 2).reshape(len(labels), -1)], axis=1
    )
    files = {
        name: part.astype(np.uint8).tobytes()
        for name, part in zip(names, np.split(rows, 6), strict=True)
    }
    files["batches.meta.txt"] = "\n".join(_CIFAR_CLASSES).encode()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def cifar(tmp_path: Path) -> tuple[Path, np.ndarray, np.ndarray]:
    """A folder in which a CIFAR-10 of 60 noise pictures lies downloaded, the pictures, their
    labels.
    """
    draw = np.random.default_rng(0)
    pictures, labels = draw.integers(0, 256, (60, 32, 32, 3), np.uint8), draw.integers(0, 10, 60)
    lay_download(tmp_path, "cifar10", "cifar-10-binary.tar.gz", cifar_archive(pictures, labels))
    return tmp_path, pictures, labels


def as_set(pictures: np.ndarray, labels: np.ndarray) -> set[tuple[bytes, int]]:
    return {
        (picture.tobytes(), int(label)) for picture, label in zip(pictures, labels, strict=True)
    }


def test_archive_is_prepared_and_read_back(
    cifar: tuple[Path, np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    data_dir, pictures, labels = cifar
    loaded_before = "tensorflow" in sys.modules
    folder = prepare("cifar10", data_dir=data_dir)
    said = capsys.readouterr()
    assert said.err == f"cifar10 is not prepared in {data_dir}: downloading and preparing it\n"
    assert said.out == ""
    assert folder == data_dir / "cifar10" / folder.name
    data = load_tfds("cifar10", validation=0.0, data_dir=data_dir)
    assert as_set(data.train.inputs, data.train.targets) == as_set(pictures[:50], labels[:50])
    assert as_set(data.test.inputs, data.test.targets) == as_set(pictures[50:], labels[50:])
    assert data.spec.class_names == _CIFAR_CLASSES
    assert ("tensorflow" in sys.modules) == loaded_before


def test_second_call_does_nothing(
    cifar: tuple[Path, np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    data_dir, _, _ = cifar
    folder = prepare("cifar10", data_dir=data_dir)
    before = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    capsys.readouterr()
    shutil.rmtree(data_dir / "downloads")
    assert prepare("cifar10", data_dir=data_dir) == folder
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == before
    assert capsys.readouterr() == ("", "")


def test_loading_prepares_first(
    cifar: tuple[Path, np.ndarray, np.ndarray],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data_dir, _, _ = cifar
    monkeypatch.setenv("TFDS_DATA_DIR", str(data_dir))
    assert load_tfds("cifar10", validation=0.2).spec.train_size == 40
    assert capsys.readouterr().err.count("\n") == 1


def test_interrupted_preparation_starts_again(
    cifar: tuple[Path, np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tensorflow_datasets.core.utils import lazy_imports_utils

    data_dir, pictures, labels = cifar
    encode, encoded = without_tensorflow._encode, []

    def stop_at_the_thirtieth(picture: np.ndarray, kind: str, **options: int) -> bytes:
        encoded.append(picture)
        if len(encoded) == 30:
            raise KeyboardInterrupt
        return encode(picture, kind, **options)

    monkeypatch.setattr(without_tensorflow, "_encode", stop_at_the_thirtieth)
    with pytest.raises(KeyboardInterrupt):
        prepare("cifar10", data_dir=data_dir)
    assert not isinstance(
        vars(lazy_imports_utils.tensorflow).get("_module"), without_tensorflow._Module
    )
    prepare("cifar10", data_dir=data_dir)
    data = load_tfds("cifar10", validation=0.0, data_dir=data_dir)
    assert as_set(data.train.inputs, data.train.targets) == as_set(pictures[:50], labels[:50])


def test_leftovers_of_a_killed_preparation_do_no_harm(
    cifar: tuple[Path, np.ndarray, np.ndarray],
) -> None:
    data_dir, _, _ = cifar
    for left in (
        "cifar10/incomplete.ABCDEF_3.0.2",
        "downloads/cifar-10-binary.tar.gz.tmp.0123456789abcdef",
    ):
        (data_dir / left).mkdir(parents=True)
        (data_dir / left / "part").write_bytes(b"torn")
    assert prepare("cifar10", data_dir=data_dir).is_dir()


def test_a_set_that_needs_tensorflow_says_so(
    cifar: tuple[Path, np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_args: object, **_options: object) -> None:
        raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")

    monkeypatch.setattr(without_tensorflow, "_encode", missing)
    with pytest.raises(
        InputError, match=r"^cifar10 needs the Python package tensorflow: pip install tensorflow$"
    ):
        prepare("cifar10", data_dir=cifar[0])


def test_offline_says_which_file_goes_where(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError) as raised:
        prepare("fashion_mnist", data_dir=tmp_path)
    line = str(raised.value)
    assert "could not be downloaded (no answer for http" in line
    assert "train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz" in line
    assert line.endswith(f"into {tmp_path / 'downloads' / 'manual' / 'fashion_mnist'}")
    assert "\n" not in line
    assert capfd.readouterr().err.count("\n") == 1


def test_a_file_put_there_by_hand_is_checked(tmp_path: Path) -> None:
    folder = tmp_path / "downloads" / "manual" / "cifar10"
    folder.mkdir(parents=True)
    (folder / "cifar-10-binary.tar.gz").write_bytes(b"something else")
    with pytest.raises(
        InputError,
        match=r"cifar-10-binary\.tar\.gz, has wrong checksum: delete that file and repeat$",
    ):
        prepare("cifar10", data_dir=tmp_path)


def test_set_that_must_be_fetched_by_hand(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"^imagenet2012 cannot be downloaded .*manual and repeat$"
    ):
        prepare("imagenet2012", data_dir=tmp_path)


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"^cifar10 could not be prepared: "):
        prepare("cifar10", data_dir=tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mnsit", "unknown data set 'mnsit'; did you mean mnist or"),
        ("MNIST", "did you mean mnist or"),
        ("zzzzzzzz", "known ones: those of `data list`, and https://"),
        ("huggingface:mnist", "unknown data set 'huggingface:mnist'"),
        ("../mnist", "unknown data set '../mnist'"),
        ("emnist/leters", "did you mean letters?"),
        ("mnist/letters", "it is called mnist"),
    ],
)
def test_unknown_names(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        prepare(name, data_dir=tmp_path)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert data_folder() == tmp_path
    assert data_folder(tmp_path / "other") == tmp_path / "other"
    monkeypatch.delenv("TFDS_DATA_DIR")
    assert data_folder() == Path.home() / "tensorflow_datasets"


def test_loggers_are_left_as_they_were(cifar: tuple[Path, np.ndarray, np.ndarray]) -> None:
    level = logging.getLogger("absl").level
    prepare("cifar10", data_dir=cifar[0])
    assert logging.getLogger("absl").level == level


@pytest.mark.slow
def test_mnist_is_what_tfds_makes_of_it(tmp_path: Path, shared_data: Path) -> None:
    raw, reference = shared_data / "raw" / "mnist", shared_data / "tfds"
    if not (raw.is_dir() and (reference / "mnist").is_dir()):
        pytest.skip(f"{raw} or {reference / 'mnist'} is absent")
    for file in raw.iterdir():
        lay_download(tmp_path, "mnist", file.name, file.read_bytes())
    prepare("mnist", data_dir=tmp_path)
    ours, theirs = (
        load_tfds("mnist", validation=0.1, data_dir=folder) for folder in (tmp_path, reference)
    )
    assert ours.fingerprint == theirs.fingerprint
    assert ours.spec == theirs.spec

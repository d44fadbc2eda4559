"""`show RUN --filters FILE`: the picture it writes, and when it writes none."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dl
from dl.cli import main
from dl.inspect.maps.filters import filter_grid

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _somewhere_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def lenet_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "lenet"
    size = "--epochs 1 --train-examples 64 --validation 0 --batch-size 32"
    size += " --devices 1 --parallel jit --steps-per-call 1"
    assert main("experiments", f"run lenet_digits {size} --run-dir {folder} --quiet".split()) == 0
    return folder


def test_the_picture_is_the_grid_of_the_first_convolution_and_the_summary_follows(
    lenet_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", f"show {lenet_run} --filters first.png".split()) == 0
    out, err = capsys.readouterr()
    assert err == "first.png: conv1, 20 filters of 5×5×1\n"
    assert "431,080" in out
    with Image.open("first.png") as picture:
        written = np.asarray(picture)
    np.testing.assert_array_equal(
        written, filter_grid(dl.load(lenet_run).params["conv1"]["kernel"])
    )


def test_without_convolutions_they_are_the_weights_of_the_first_dense_layer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    size = "--dataset digits --hidden-size 6 --epochs 1 --train-examples 64 --validation 0"
    words = f"run rbm_mnist {size} --batch-size 32 --devices 1 --run-dir rbm --quiet"
    assert main("experiments", words.split()) == 0
    capsys.readouterr()
    assert main("experiments", ["show", "rbm", "--filters", "first.png"]) == 0
    assert capsys.readouterr().err == "first.png: hidden1, 6 filters of 28×28×1\n"
    kernel = np.asarray(dl.load("rbm").params["hidden1"]["kernel"]).reshape(28, 28, 1, 6)
    with Image.open("first.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), filter_grid(kernel))


def refused(words: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    before = sorted(Path().rglob("*"))
    assert main("experiments", words.split()) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err[:7]) == ("", 1, "error: ")
    assert sorted(Path().rglob("*")) == before
    return err


def test_a_file_that_cannot_be_written_is_refused(
    lenet_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("folder.png").mkdir()
    for file, says in (
        ("absent/first.png", "absent/first.png cannot be written: there is no folder absent"),
        ("folder.png", "folder.png cannot be written: it is a folder"),
        (
            "first.txt",
            "first.txt does not end like a picture that Pillow writes: call it first.png",
        ),
        ("first", "call it first.png"),
    ):
        assert says in refused(f"show {lenet_run} --filters {file}", capsys)


def test_what_has_no_trained_filters_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(
            "experiments", ["run", "perceptron_xor", "--epochs", "1", "--run-dir", "xor", "--quiet"]
        )
        == 0
    )
    assert "the model of xor has no convolution" in refused("show xor --filters first.png", capsys)
    assert "lenet_digits is no run" in refused("show lenet_digits --filters first.png", capsys)
    assert "nowhere" in refused("show nowhere --filters first.png", capsys)

"""Wrong input: one clear line, exit 2, nothing written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dl.cli import main
from dl.cli.right_kind import require_recurrent
from dl.errors import InputError
from dl.runs.lock import locked


@pytest.fixture(autouse=True)
def _somewhere_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "no-data"))


def refused(words: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must be refused; the line that it says."""
    before = sorted(Path().rglob("*"))
    code = main("experiments", words.split())
    out, err = capsys.readouterr()
    assert code == 2, err
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("error: ")
    assert "Traceback" not in err
    assert sorted(Path().rglob("*")) == before
    return err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("rnu lenet_digits", "did you mean run?"),
        ("run lenet_digit", "unknown experiment 'lenet_digit'; did you mean lenet_digits?"),
        ("show lenet_digit", "did you mean lenet_digits?"),
        ("run lenet_digits --epoch 3", "--epoch. Did you mean --epochs?"),
        ("run lenet_digits --epochs three", "--epochs"),
        ("run lenet_digits --epochs 0", "epochs is 0; it must be at least 1"),
        ("run lenet_digits --epochs 1.5", "'1.5' is not a whole number"),
        ("run lenet_digits --learning-rate -1", "learning_rate is -1.0; it must be above 0"),
        (
            "run lenet_digits --learning-rate nan",
            "learning_rate is nan; it must be a finite number",
        ),
        ("run lenet_digits --dropout 1", "dropout is 1.0; it must be at least 0 and below 1"),
        ("run lenet_digits --seeds 0", "seeds is 0"),
        (
            "run lenet_digits --seed 2147483648",
            "seed is 2147483648; it must be at least 0 and below 2147483648",
        ),
        ("run lenet_digits --seed 2147483647 --seeds 2", "seed is 2147483648"),
        ("run lenet_digits --validation 0 --patience 3", "patience needs held-out examples"),
        ("run lenet_digits --stop-below -0.1", "stop_below is -0.1; it must be at least 0"),
        (
            "run mlp_permuted_mnist --dataset xor --batch-size 4",
            "pixels are permuted in pictures [B, H, W, C], these inputs are 2: take a data set of",
        ),
        (
            "run lenet_digits --image-size 28",
            "image_size is for folder:PATH and pictures of many sizes; those of digits have one",
        ),
        (
            "run lenet_digits --validation 0.0001 --patience 2",
            "validation 0.0001 holds out none of the 1437 training examples of digits",
        ),
        ("run lenet_digits --epochs 100000000000", "at 40 steps an epoch it must be at most 53,"),
        ("run lenet_digits --batch-size 1000000000000", "larger than the 1293 training examples"),
        ("run lenet_digits --epochs 100000000000000000000", "a whole number of at most 64 bits"),
        (
            "run mlp_mnist --dataset digits --hidden-size 100000000000",
            "mlp has 10,000,000,079,600,000,000,010 parameters, whose training needs more than",
        ),
        ("run lenet_digits --seeds 100000", "seeds is 100000; it must be at least 1 and at most"),
        ("run lenet_digits --epochs True", "'True' is not a whole number"),
        ("run --name lenet_digits", ""),
        ("run", ""),
        ("run lenet_digits --parallel gpu", "auto"),
        (
            "run lenet_digits --batch-size 5000",
            "batch size 5000 is larger than the 1293 training examples",
        ),
        (
            "run lenet_digits --batch-size 30 --devices 8",
            "batch size 30 does not divide over 8 devices",
        ),
        ("run lenet_digits --devices 64", "8 cpu device(s) here: leave --devices out"),
        ("run lenet_digits --dataset digit", "did you mean digits?"),
        ("run lenet_digits --dataset folders:there", "unknown kind of data set 'folders'"),
        ("run lenet_digits --dataset folder:there", "there"),
        (
            "run lenet_digits --dataset xor --batch-size 4",
            "pictures of at least 16×16 (H×W×C), these are 2",
        ),
        ("run lenet5_mnist --dataset moons", "28×28 or 32×32 pictures (H×W×C), these are 2"),
        (
            "run mlp_xor --dataset digits",
            "the objective does not take the targets of digits (task: classification)",
        ),
        ("run lenet_digits --train-examples 99999", "99999"),
        ("run lenet_digits --init-from nowhere", "no run folder nowhere"),
        (
            "run lenet_digits --init-checkpoint best",
            "--init-checkpoint best is for --init-from RUN",
        ),
        ("run lenet_digits --freeze", "--freeze"),
        (
            "run lenet_digits --freeze conv1 conv9",
            "called 'conv9'; the layers are conv1, conv2, hidden, output",
        ),
        (
            "run lenet_digits --freeze c* hidden output",
            "c*, hidden, output would freeze every parameter",
        ),
        ("show lenet_digits --format yaml", "text"),
        ("resume nowhere", "no run folder nowhere"),
        ("evaluate nowhere", "no run folder nowhere"),
        ("predict nowhere picture.png", "no run folder nowhere"),
        (f"run mlp_xor --run-dir {'a' * 300}", "aaaaa... cannot be used: File name too long"),
        (f"evaluate {'a' * 300}", "aaaaa... cannot be used: File name too long"),
        (f"sample {'a' * 300}", "aaaaa...: File name too long"),
        ("data prepare no_such_set_anywhere", "no_such_set_anywhere"),
    ],
)
def test_refused_in_one_line(words: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert says in refused(words, capsys)


def make_pictures(folder: Path, classes: list[str], side: int = 28, count: int = 8) -> None:
    rng = np.random.default_rng(0)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 255, (side, side), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


def test_folder_without_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pictures" / "cat").mkdir(parents=True)
    assert "picture" in refused("run lenet_digits --dataset folder:pictures", capsys)


def test_folder_with_one_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_pictures(tmp_path / "pictures", ["cat"])
    assert "only the class cat" in refused("run lenet_digits --dataset folder:pictures", capsys)


def test_pictures_too_small_for_the_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_pictures(tmp_path / "pictures", ["cat", "dog"], side=8)
    said = refused("run lenet_digits --dataset folder:pictures --batch-size 4", capsys)
    assert "LeNet takes pictures of at least 16×16 (H×W×C), these are 8×8×1" in said


def test_pictures_of_a_size_that_lenet5_does_not_take(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_pictures(tmp_path / "pictures", ["cat", "dog"], side=24)
    said = refused("run lenet5_mnist --dataset folder:pictures --batch-size 4", capsys)
    assert "28×28 or 32×32 pictures (H×W×C), these are 24×24×1" in said


def test_run_dir_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(
            "experiments",
            ["run", "perceptron_xor", "--epochs", "1", "--run-dir", "here", "--quiet"],
        )
        == 0
    )
    assert (
        main(
            "experiments",
            ["run", "perceptron_gates", "--epochs", "1", "--run-dir", "there", "--quiet"],
        )
        == 0
    )
    capsys.readouterr()
    assert "holds a finished run" in refused("run perceptron_xor --run-dir here", capsys)
    assert "holds a run of perceptron_gates, not of perceptron_xor" in refused(
        "run perceptron_xor --run-dir there", capsys
    )
    assert "holds a finished run" in refused("run perceptron_xor --seeds 2 --run-dir here", capsys)
    (tmp_path / "here" / "result.json").unlink()
    assert "go on with `resume here`" in refused("run perceptron_xor --run-dir here", capsys)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine")
    assert "not empty and holds no run" in refused("run perceptron_xor --run-dir other", capsys)
    assert "is a file" in refused("run perceptron_xor --run-dir other/letter.txt", capsys)
    assert "letter.txt is a file" in refused(
        "run perceptron_xor --run-dir other/letter.txt/below", capsys
    )


def test_folder_that_another_process_trains_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(
            "experiments", ["run", "perceptron_xor", "--epochs", "1", "--run-dir", "run", "--quiet"]
        )
        == 0
    )
    (Path("run") / "result.json").unlink()
    capsys.readouterr()
    with locked(Path("run")):
        assert "run is being trained by another process" in refused("resume run --quiet", capsys)


def test_folder_that_is_no_run_or_a_broken_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    assert "has no config.json" in refused("resume run", capsys)
    (folder / "config.json").write_text('{"format": 1, "exp')
    assert "is broken" in refused("resume run", capsys)
    (folder / "config.json").write_text('{"format": 99}')
    assert "has format 99, this version reads 1" in refused("resume run", capsys)
    (folder / "config.json").write_text(
        '{"format": 1, "module": "experiments.mlp_xor", "options": {"colour": 3}}'
    )
    assert "config.json: colour is 3: known: auto, grey, rgb" in refused("resume run", capsys)
    (folder / "config.json").write_text(
        '{"format": 1, "module": "experiments.mlp_xor", "options": {"hue": 3}}'
    )
    assert "broken or of another version" in refused("resume run", capsys)
    (folder / "config.json").write_text(
        '{"format": 1, "module": "experiments.mlp_xor", "options": {}}'
    )
    assert "broken or of another version" in refused("resume run", capsys)
    (folder / "config.json").write_text(
        '{"format": 1, "module": 3, "options": {}, "chosen": {}, "data": [1]}'
    )
    assert "broken or of another version" in refused("resume run", capsys)
    (folder / "config.json").write_text(
        '{"format": 1, "module": "experiments.gone", "options": {}}'
    )
    assert "there is no experiment module experiments.gone" in refused("resume run", capsys)


def test_predict_on_what_is_no_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_pictures(tmp_path / "pictures", ["cat", "dog"])
    words = (
        "run softmax_mnist --dataset folder:pictures --epochs 1 --batch-size 4 --run-dir run "
        "--quiet"
    )
    assert main("experiments", words.split()) == 0
    capsys.readouterr()
    Path("letter.txt").write_text("no picture")
    assert "letter.txt" in refused("predict run letter.txt", capsys)
    assert "absent.png" in refused("predict run absent.png", capsys)
    assert "at least one picture or text" in refused("predict run", capsys)


def test_predict_with_a_model_that_takes_no_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(
            "experiments", ["run", "perceptron_xor", "--epochs", "1", "--run-dir", "run", "--quiet"]
        )
        == 0
    )
    capsys.readouterr()
    assert "takes inputs of shape (2,), not pictures" in refused("predict run a.png", capsys)


def test_no_checkpoint_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(
            "experiments", ["run", "perceptron_xor", "--epochs", "1", "--run-dir", "run", "--quiet"]
        )
        == 0
    )
    import shutil

    shutil.rmtree(tmp_path / "run" / "checkpoints")
    capsys.readouterr()
    assert "has no checkpoint yet" in refused("evaluate run", capsys)


@pytest.mark.slow
def test_run_that_does_not_fit_to_begin_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (
        "run mlp_mnist --dataset digits --train-examples 64 --epochs 1 --batch-size 32 --run-dir "
        "run --quiet"
    )
    assert main("experiments", [*words.split(), "--hidden-size", "8"]) == 0
    make_pictures(tmp_path / "pictures", ["cat", "dog"], side=20)
    capsys.readouterr()
    again = "run mlp_mnist --batch-size 4 --init-from run"
    said = refused(f"{again} --dataset digits --hidden-size 6", capsys)
    assert (
        "--init-from run does not fit: hidden1/bias is float32[8] in the source, float32[6] here"
        in said
    )
    said = refused(f"{again} --dataset folder:pictures --hidden-size 8", capsys)
    assert "hidden1/kernel is float32[784, 8] in the source, float32[400, 8] here" in said
    assert "its inputs are 28×28×1, these are 20×20×1" in said
    assert "does not fit" in refused("run softmax_mnist --dataset digits --init-from run", capsys)


def test_data_that_a_run_cannot_be_evaluated_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (
        "run softmax_mnist --dataset digits --train-examples 64 --epochs 1 --batch-size 32 "
        "--run-dir run --quiet"
    )
    assert main("experiments", words.split()) == 0
    make_pictures(tmp_path / "pictures", ["cat", "dog"])
    capsys.readouterr()
    said = refused("evaluate run --dataset moons", capsys)
    assert "moons has inputs 2 (float32), the model was trained on 28×28×1 (uint8)" in said
    said = refused("evaluate run --dataset folder:pictures", capsys)
    assert "classes that the model does not know: cat, dog; it knows 0, 1, 2 and 7 more" in said
    with pytest.raises(InputError, match="softmax_mnist has no recurrent layers: give the folder"):
        require_recurrent(Path("run"))  # before JAX is imported

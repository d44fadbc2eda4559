"""What the verbs print and leave behind when all is well."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dl
from dl.cli import main

ROOT = Path(__file__).resolve().parents[2]
RECORD_KEYS = {"step", "epoch", "split", "values", "examples_per_second"}


@pytest.fixture(autouse=True)
def _somewhere_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(words: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    code = main("experiments", words.split())
    out, err = capsys.readouterr()
    assert code == 0, err
    return out, err


@pytest.fixture(scope="module")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small finished run on pictures."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    words = (
        "run mlp_mnist --dataset digits --epochs 6 --hidden-size 32 --batch-size 32 --run-dir "
        f"{folder} --quiet"
    )
    assert main("experiments", words.split()) == 0
    return folder


def test_list_names_every_experiment_with_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = call("list", capsys)
    for path in (ROOT / "experiments").glob("[a-z]*.py"):
        assert re.search(rf"^{path.stem} +\S", out, re.MULTILINE), path.stem
    assert "Expected: test accuracy" in out
    expected = [line for line in out.splitlines() if line.lstrip().startswith("Expected:")]
    assert [line for line in expected if not line.endswith(".")] == [], "whole sentences"


@pytest.mark.parametrize(
    "words", ["", "list", "list --json", "--help", "run --help", "data --help"]
)
def test_quick_verbs_import_no_jax(words: str) -> None:
    code = (
        f"import sys; from dl.cli import main\n"
        f"try: main('experiments', {words.split()!r})\n"
        f"except SystemExit: pass\n"
        f"heavy = {{'jax', 'flax', 'sklearn', 'orbax', 'tensorflow_datasets', 'matplotlib'}} & "
        "set(sys.modules)\n"
        f"print('heavy:', *heavy, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stderr.splitlines()[-1] == "heavy:"


def test_help_of_an_experiment_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = call("run lenet_mnist_fast --help", capsys)
    for option in (
        "--epochs",
        "--learning-rate",
        "--degrees",
        "--parallel",
        "--devices",
        "--run-dir",
        "--seeds",
    ):
        assert option in out
    assert "Largest rotation" in out
    words = " ".join(out.replace("│", " ").split())
    assert "[at least 0 and below 1] [default: 0.3]" in words  # dropout, of the experiment
    assert "[at least 1] [default: 10]" in words  # epochs, whose default alone is the experiment's


def test_show_gives_shapes_and_counts(capsys: pytest.CaptureFixture[str]) -> None:
    text, _ = call("show lenet_digits", capsys)
    assert "24×24×20" in text
    assert "431,080" in text
    shown = json.loads(call("show lenet_digits --format json", capsys)[0])
    assert shown["name"] == "lenet_digits"
    assert shown["parameters"] == 431_080
    first = shown["layers"][0]
    assert (first["name"], first["output_shape"], first["parameters"]) == (
        "conv1",
        [24, 24, 20],
        520,
    )


def test_show_needs_no_data(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(Path.cwd() / "empty"))
    assert json.loads(call("show lenet5_mnist --format json", capsys)[0])["parameters"] == 61_706


def test_run_folder_holds_what_the_contract_says(digits_run: Path) -> None:
    config = json.loads((digits_run / "config.json").read_text())
    assert config["experiment"] == "mlp_mnist"
    assert config["options"]["hidden_size"] == 32
    chosen = config["chosen"]
    assert (chosen["parallel"], chosen["devices"]) == ("jit", 1)
    assert 1 <= chosen["steps_per_call"] <= 40
    (start,) = json.loads((digits_run / "manifest.json").read_text())["starts"]
    assert start["versions"]["jax"]
    assert len(start["dataset_fingerprint"]) == 32
    records = [json.loads(line) for line in (digits_run / "metrics.jsonl").read_text().splitlines()]
    assert all(set(record) == RECORD_KEYS for record in records)
    assert [record["split"] for record in records[:2]] == ["train", "validation"]
    result = json.loads((digits_run / "result.json").read_text())
    assert result["experiment"] == "mlp_mnist"
    assert set(result["metrics"]) == {"validation", "test"}
    assert result["parameters"] == 784 * 32 + 32 + 32 * 32 + 32 + 32 * 10 + 10
    assert 0 < result["compile_seconds"] < result["wall_seconds"]


def test_run_prints_its_path_last(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = call("run perceptron_gates --epochs 1", capsys)
    assert re.fullmatch(r"runs/perceptron_gates/\d{8}-\d{6}-0\n", out)
    assert (Path(out.strip()) / "result.json").exists()
    assert "epochs=1*" in err
    assert "test  accuracy" in err


def test_seeds_give_mean_and_deviation(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = call("run perceptron_xor --epochs 2 --seeds 3 --run-dir many --quiet", capsys)
    assert out.split() == ["many/seed-0", "many/seed-1", "many/seed-2"]
    assert re.search(r"test over 3 seeds: accuracy 0\.\d{4} ± 0\.\d{4} \(median 0\.\d{4}\)", err)


def test_evaluate_repeats_the_result_of_the_run(
    digits_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = json.loads((digits_run / "result.json").read_text())
    for part in ("test", "validation"):
        out, _ = call(f"evaluate {digits_run} --part {part}", capsys)
        assert json.loads(out) == pytest.approx(result["metrics"][part], rel=1e-5)
    best = json.loads(call(f"evaluate {digits_run} --part validation --checkpoint best", capsys)[0])
    assert best["loss"] <= result["metrics"]["validation"]["loss"] + 1e-6


def test_evaluate_reports_on_standard_output_or_into_a_file(
    digits_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics, before = json.loads(call(f"evaluate {digits_run}", capsys)[0]), files_of(digits_run)
    told = json.loads(call(f"evaluate {digits_run} --report --format json", capsys)[0])
    assert told["accuracy"] == pytest.approx(metrics["accuracy"], abs=1e-6)
    assert told["log_loss"] == pytest.approx(metrics["loss"], rel=1e-5)
    assert np.trace(told["confusion_matrix"]) == round(told["accuracy"] * told["examples"])
    text, said = call(f"evaluate {digits_run} --report", capsys)
    assert text.startswith("digits, test: 360 examples\n\nfigure ")
    assert f"macro AUC          {told['macro_auc']:.4f}" in text
    assert re.search(r"step \d+: test  accuracy", said)
    out, said = call(f"evaluate {digits_run} --report -o report.csv", capsys)
    assert json.loads(out) == metrics
    assert "report written to report.csv" in said
    assert Path("report.csv").read_text().splitlines()[0].startswith("class,precision,recall,f1")
    assert files_of(digits_run) == before, "evaluate changes nothing in a run"


def files_of(run: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_a_report_that_could_not_be_written_is_refused_at_once(
    digits_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, says in (
        ("-o report.json", "--output is for --report: give it too"),
        ("--format csv", "--format is for --report: give it too"),
        ("--report -o nowhere/report.json", "cannot write nowhere/report.json: name a file in a"),
        ("--report -o .", "cannot write .: name a file"),
        (f"--report -o {digits_run}/report.json", "which evaluate does not change"),
    ):
        assert main("experiments", f"evaluate {digits_run} {words}".split()) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert says in err
    assert not list(Path().iterdir())


def test_predict_classifies_a_picture_of_any_size(
    digits_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digits = dl.load_data("digits").test
    for number in range(4):
        picture = Image.fromarray(digits.inputs[number, :, :, 0])
        picture.resize((140, 140), Image.Resampling.NEAREST).convert("RGB").save(f"{number}.png")
    out, _ = call(f"predict {digits_run} 0.png 1.png 2.png 3.png", capsys)
    labels = [re.fullmatch(r"\d\.png: (\d) \([01]\.\d{3}\)", line)[1] for line in out.splitlines()]  # type: ignore[index]
    assert (
        sum(int(label) == target for label, target in zip(labels, digits.targets[:4], strict=True))
        >= 3
    )


def test_class_names_are_shown_without_control_characters(
    digits_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(digits_run, "copy")
    stored = json.loads(Path("copy/config.json").read_text())
    stored["data"]["class_names"] = [f"\x1b]0;{digit}\x07\n\u202e" for digit in range(10)]
    Path("copy/config.json").write_text(json.dumps(stored))
    Image.new("L", (28, 28), 255).save("a\x1b[2J.png")
    out, err = call("predict copy a\x1b[2J.png", capsys)
    assert re.fullmatch(r"a\\x1b\[2J\.png: \\x1b\]0;\d\\x07\\n\\u202e \([01]\.\d{3}\)\n", out)
    assert "config.json was changed since" in err


def test_predict_says_what_is_wrong_with_a_photograph(
    digits_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (50, 40), 200).save("blank.png")
    assert main("experiments", f"predict {digits_run} blank.png --photo".split()) == 2
    assert "blank.png shows no strokes" in capsys.readouterr().err


def test_evaluate_and_load_disturb_no_run_that_is_going_on(
    digits_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    half_written = digits_run / "checkpoints" / "999.orbax-checkpoint-tmp"
    half_written.mkdir()
    call(f"evaluate {digits_run}", capsys)
    dl.load(digits_run)
    assert half_written.exists()
    half_written.rmdir()


def test_load_gives_model_parameters_and_preprocessing(digits_run: Path) -> None:
    loaded, digits = dl.load(digits_run), dl.load_data("digits").test
    predictions = loaded.predict(digits.inputs)
    right = np.mean(
        [int(p.label) == target for p, target in zip(predictions, digits.targets, strict=True)]
    )
    result = json.loads((digits_run / "result.json").read_text())
    assert right == pytest.approx(result["metrics"]["test"]["accuracy"], abs=1e-6)
    with pytest.raises(
        dl.InputError, match=r"inputs are \(8, 8, 1\), the model takes \(28, 28, 1\)"
    ):
        loaded.outputs(np.zeros((1, 8, 8, 1), np.uint8))


def make_digit_pictures(folder: Path, names: list[str]) -> None:
    """Pictures of the first digits in folders named after classes, larger than the digits."""
    digits = dl.load_data("digits").train
    for digit, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for number in np.flatnonzero(digits.targets == digit)[:8]:
            picture = Image.fromarray(digits.inputs[number, :, :, 0])
            picture.resize((30, 30)).save(folder / name / f"{number}.png")


@pytest.mark.slow
def test_run_begins_from_another_with_a_new_head(
    digits_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_digit_pictures(Path("pictures"), ["none", "one", "two"])
    words = (
        "run mlp_mnist --dataset folder:pictures --image-size 28 --hidden-size 32 --batch-size 4 "
        "--epochs 1"
    )
    _, err = call(f"{words} --init-from {digits_run} --freeze hidden* --run-dir run", capsys)
    assert (
        f"begins from {digits_run}, step 240: taken 4 of 6, new: output/bias, output/kernel" in err
    )
    assert "frozen: hidden*: 26,176 of 26,275 parameters" in err
    call("evaluate run", capsys)
    assert "none" in call("predict run pictures/none/0.png", capsys)[0]
    assert json.loads(call("show run --format json", capsys)[0])["parameters"] == 26_275


def test_evaluate_matches_classes_by_name(
    digits_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_digit_pictures(Path("pictures"), list("0123456789"))
    whole, said = call(f"evaluate {digits_run} --dataset folder:pictures", capsys)
    assert json.loads(whole)["accuracy"] > 0.8
    assert "80 pictures of 10 classes (0, 1, 2 and 7 more): train and test alike, with all" in said
    assert "(80 examples of folder:" in said
    for digit in "023456":
        shutil.rmtree(f"pictures/{digit}")
    some, _ = call(f"evaluate {digits_run} --dataset folder:pictures", capsys)
    assert json.loads(some)["accuracy"] > 0.7, "by number they would be 0 to 3"
    words = f"evaluate {digits_run} --dataset folder:pictures --report --format json"
    told = json.loads(call(words, capsys)[0])
    assert [row["class"] for row in told["classes"] if row["examples"]] == ["1", "7", "8", "9"]
    assert told["classes"][0]["recall"] is None
    assert all(Path(one["name"]).parent.name == one["target"] for one in told["worst_mistakes"])
    Path("pictures/9").rename("pictures/nine")
    assert main("experiments", f"evaluate {digits_run} --dataset folder:pictures".split()) == 2
    said = capsys.readouterr().err
    assert "classes that the model does not know: nine; it knows 0, 1, 2 and 7 more" in said


def test_data_list_names_built_in_and_prepared(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mnist" / "3.0.1").mkdir(parents=True)
    (tmp_path / "mnist" / "3.0.1" / "dataset_info.json").touch()
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    out, _ = call("data list", capsys)
    assert re.search(r"^digits +built in", out, re.MULTILINE)
    assert re.search(r"^mnist +prepared", out, re.MULTILINE)
    assert re.search(r"^cifar10 +not prepared", out, re.MULTILINE)


def test_show_of_a_run_uses_its_own_options(
    digits_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = json.loads(call(f"show {digits_run} --format json", capsys)[0])
    assert shown["layers"][0]["output_shape"] == [32]


def test_import_of_dl_pulls_in_nothing_heavy() -> None:
    code = (
        "import sys, dl\n"
        "dl.fit, dl.load_data, dl.models, dl.optimizers, dl.init_state, dl.jit_step, dl.load\n"
        "heavy = "
        "{'tensorflow', 'tensorflow_datasets', 'orbax.checkpoint', 'sklearn', 'matplotlib'}\n"
        "heavy &= set(sys.modules)\n"
        "print('heavy:', *heavy)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == "heavy:\n"

"""`plot RUN WHAT`: the file it writes, what a run can give, and what is refused in one line."""

import builtins
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import dl
from dl.cli import main
from dl.plots.run_subject import differing_options
from dl.runs.folder import open_folder


@pytest.fixture(autouse=True)
def _somewhere_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A linear classifier of pictures, after two epochs."""
    return trained(tmp_path_factory.mktemp("runs") / "run", "softmax_mnist --dataset digits")


def trained(folder: Path, words: str) -> Path:
    size = "--epochs 2 --train-examples 96 --validation 0.3 --batch-size 32 --devices 1 --quiet"
    assert main("experiments", f"run {words} {size} --run-dir {folder}".split()) == 0
    return folder


def plotted(words: str, capsys: pytest.CaptureFixture[str]) -> Path:
    """The picture that the command's last line names."""
    capsys.readouterr()
    assert main("experiments", f"plot {words}".split()) == 0
    return Path(capsys.readouterr().out.splitlines()[-1])


def listed(words: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    assert main("experiments", f"plot {words} --list".split()) == 0
    return [line.split()[0] for line in capsys.readouterr().out.splitlines()]


def refused(words: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    before = sorted(Path().rglob("*"))
    assert main("experiments", f"plot {words}".split()) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err[:7]) == ("", 1, "error: ")
    assert sorted(Path().rglob("*")) == before
    return err


@pytest.mark.slow
def test_the_picture_is_named_after_what_it_shows(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(run.rglob("*"))
    assert plotted(f"{run} curves", capsys) == Path("curves.png")
    with Image.open("curves.png") as light:
        light_ground = np.asarray(light.convert("L"))[0, 0]
    assert plotted(f"{run} curves --dark -o dark.png", capsys) == Path("dark.png")
    with Image.open("dark.png") as dark:
        assert np.asarray(dark.convert("L"))[0, 0] < 40 < 250 < light_ground
    assert plotted(f"{run} curves -o c.svg", capsys).read_bytes().startswith(b"<?xml")
    assert sorted(run.rglob("*")) == before  # the folder of a run stays as it is


def test_a_run_lists_what_it_can_give(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fitting = listed(str(run), capsys)
    assert fitting[:2] == ["curves", "architecture"]
    assert {"confusion", "mistakes", "calibration", "filters", "saliency"} <= set(fitting)
    assert not {"gates", "feature-maps", "fantasies", "codes"} & set(fitting)
    assert listed(f"{run} {run}", capsys) == ["curves"]
    assert set(listed("", capsys)) == set(dl.plots.RUN_PICTURES)


def test_seeds_become_a_band_and_other_options_are_named(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copies = {"seed": 7, "learning_rate": 0.5}
    for name, value in copies.items():
        shutil.copytree(run, tmp_path / name)
        stored = json.loads((tmp_path / name / "config.json").read_text())
        stored["options"][name] = value
        (tmp_path / name / "config.json").write_text(json.dumps(stored))
    figure = dl.plots.of_run([run, tmp_path / "seed", tmp_path / "learning_rate"], "curves")
    labels = {text.get_text() for text in figure.legends[0].get_texts()}
    own = open_folder(run)[1].options.learning_rate
    assert labels == {
        f"learning rate {rate} {split}" for rate in (own, 0.5) for split in ("train", "validation")
    }
    (line,) = [
        line
        for line in figure.axes[0].lines
        if line.get_label() == f"learning rate {own} validation"
    ]
    _, values = dl.load(run).curve("validation", "loss")
    np.testing.assert_allclose(np.asarray(line.get_ydata()), values)
    assert differing_options([open_folder(run)[1]]) == [{}]


def test_the_matrix_is_that_of_the_report(run: Path) -> None:
    figure = dl.plots.of_run(run, "confusion", part="train")
    counts = dl.load(run).report("train").confusion
    totals = counts.sum(1, keepdims=True)
    drawn = np.asarray(figure.axes[0].images[0].get_array())
    np.testing.assert_allclose(drawn, counts / np.where(totals, totals, 1))


WRONG = [
    ("", "name the picture last: plot RUN curves"),
    ("curves", "give the folder of a run before the picture: plot RUN curves"),
    ("nowhere", "give a run and a picture: plot RUN WHAT; nowhere alone is neither"),
    ("lenet_digits", "name the picture last: plot lenet_digits curves"),
    ("{run}", "name the picture last: plot {run} curves"),
    ("{run} {run}", "name the picture last: plot {run} curves"),
    ("{run} curve", "there is no picture 'curve'; did you mean curves?"),
    ("nowhere curves", "no run folder nowhere"),
    ("nowhere --list", "no run folder nowhere"),
    ("empty curves", "empty holds no run"),
    ("{run} gates", "gates needs a recurrent net that reads text, which {run} (softmax_mnist) is"),
    ("{run} gates", "it can give: curves, architecture, confusion, mistakes, calibration, filters"),
    ("{run} curves -o curves.bmp", "curves.bmp does not end like a picture: call it curves.png"),
    ("{run} curves -o curves", "call it curves.png"),
    ("{run} curves -o absent/a.png", "cannot write absent/a.png: name a file in a folder that"),
    ("{run} curves -o folder.png", "cannot write folder.png: name a file in a folder that exists"),
    ("{run} {run} confusion", "confusion shows one run, and 2 were given; several are shown by"),
    ("{run} curves --example 3", "curves looks at no example: leave it out"),
    ("{run} confusion --text abc", "confusion looks at no text: leave it out"),
    ("{run} saliency --example 9999", "digits has examples 0 to 359, and 9999 is none of them"),
    ("{run} saliency --example=-1", "and -1 is none of them"),
    ("{run} filters --layer outptu", "there is no layer 'outptu' to draw; did you mean output?"),
    ("{run} filters --layer output --layer output", "this picture shows one layer, not 2"),
    ("{run} confusion --part validate", "validat"),
    ("{run} curves --checkpoint newest", "last"),
    ("other_version curves", "has format 99, this version reads 1 and 2"),
    ("no_records curves", "no_records has no records yet: wait for its first ones"),
]


@pytest.mark.parametrize(("words", "says"), WRONG)
def test_wrong_input_is_one_line(
    words: str, says: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("empty", "folder.png", "other_version", "no_records"):
        (tmp_path / folder).mkdir()
    (tmp_path / "other_version" / "config.json").write_text('{"format": 99}')
    shutil.copy(run / "config.json", tmp_path / "no_records")
    assert says.format(run=run) in refused(words.format(run=run), capsys)


def test_a_run_that_has_no_checkpoint_yet_has_curves_all_the_same(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run, tmp_path / "begun", ignore=shutil.ignore_patterns("checkpoints"))
    (tmp_path / "begun" / "result.json").unlink()
    assert plotted("begun curves", capsys) == Path("curves.png")
    assert "begun has no checkpoint yet" in refused("begun confusion", capsys)


def test_without_matplotlib_the_remedy_is_named(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert "pip install 'dl-lectures[plots]'" in refused(f"{run} curves", capsys)


def test_a_full_disk_is_one_line(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from matplotlib.figure import Figure

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    assert "cannot write curves.png: No space left on device" in refused(f"{run} curves", capsys)


def test_an_experiment_that_counts_has_nothing_to_draw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.txt").write_text("the cat sat on the mat. " * 40)
    words = "run ngram_shakespeare --dataset text:text.txt --run-dir counted --quiet"
    assert main("experiments", words.split()) == 0
    assert "ngram_shakespeare counts and trains no net" in refused("counted curves", capsys)


@pytest.mark.slow
def test_a_range_test_can_be_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    words = "rates logistic_moons --steps 20 --high 1"
    assert main("experiments", [*words.split(), "-o", "rates.bmp"]) == 2
    assert "call it rates.png" in capsys.readouterr().err
    assert main("experiments", [*words.split(), "-o", "rates.png"]) == 0
    assert capsys.readouterr().err.endswith("picture written to rates.png\n")
    assert Path("rates.png").stat().st_size > 5000


RUNS = {
    "lenet_digits --parallel jit": "feature-maps receptive-fields occlusion",
    "rbm_mnist --dataset digits --hidden-size 9": "filters reconstructions codes fantasies",
    "lstm_shakespeare --dataset text:text.txt --segment 8 --num-layers 2 --hidden-size 4 "
    "--batch-size 2": "gates cell gradients",
    "lstm_sentiment --dataset tsv:said.tsv --hidden-size 3 --batch-size 4": "mistakes",
    "mlp_mnist --dataset digits --members 2 --hidden-size 5": "curves mistakes saliency",
    "logistic_moons": "confusion calibration architecture",
}


@pytest.mark.slow
@pytest.mark.parametrize("words", RUNS)
def test_every_kind_of_run_gives_its_pictures(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.txt").write_text("the cat sat on the mat and the dog on the log. " * 12)
    (tmp_path / "said.tsv").write_text(
        "".join(f"{'very ' * (n % 3)}{('good', 'bad')[n % 2]}\t{n // 2 % 2}\n" for n in range(60))
    )
    size = "" if "--batch-size" in words else "--train-examples 64 --batch-size 32"
    size = f"{size} --validation 0.3" if "digits" in words else size
    command = f"run {words} {size} --epochs 1 --devices 1 --run-dir run --quiet"
    assert main("experiments", command.split()) == 0
    fitting = listed("run", capsys)
    assert set(RUNS[words].split()) <= set(fitting)
    for what in RUNS[words].split():
        assert plotted(f"run {what}", capsys).stat().st_size > 5000

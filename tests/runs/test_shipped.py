"""The trained runs that travel with the package: found by name, whole, and never written to."""

import json
import shlex
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

import dl
from dl.cli import main
from dl.errors import InputError, RunError
from dl.reports.page.write import default_file
from dl.runs import run as runs
from dl.runs.run import resume_run
from dl.runs.shipped import find_run, refuse_to_write, shipped_runs
from dl.train.interrupt import StopRequest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("lenet_digits", "lstm_names")
FOLDER = ROOT / "experiments" / "trained"


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(autouse=True)
def _somewhere_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_both_are_whole_small_and_say_nothing_of_a_machine() -> None:
    assert tuple(shipped_runs()) == NAMES
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 3_000_000
    assert not [path for path in files if b"/tmp" in path.read_bytes()]
    for folder in shipped_runs().values():
        made = {path.name for path in folder.iterdir()}
        assert {"config.json", "manifest.json", "metrics.jsonl", "result.json"} <= made
        assert not made & {"lock", "damaged"}


def test_the_script_that_makes_them_has_the_commands_that_made_them() -> None:
    script = shlex.split((FOLDER / "make.sh").read_text().replace("$here", "experiments/trained"))
    joined = " ".join(word for word in script if word != "\n")
    for folder in shipped_runs().values():
        (start,) = json.loads((folder / "manifest.json").read_text())["starts"]
        assert start["command"] in joined
        assert not start["git_commit"].endswith("-dirty")


def test_a_name_reads_a_picture_and_writes_names_and_changes_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    before = contents(FOLDER)
    assert main("experiments", ["predict", "lenet_digits", str(FOLDER / "seven.png")]) == 0
    out, err = capsys.readouterr()
    assert out == f"{FOLDER / 'seven.png'}: 7 (1.000)\n"
    assert err.splitlines() == [
        "lenet_digits is no folder here: using the trained run of the package, "
        f"{FOLDER / 'lenet_digits'}"
    ]
    words = "sample lstm_names --count 5 --temperature 0.5"
    assert main("experiments", words.split()) == 0
    out, err = capsys.readouterr()
    assert len(out.split()) == 5
    assert all(name.isalpha() and name.istitle() for name in out.split())
    assert err.count("\n") == 1
    monkeypatch.delenv("DL_NO_PAGE", raising=False)
    for verb in ("resume", "records", "evaluate"):
        assert main("experiments", [verb, "lenet_digits"]) == 0
    out, err = capsys.readouterr()
    assert "lenet_digits is finished already" in err
    stored = json.loads((FOLDER / "lenet_digits" / "result.json").read_text())
    assert json.loads(out.splitlines()[-1])["accuracy"] == 358 / 360
    assert stored["metrics"]["test"]["accuracy"] == 358 / 360
    assert not list(tmp_path.iterdir())
    assert main("experiments", ["report", "lenet_digits", "--no-predictions"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert contents(FOLDER) == before


def test_its_page_is_written_here_however_its_folder_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(FOLDER / "lenet_digits")
    monkeypatch.chdir(FOLDER.parent)
    for folder in (Path("trained/lenet_digits"), tmp_path / "link", FOLDER / "." / "lenet_digits"):
        assert default_file([folder], package="experiments") == Path("report.html")
    assert default_file([tmp_path], package="experiments") == tmp_path / "report.html"


def test_what_is_there_comes_before_what_comes_along(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lenet_digits" / "one").mkdir(parents=True)
    assert find_run("lenet_digits") == Path("lenet_digits")
    assert find_run(tmp_path / "lstm_names") == tmp_path / "lstm_names"
    assert capsys.readouterr().err == ""
    with pytest.raises(InputError, match="holds no run"):
        dl.load("lenet_digits")
    (tmp_path / "lenet_digits" / "one" / "config.json").touch()
    with pytest.raises(InputError, match="it holds 1: give one of them, such as lenet_digits/one"):
        dl.load("lenet_digits")


def test_it_names_the_newest_of_ones_own_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("20260101-000000-0", "20260102-000000-0"):
        (tmp_path / "runs" / "lenet_digits" / name).mkdir(parents=True)
        (tmp_path / "runs" / "lenet_digits" / name / "config.json").touch()
    assert find_run("lenet_digits") == FOLDER / "lenet_digits"
    told = capsys.readouterr().err
    assert "(your newest one is runs/lenet_digits/20260102-000000-0)" in told


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("lenet_digit", "no run folder lenet_digit: .*did you mean lenet_digits?"),
        ("mlp_xor", "mlp_xor is an experiment, .*: train it with `run mlp_xor`"),
        ("runs/first", "no run folder runs/first: give the path that `run` printed$"),
    ],
)
def test_other_names_are_refused_with_what_to_do(name: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        dl.load(name)


def test_a_damaged_one_is_not_trained_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(FOLDER)
    monkeypatch.setattr(runs, "damage_of_end", lambda folder, config: "its end is lost")
    with pytest.raises(RunError, match="is not written to: copy the folder"):
        resume_run("lenet_digits", stop=StopRequest(), show=False)
    assert contents(FOLDER) == before
    refuse_to_write(FOLDER.parent, package="experiments")  # of other folders it says nothing


@pytest.mark.slow
def test_wheel_and_source_distribution_hold_both(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    code = (
        "import sys; from hatchling import build as b;"
        "print(b.build_wheel(sys.argv[1])); print(b.build_sdist(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    wheel, sdist = (tmp_path / name for name in done.stdout.split()[-2:])
    listed = subprocess.run(["tar", "tzf", sdist], capture_output=True, text=True, check=True)
    packed = {name.partition("/")[2] for name in listed.stdout.splitlines()}
    wanted = {str(Path(path).relative_to(ROOT)) for path in contents(FOLDER)}
    data = "dl/data/readers/names.txt"
    with zipfile.ZipFile(wheel) as opened:
        assert {*wanted, data} <= set(opened.namelist())
        assert not {name for name in opened.namelist() if name.startswith("tests/")}
    assert {*wanted, data} <= packed

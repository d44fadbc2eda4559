"""`report` and `watch`, and the page that a run leaves: what they write, and what they refuse."""

import json
import shutil
from pathlib import Path

import jax
import numpy as np
import pytest

import dl
from dl.cli import main
from dl.errors import RunError

WORDS = "run perceptron_xor --epochs 1 --quiet --run-dir"


@pytest.fixture(autouse=True)
def _somewhere_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(words: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> tuple[str, str]:
    assert main("experiments", words.split()) == code
    return capsys.readouterr()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with its page."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DL_NO_PAGE", raising=False)
        assert main("experiments", [*WORDS.split(), str(folder)]) == 0
    return folder


@pytest.fixture
def own(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, to be damaged."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_leaves_its_page(finished: Path) -> None:
    text = (finished / "report.html").read_text(encoding="utf-8")
    assert "<h1>perceptron_xor</h1>" in text
    assert "Answers on the test part" in text
    assert not (finished / "report.html.tmp").exists()


def test_a_run_is_the_same_without_its_page(
    finished: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DL_NO_PAGE", raising=False)
    call(f"{WORDS} bare --no-page", capsys)
    assert not Path("bare/report.html").exists()
    jax.tree.map(np.testing.assert_array_equal, dl.load(finished).params, dl.load("bare").params)


def test_a_page_that_fails_costs_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RunError("cannot write run/report.html: No space left on device")

    monkeypatch.delenv("DL_NO_PAGE", raising=False)
    monkeypatch.setattr("dl.reports.page.write.write_text", full)
    out, err = call(f"{WORDS} run", capsys)
    assert out == "run\n"
    warnings = [line for line in err.splitlines() if line.startswith("warning:")]
    assert len(warnings) == 1
    assert "run gets no page (cannot write run/report.html: No space left" in warnings[0]
    assert Path("run/result.json").exists()


def test_report_writes_where_it_is_told(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(own.rglob("*"))
    out, _ = call("report run --no-predictions -o page.html", capsys)
    assert out == "page.html\n"
    assert "Answers on" not in Path("page.html").read_text(encoding="utf-8")
    assert sorted(own.rglob("*")) == before


def test_several_runs_share_a_page(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree("run", "other")
    out, _ = call("report run other", capsys)
    assert out == "report.html\n"
    assert "2 runs of perceptron_xor" in Path("report.html").read_text(encoding="utf-8")


def test_a_run_without_records_has_a_page_that_says_so(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "result.json").unlink()
    (own / "metrics.jsonl").unlink()
    shutil.rmtree(own / "checkpoints")
    call("report run", capsys)
    text = (own / "report.html").read_text(encoding="utf-8")
    assert "There are no records, so there are no curves." in text
    assert "The model&#x27;s answers are not shown: run has no checkpoint yet" in text


def test_watch_tells_a_finished_run(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = call("watch run", capsys)
    assert out.splitlines()[0].startswith("100 %  epoch 1.00/1  step 4  train accuracy")
    assert "test  accuracy 0." in out
    assert err.startswith("finished: ")


def test_watch_of_a_run_that_died_ends_with_1(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "result.json").unlink()
    _, err = call("watch run", capsys, code=1)
    assert err.count("\n") == 1
    assert "no process trains in run, and it has no result. Go on with: " in err
    assert "resume run" in err


def another_version(run: Path) -> None:
    config = run / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "format": 9}))


def broken_record(run: Path) -> None:
    (run / "metrics.jsonl").write_text('{"step": 1}\n')


def a_search(run: Path) -> None:
    (run / "search.json").touch()


@pytest.mark.parametrize(
    ("words", "harm", "says"),
    [
        ("report", None, "give the folder of a run, or of several"),
        ("report nowhere", None, "no run folder nowhere"),
        ("report .", None, ". is no run, it holds 1: give one of them, such as run"),
        ("report run", another_version, "has format 9, this version reads 1 and 2"),
        ("report run", broken_record, "metrics.jsonl, line 1 is broken"),
        (
            "report run",
            a_search,
            "is the folder of a search: its best trial is a run, give run/best",
        ),
        ("report run -o no/such/page.html", None, "name a file in a folder that exists"),
        ("report run -o run", None, "cannot write run: name a file"),
        ("report run -o run/config.json", None, "where pages end in .html"),
        ("records run -o no/such/table.csv", None, "name a file in a folder that exists"),
        ("records run -o run/metrics.jsonl", None, "lies in the run's folder, which records does"),
        ("watch nowhere", None, "no run folder nowhere"),
        ("watch run", another_version, "has format 9"),
        ("watch run", a_search, "is the folder of a search: watch one of the runs in its groups/"),
        ("watch run --port 80", None, "--port 80 is for --browser"),
        ("watch run --browser --port 99999", None, "port is 99999; it must be"),
    ],
)
def test_refused_in_one_line(words, harm, says, own, capsys) -> None:
    if harm:
        harm(own)
    before = contents(own)
    _, err = call(words, capsys, code=2)
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert says in err
    assert not Path("page.html").exists()
    assert contents(own) == before

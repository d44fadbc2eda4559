"""Sinks neither change nor break a training; a wrong or missing one is refused at its start."""

import builtins
import errno
import sys
from pathlib import Path
from typing import Any

import pytest
from sink_cases import cut_short, params, resume, run, without_rate

from dl.cli import main
from dl.errors import InputError
from dl.runs.sinks import sinks
from dl.runs.sinks.sink import Begun
from dl.train.record import Record


@pytest.mark.slow
def test_a_run_with_sinks_trains_to_the_same_bits(plain: Path, logged: Path) -> None:
    assert params(logged) == params(plain)
    assert without_rate(logged) == without_rate(plain)


class Broken:
    """A sink that raises in one of its methods."""

    def __init__(self, where: str, error: Exception) -> None:
        self.where, self.error, self.heard, self.closed = where, error, [], 0

    def open(self, run: Begun) -> None:
        self._act("open")

    def record(self, record: Record) -> None:
        self.heard.append(record)
        if len(self.heard) > 1:
            self._act("record")

    def close(self) -> None:
        self.closed += 1
        self._act("close")

    def _act(self, where: str) -> None:
        if where == self.where:
            raise self.error


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("open", ModuleNotFoundError("No module named 'tensorboardX'")),
        ("record", OSError(errno.ENOSPC, "No space left on device")),
        ("close", RuntimeError("the server\nis gone")),
    ],
)
def test_a_sink_that_fails_costs_one_line_and_is_left_out(
    where: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, whole, told = Broken(where, error), Broken("", error), []
    monkeypatch.setitem(sinks.SINKS, "tensorboard", sinks.Offered(lambda: broken))
    monkeypatch.setitem(sinks.SINKS, "csv", sinks.Offered(lambda: whole))
    records = [Record(step, step, "train", {"loss": 0.0}) for step in range(4)]
    with sinks.open_sinks(("tensorboard", "csv"), Begun(Path(), "made", {}, []), told.append) as on:
        for record in records:
            on.record(record)
    (line,) = told
    assert line.startswith(f"warning: --log tensorboard failed ({str(error).splitlines()[0]}")
    assert len(broken.heard) == {"open": 0, "record": 2, "close": 4}[where]
    assert (whole.heard, whole.closed) == (records, 1), "the other sink goes on"


def test_a_full_disk_under_a_sink_alone_costs_one_line(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        real = Path.open

        def full(path: Path, *how: Any, **more: Any) -> Any:
            if path.name == "metrics.csv" and how == ("a",):
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(path, *how, **more)

        patch.setattr(Path, "open", full)
        run(folder, "csv")
    assert capsys.readouterr().err.count("warning: --log csv failed") == 1
    assert without_rate(folder) == without_rate(plain)
    assert params(folder) == params(plain)


def test_a_package_that_is_missing_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sinks, "_is_installed", lambda package: False)
    words = f"run logistic_moons --run-dir {tmp_path / 'run'} --log csv,tensorboard"
    assert main("experiments", words.split()) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "pip install 'dl-lectures[tensorboard]'" in err
    assert not (tmp_path / "run").exists()


def test_a_package_that_is_gone_when_a_run_goes_on_costs_one_line(
    logged: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = cut_short(logged, tmp_path / "run")
    monkeypatch.setitem(sys.modules, "tensorboardX.event_file_writer", None)
    resume(folder)
    assert capsys.readouterr().err.count("warning: --log tensorboard failed") == 1
    assert without_rate(folder) == without_rate(logged)


def test_a_name_that_is_no_sink_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="--log 'tensorbord': did you mean tensorboard"):
        sinks.choose_sinks(["csv,tensorbord"])


def test_an_experiment_that_counts_has_no_records_to_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"run ngram_shakespeare --run-dir {tmp_path / 'run'} --log csv"
    assert main("experiments", words.split()) == 2
    assert "--log" in capsys.readouterr().err


def test_nothing_heavy_is_imported_without_a_sink(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def spy(name: str, *rest: Any) -> Any:
        assert name.split(".")[0] not in ("tensorboardX", "wandb")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", spy)
    with sinks.open_sinks((), Begun(Path(), "made", {}, []), print) as opened:
        opened.record(Record(1, 1.0, "train", {"loss": 0.0}))

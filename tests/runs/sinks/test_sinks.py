"""Sinks hold the records of a run, once and no others; they neither change nor break training."""

import builtins
import csv
import errno
import json
import shutil
import struct
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import dl
from dl.cli import main
from dl.errors import InputError
from dl.runs.experiment import load_experiment
from dl.runs.run import resume_run, start_run
from dl.runs.sinks import sinks
from dl.runs.sinks.sink import Begun
from dl.train.interrupt import StopRequest
from dl.train.record import Record
from experiments import logistic_moons

MOONS = load_experiment("experiments.logistic_moons")
OPTIONS = logistic_moons.Options(
    epochs=4, validation=0.2, checkpoint_every=1, log_every=5, devices=1, steps_per_call=8
)
FILES = ("csv", "tensorboard")


def run(folder: Path, *log: str, **changes: Any) -> Path:
    options = replace(OPTIONS, **changes)
    start_run(MOONS, options, run_dir=folder, stop=StopRequest(), show=False, log=log)
    return folder


def resume(folder: Path) -> None:
    assert resume_run(folder, stop=StopRequest(), show=False).result is not None


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without sinks; tests share it and change nothing in it."""
    return run(tmp_path_factory.mktemp("runs") / "plain")


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run with sinks that are files."""
    pytest.importorskip("tensorboardX")
    return run(tmp_path_factory.mktemp("runs") / "logged", *FILES)


def cut_short(whole: Path, folder: Path) -> Path:
    """A copy of a finished run as if it had died in its last epoch: its last checkpoint is lost."""
    shutil.copytree(whole, folder)
    (folder / "result.json").unlink()
    last = max(int(path.name) for path in (folder / "checkpoints").iterdir())
    shutil.rmtree(folder / "checkpoints" / str(last))
    return folder


def lines(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "metrics.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def as_rows(records: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What the table of these records must read as."""
    names = dict.fromkeys(name for record in records for name in record["values"])
    return [
        {name: str(record[name]) for name in ("step", "epoch", "split")}
        | {name: str(record["values"].get(name, "")) for name in names}
        | {"examples_per_second": str(record["examples_per_second"] or "")}
        for record in records
    ]


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def as_scalars(records: list[dict[str, Any]]) -> list[tuple[str, int, float]]:
    return [
        (f"{name}/{record['split']}", record["step"], float(np.float32(value)))
        for record in records
        for name, value in record["values"].items()
    ]


def events(folder: Path) -> list[Any]:
    """The events of all files; their frames are walked through here, without the code under test.

    A frame is a length, its masked CRC-32C, the event, and the event's masked CRC-32C.
    """
    from tensorboardX.crc32c import crc32c
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in sorted((folder / "tensorboard").glob("events*")):
        data = path.read_bytes()
        while data:
            size = struct.unpack("<Q", data[:8])[0]
            body, (check,) = data[12 : 12 + size], struct.unpack("<I", data[12 + size : 16 + size])
            crc = crc32c(body)
            assert check == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
            found.append(Event.FromString(body))
            data = data[16 + size :]
    return found


def scalars(folder: Path) -> list[tuple[str, int, float]]:
    return [
        (value.tag, event.step, value.simple_value)
        for event in events(folder)
        for value in event.summary.value
    ]


def params(folder: Path) -> list[bytes]:
    loaded = dl.load(folder).state
    state = (loaded.params, loaded.opt_state)
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(state)]


def without_rate(folder: Path) -> list[dict[str, Any]]:
    return [{**line, "examples_per_second": None} for line in lines(folder)]


def test_a_run_with_sinks_trains_to_the_same_bits(plain: Path, logged: Path) -> None:
    assert params(logged) == params(plain)
    assert without_rate(logged) == without_rate(plain)


def test_files_hold_the_records_of_metrics_jsonl(logged: Path) -> None:
    assert len(lines(logged)) > 8
    assert rows(logged) == as_rows(lines(logged))
    assert scalars(logged) == as_scalars(lines(logged))


def test_a_resume_that_cuts_records_leaves_none_twice(logged: Path, tmp_path: Path) -> None:
    folder = cut_short(logged, tmp_path / "run")
    before = {(v.tag, e.step): e.wall_time for e in events(folder) for v in e.summary.value}
    resume(folder)
    assert without_rate(folder) == without_rate(logged)
    assert rows(folder) == as_rows(lines(folder))
    assert scalars(folder) == as_scalars(lines(folder))
    # What was kept has its time; and a TensorBoard that read it before is told to forget it.
    kept = [event for event in events(folder) if event.summary.value and event.step <= 48]
    assert [before[event.summary.value[0].tag, event.step] for event in kept] == [
        event.wall_time for event in kept
    ]
    start = [event.step for event in events(folder) if event.HasField("session_log")]
    assert start == [0]


def test_a_torn_event_file_and_a_lost_table_are_made_again(logged: Path, tmp_path: Path) -> None:
    folder = cut_short(logged, tmp_path / "run")
    (folder / "metrics.csv").unlink()
    (file,) = (folder / "tensorboard").glob("events*")
    file.write_bytes(file.read_bytes()[:-5])
    resume(folder)
    assert rows(folder) == as_rows(lines(folder))
    assert scalars(folder) == as_scalars(lines(folder))


def test_a_later_record_with_new_values_gives_the_table_new_columns(tmp_path: Path) -> None:
    sink = sinks.SINKS["csv"].make()
    sink.open(Begun(tmp_path, "made", {}, [Record(1, 0.5, "train", {"loss": 0.1}, 7.0)]))
    sink.record(Record(2, 1.0, "train", {"loss": float("nan")}, 8.0))
    sink.record(Record(2, 1.0, "validation", {"loss": 0.3, "top5": 0.25}))
    sink.record(Record(3, 1.5, "train", {"loss": 0.2}, members={"loss": [0.1, 0.3]}))
    assert (tmp_path / "metrics.csv").read_text().splitlines() == [
        "step,epoch,split,loss,top5,loss[0],loss[1],examples_per_second",
        "1,0.5,train,0.1,,,,7.0",
        "2,1.0,train,nan,,,,8.0",
        "2,1.0,validation,0.3,0.25,,,",
        "3,1.5,train,0.2,,0.1,0.3,",
    ]


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


class _Wandb(types.ModuleType):
    """A stand-in for the package wandb: keeps what it is given."""

    def __init__(self) -> None:
        super().__init__("wandb")
        self.runs: list[Any] = []

    def Settings(self, **settings: Any) -> dict[str, Any]:
        return settings

    def init(self, **how: Any) -> Any:
        logged: list[tuple[int, dict[str, float]]] = []
        made = types.SimpleNamespace(
            how=how,
            offline=False,
            url="https://example.org/run",
            logged=logged,
            finished=False,
            log=lambda values, step: logged.append((step, values)),
        )
        made.finish = lambda: setattr(made, "finished", True)
        self.runs.append(made)
        return made


def test_each_start_is_a_run_of_wandb_with_every_record_once(
    logged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = _Wandb()
    monkeypatch.setitem(sys.modules, "wandb", stub)
    monkeypatch.setattr(sinks, "_is_installed", lambda package: True)
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    first = run(tmp_path / "runs" / "first", "wandb")
    again = cut_short(first, tmp_path / "more" / "first")
    resume(again)
    assert [made.finished for made in stub.runs] == [True, True]
    assert [made.how["group"] for made in stub.runs] == ["runs/first", "more/first"]
    assert {made.how["project"] for made in stub.runs} == {"logistic_moons"}
    assert stub.runs[0].how["config"]["epochs"] == 4
    for made in stub.runs:
        sent = [(step, name, x) for step, xs in made.logged for name, x in xs.items()]
        values = [entry for entry in sent if entry[1] != "epoch"]
        assert values == [
            (line["step"], f"{name}/{line['split']}", x)
            for line in lines(first)
            for name, x in line["values"].items()
        ]


@pytest.mark.slow
def test_wandb_itself_takes_the_records_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("wandb")
    from wandb.proto.wandb_internal_pb2 import Record as Stored  # pyright: ignore

    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path / "sent"))
    (tmp_path / "sent").mkdir()
    folder = run(tmp_path / "run", "wandb")
    assert "offline; send it with `wandb sync" in capsys.readouterr().err
    (file,) = (tmp_path / "sent").glob("wandb/offline-run-*/*.wandb")
    sent, data = [], file.read_bytes()[7:]
    while data:  # LevelDB's log: checksum, length, kind (1: whole), body
        size, kind = struct.unpack("<HB", data[4:7])
        assert kind == 1
        stored, data = Stored.FromString(data[7 : 7 + size]), data[7 + size :]
        if stored.HasField("history"):
            items = {
                item.key or ".".join(item.nested_key): json.loads(item.value_json)
                for item in stored.history.item
            }
            sent += [(items["_step"], name, x) for name, x in items.items() if "/" in name]
    expected = [
        (line["step"], f"{name}/{line['split']}", x)
        for line in lines(folder)
        for name, x in line["values"].items()
    ]
    assert sorted(sent) == sorted(expected)
    assert main("experiments", ["evaluate", str(folder)]) == 0, "nothing of it lies in the folder"


def test_nothing_heavy_is_imported_without_a_sink(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def spy(name: str, *rest: Any) -> Any:
        assert name.split(".")[0] not in ("tensorboardX", "wandb")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", spy)
    with sinks.open_sinks((), Begun(Path(), "made", {}, []), print) as opened:
        opened.record(Record(1, 1.0, "train", {"loss": 0.0}))

"""Weights & Biases is given every record once: a stand-in for it, and slowly itself."""

import json
import struct
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from sink_cases import cut_short, lines, resume, run

from dl.cli import main
from dl.runs.sinks import sinks


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


@pytest.mark.slow
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

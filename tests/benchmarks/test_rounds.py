"""The order of processes, failures, and what the command line refuses."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks import processes
from benchmarks.catalog import Benchmark, choose, load_benchmarks
from benchmarks.rounds import Outcome, run_benchmarks
from dl.errors import RunError

MACHINE = {"device": "CPU, 2 cores", "cuda": False, "compiler": False}
ONE = Benchmark(
    "one", "about", "ms", dict.fromkeys(["dl", "torch", "keras"]), None, lambda quick: None
)


def test_systems_alternate_inside_each_round(capsys: pytest.CaptureFixture[str]) -> None:
    order: list[str] = []

    def work(name: str, system: str) -> dict:
        order.append(system)
        return {"value": float(len(order)), "note": ""}

    outcome = Outcome()
    run_benchmarks([ONE], {"keras"}, outcome, rounds=3, work=work)
    assert order == ["dl", "torch"] * 3
    assert [row["rounds"] for row in outcome.rows] == [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]
    assert "one, torch, round 3/3: 6.00 ms" in capsys.readouterr().err


def test_a_system_is_left_out_with_all_its_settings() -> None:
    benchmark = replace(ONE, systems=dict.fromkeys(["dl", "dl cold", "keras", "keras 20 a call"]))
    outcome = Outcome()
    run_benchmarks([benchmark], {"keras"}, outcome, rounds=1, work=lambda *names: {"value": 1.0})
    assert [row["system"] for row in outcome.rows] == ["dl", "dl cold"]


@pytest.mark.parametrize(
    ("torch", "cuda", "compiler", "runs"),
    [
        (True, True, False, True),
        (True, False, True, True),
        (True, False, False, False),
        (False, True, True, False),
    ],
)
def test_torch_compiles_where_it_can(
    torch: bool, cuda: bool, compiler: bool, runs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "find_spec", lambda name: torch or name != "torch" or None)
    left_out = program._leave_out_systems(compiles=cuda or compiler)
    assert ("torch.compile" not in left_out) == runs


def test_a_failure_is_told_and_the_others_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    def work(name: str, system: str) -> dict:
        if system == "torch":
            raise RunError("RuntimeError: out of paper")
        return {"value": 1.0}

    outcome = Outcome()
    run_benchmarks([ONE], set(), outcome, rounds=1, work=work)
    assert [row["system"] for row in outcome.rows] == ["dl", "keras"]
    assert outcome.failures == ["one, torch, round 1/1"]
    assert "out of paper" in capsys.readouterr().err


def test_the_last_line_of_a_failing_process_is_kept() -> None:
    with pytest.raises(RunError, match="nosuch"):
        processes.run_module("benchmarks.nosuch")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("lenet_stp", "unknown benchmark 'lenet_stp'; did you mean lenet_step?"),
        ("lenet_step --rounds 0", "rounds is 0; it must be at least 1"),
        ("lenet_step --rounds two", "--rounds"),
        ("lenet_step --jsn x", "--jsn"),
        ("lenet_step --json no/such/folder.json", "cannot write no/such/folder.json"),
    ],
)
def test_wrong_input_is_one_line(words: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(words.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert says in err


def test_list_names_every_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(load_benchmarks())
    assert all(line.endswith(".") for line in lines)


def test_a_family_stands_for_its_shapes() -> None:
    names = [one.name for one in choose(["gru_layer", "lenet_step"], load_benchmarks())]
    assert sorted(names) == ["gru_100x64x256", "gru_64x32x128", "gru_64x50x512", "lenet_step"]


@pytest.mark.parametrize("fails", [False, True])
def test_the_result_is_stored_also_when_a_process_failed(
    fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(name: str, system: str, *, quick: bool) -> dict:
        if fails and system == "flax":
            raise RunError("broken")
        return {"value": 2.0}

    monkeypatch.setattr(
        program,
        "start_worker",
        lambda *words: {"device": "CPU, 2 cores", "cuda": False, "compiler": False},
    )
    monkeypatch.setattr(program, "work_in_process", work)
    monkeypatch.setattr(program, "find_spec", lambda name: None if name == "keras" else name)
    path = tmp_path / "found.json"
    assert program.main(["lenet_step", "--quick", "--json", str(path)]) == int(fails)
    found = json.loads(path.read_text(encoding="utf-8"))
    assert [row["system"] for row in found["rows"]] == (
        ["dl", "torch"] if fails else ["dl", "torch", "flax"]
    )
    assert found["device"] == "CPU, 2 cores"
    assert set(found["versions"]) == {"python", "dl", "jax", "flax", "torch", "keras", "numpy"}
    out, err = capsys.readouterr()
    assert "| lenet_step | torch | 2.00 | examples/s | 1.00× |" in out
    assert "pip install -r benchmarks/requirements.txt" in err


def test_ctrl_c_shows_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(name: str, system: str, *, quick: bool) -> dict:
        if name == "population":
            raise KeyboardInterrupt
        return {"value": 2.0}

    monkeypatch.setattr(
        program,
        "start_worker",
        lambda *words: {"device": "CPU, 2 cores", "cuda": False, "compiler": False},
    )
    monkeypatch.setattr(program, "work_in_process", work)
    assert program.main(["lenet_step", "population", "--quick"]) == 130
    assert "| lenet_step | dl | 2.00 |" in capsys.readouterr().out

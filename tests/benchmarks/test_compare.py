"""Stored runs side by side: ratios, noise from invented rounds, what is refused."""

import doctest
import json
from pathlib import Path
from statistics import median

import pytest

from benchmarks import __main__ as program
from benchmarks import compare


def row(system: str, rounds: list[float], *, unit: str = "ms", benchmark: str = "one") -> dict:
    return {
        "benchmark": benchmark,
        "system": system,
        "unit": unit,
        "value": median(rounds),
        "ratio": 1.0,
        "rounds": rounds,
    }


def store(path: Path, *rows: dict, **more: object) -> str:
    path.write_text(json.dumps({"rows": rows, "device": "CPU", "quick": False, **more}))
    return str(path)


def verdict(old: list[float], new: list[float], unit: str = "ms") -> str:
    (change,) = compare.changes([row("dl", old, unit=unit)], [row("dl", new, unit=unit)])
    return change.verdict


def test_doctests() -> None:
    assert doctest.testmod(compare).failed == 0


@pytest.mark.parametrize(
    ("unit", "says"), [("ms", "slower"), ("MiB", "slower"), ("pairs/s", "faster")]
)
def test_the_unit_says_which_way_is_better(unit: str, says: str) -> None:
    assert verdict([10.0] * 3, [12.0] * 3, unit) == says


def test_either_direction_is_judged_alike() -> None:
    """Swapping the runs swaps the verdicts, at any size of the change."""
    swapped = {"slower": "faster", "faster": "slower", "": ""}
    for new in (8.0, 9.4, 9.6, 10.4, 10.6, 13.0):
        assert verdict([10.0] * 3, [new] * 3) == swapped[verdict([new] * 3, [10.0] * 3)]


def test_what_the_rounds_spread_over_is_noise() -> None:
    assert verdict([10.0, 10.0, 10.0], [12.0, 12.0, 12.0]) == "slower"
    assert verdict([9.0, 10.0, 12.0], [11.0, 12.0, 13.0]) == ""
    assert verdict([9.0, 10.0, 12.0], [19.0, 20.0, 22.0]) == "slower"


def test_few_rounds_count_as_noisy() -> None:
    assert verdict([10.0], [11.0]) == ""
    assert verdict([10.0] * 3, [11.0] * 3) == "slower"
    assert verdict([10.0], [12.0]) == "slower"


def test_rows_of_one_run_alone_are_named_and_not_judged() -> None:
    old, new = [row("dl", [1.0])], [row("dl", [1.0]), row("keras", [9.0])]
    assert [change.system for change in compare.changes(old, new)] == ["dl"]
    said = compare.differences({"rows": old, "device": "a"}, {"rows": new, "device": "b"})
    assert said == ["the device differs: a before, b now", "not in the old run: one, keras"]


@pytest.mark.parametrize(("system", "code"), [("dl", 1), ("dl cold cache", 1), ("torch", 0)])
def test_only_our_own_rows_fail(
    system: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = store(tmp_path / "old.json", row(system, [10.0] * 3))
    new = store(tmp_path / "new.json", row(system, [20.0] * 3))
    assert program.main(["--compare", old, new]) == code
    out, err = capsys.readouterr()
    assert f"| one | {system} | 10.0 | 20.0 | ms | 0.50× | 5% | slower |" in out
    named = f"slower beyond noise: one, {system} (0.50×, noise 5%)\n"
    assert (named in err) == bool(code)


def test_a_fresh_run_is_compared_with_a_stored_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        program, "start_worker", lambda *words: {"device": "CPU", "cuda": False, "compiler": False}
    )
    monkeypatch.setattr(program, "work_in_process", lambda *words, quick: {"value": 2.0})
    rows = [
        row(system, [value], unit="examples/s", benchmark="lenet_step")
        for system, value in (("dl", 8.0), ("flax", 2.1))
    ]
    old = store(tmp_path / "old.json", *rows, quick=True)
    assert program.main(["--quick", "--compare", old]) == 1
    out, err = capsys.readouterr()
    assert "| lenet_step | dl | 8.00 | 2.00 | examples/s | 0.25× | 15% | slower |" in out
    assert "slower beyond noise: lenet_step, dl (0.25×, noise 15%)" in err
    assert "flax (" not in err
    assert program.main(["mlp_epoch", "--quick", "--compare", old]) == 2
    assert "it has lenet_step" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        ("{", "cannot read the stored run"),
        ("[]", "does not hold the single rounds"),
        ('{"rows": [{"benchmark": "one", "system": "dl", "value": 1.0}]}', "store the run again"),
        ('{"rows": [], "quick": true}', "is --quick"),
        ('{"rows": [], "quick": false}', "no row in common"),
    ],
)
def test_other_files_are_refused_in_a_line(
    stored: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.json").write_text(stored)
    good = store(tmp_path / "good.json", row("dl", [1.0]))
    assert program.main(["--compare", str(tmp_path / "bad.json"), good]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words", ["--compare a.json", "--compare a b c", "lenet_step --compare a b"]
)
def test_missing_and_too_many_files_are_refused(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(words.split()) == 2
    assert capsys.readouterr().err.startswith("error: ")

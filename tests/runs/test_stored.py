"""Records, results and starts read from files: right, or refused with file, place and remedy."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from dl.errors import InputError
from dl.runs.files import append_line, sealed, write_json
from dl.runs.stored import read_records, read_result, read_starts
from dl.train.record import Record

RECORD = {"step": 4, "epoch": 1.0, "split": "train", "values": {"loss": 0.5}}
RESULT = {
    "experiment": "mlp_xor",
    "metrics": {"test": {"loss": 0.5}},
    "wall_seconds": 1.5,
    "compile_seconds": 1,
    "examples_per_second": None,
    "parameters": 33,
    "device": "CPU",
    "steps": 4,
}
START = {"dataset_fingerprint": "0123456789abcdef" * 2, "seed": 0, "command": "any"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
def test_numbers_that_are_not_finite_come_back_and_are_json(tmp_path: Path, value: float) -> None:
    record = Record(1, 0.5, "train", {"loss": value})
    append_line(tmp_path / "metrics.jsonl", record.as_json())
    json.loads((tmp_path / "metrics.jsonl").read_text(), parse_constant=pytest.fail)
    (back,) = read_records(tmp_path / "metrics.jsonl")
    assert repr(back) == repr(record)


@pytest.mark.parametrize("word", ["NaN", '"NaN"', "null"])
def test_each_way_to_write_nan_is_read(tmp_path: Path, word: str) -> None:
    line = json.dumps(RECORD).replace("0.5", word)
    (tmp_path / "metrics.jsonl").write_text(line + "\n")
    assert math.isnan(read_records(tmp_path / "metrics.jsonl")[0].values["loss"])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"\xff\xfe{}", "line 2 is broken (not JSON: 'utf-8' codec can't decode byte 0xff"),
        (b"{", "line 2 is broken (not JSON"),
        (b"[" * 100_000, "line 2 is broken (not JSON"),
        (b"", "line 2 is broken (not JSON"),
        (b"[]", "line 2 is broken (it is []; it must be an object"),
        (b"null", "line 2 is broken (it is None"),
        ({"step": 1.5}, "step is 1.5; it must be a whole number"),
        ({"step": True}, "step is True"),
        ({"step": -1}, "step is -1; it must be at least 0"),
        ({"step": 10**30}, "step is about 10^30"),
        ({"step": 3}, "line 2 is broken (step 3 comes after step 4)"),
        ({"split": 7}, "split is 7; it must be a text"),
        ({"split": "validation", "values": {}}, "values.loss is missing"),
        ({"values": [1]}, "values is [1]; it must be an object"),
        ({"values": {"loss": "low"}}, "values.loss is 'low'; it must be a number"),
        ({"values": {"loss": True}}, "values.loss is True; it must be a number"),
        ({"examples_per_second": {}}, "examples_per_second is {}; it must be a number"),
        ({"time": 3}, "time is not known"),
    ],
)
def test_a_broken_record_is_refused_with_its_line(tmp_path: Path, line: Any, says: str) -> None:
    path = tmp_path / "metrics.jsonl"
    whole = json.dumps(RECORD).encode()
    odd = line if isinstance(line, bytes) else json.dumps({**RECORD, **line}).encode()
    path.write_bytes(whole + b"\n" + odd + b"\n" + whole + b"\n")
    with pytest.raises(InputError, match=re.escape(says)) as told:
        read_records(path)
    assert str(path) in str(told.value)
    assert "remove it to do without this record" in str(told.value)


def test_a_result_comes_back_with_and_without_its_checksum(tmp_path: Path) -> None:
    signed = {**RESULT, "signatures": {"bleu": "nrefs:1|case:lc"}}
    for stored in (RESULT, signed):
        for written in (stored, sealed(stored)):
            write_json(tmp_path / "result.json", written)
            assert read_result(tmp_path / "result.json") == stored


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        ([], "it is []; it must be an object"),
        (None, "it is None"),
        ({}, "experiment is missing"),
        ({**RESULT, "metrics": {"test": 3}}, "metrics.test is 3; it must be an object"),
        ({**RESULT, "metrics": {"test": {"loss": "x"}}}, "metrics.test.loss is 'x'"),
        ({**RESULT, "steps": True}, "steps is True"),
        ({**RESULT, "wall_seconds": "long"}, "wall_seconds is 'long'"),
        ({**RESULT, "signatures": {"bleu": 3}}, "signatures.bleu is 3; it must be a text"),
        ({**RESULT, "colour": 1}, "colour is not known"),
        ({**sealed(RESULT), "steps": 5}, "its checksum is wrong"),
        ({**sealed(RESULT), "checksum": None}, "its checksum is wrong"),
    ],
)
def test_a_broken_result_is_refused(tmp_path: Path, stored: Any, says: str) -> None:
    (tmp_path / "result.json").write_text(json.dumps(stored))
    with pytest.raises(InputError, match=re.escape(says)) as told:
        read_result(tmp_path / "result.json")
    assert "make it again with `resume" in str(told.value)


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        ({"starts": []}, "it has no starts"),
        ({}, "it has no starts"),
        ([], "it is []; it must be an object"),
        ({"starts": {}}, "it.starts is {}; it must be a list"),
        ({"starts": [3]}, "it.starts[0] is 3; it must be an object"),
        ({"starts": [{}]}, "starts[0].dataset_fingerprint is None; it must be a text"),
        ({"starts": [{**START, "dataset_fingerprint": "12"}]}, "it must be 32 digits"),
        ({"starts": [START, {**START, "seed": 1.5}]}, "starts[1].seed is 1.5"),
    ],
)
def test_a_broken_manifest_is_refused(tmp_path: Path, stored: Any, says: str) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(stored))
    with pytest.raises(InputError, match=re.escape(says)) as told:
        read_starts(tmp_path / "manifest.json")
    assert "or remove it to go on" in str(told.value)


def test_the_starts_come_back(tmp_path: Path) -> None:
    assert read_starts(tmp_path / "manifest.json") == []
    write_json(tmp_path / "manifest.json", {"starts": [START]})
    assert read_starts(tmp_path / "manifest.json") == [START]

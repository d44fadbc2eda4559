"""Files that are whole or absent, and lines that survive being torn."""

from pathlib import Path

import pytest

from dl.errors import InputError
from dl.runs.files import append_line, read_json, read_lines, rewrite_lines, write_json


def test_json_comes_back(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": [1, 2.5, "ü"]})
    assert read_json(tmp_path / "a.json") == {"x": [1, 2.5, "ü"]}


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"x": object()})
    assert read_json(tmp_path / "a.json") == {"x": 1}


def test_broken_json_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"x": ')
    with pytest.raises(InputError, match=r"a\.json is broken"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("torn", ['{"step": 3, "va', '{"step"', "\x00\x00"])
def test_torn_last_line_is_left_out_and_cut(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "metrics.jsonl"
    for step in (1, 2):
        append_line(path, {"step": step})
    with path.open("a") as file:
        file.write(torn)
    assert read_lines(path) == [{"step": 1}, {"step": 2}]
    rewrite_lines(path, read_lines(path))
    append_line(path, {"step": 3})
    assert [line["step"] for line in read_lines(path)] == [1, 2, 3]


def test_no_file_has_no_lines(tmp_path: Path) -> None:
    assert read_lines(tmp_path / "none.jsonl") == []

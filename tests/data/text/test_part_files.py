"""Which files of a folder are parts."""

from pathlib import Path

import pytest

from dl.data.text.part_files import find_parts, say_parts
from dl.errors import InputError

TXT = (".txt",)


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        ("train.txt test.txt README_train.md train.txt~ .train.txt.swp", "train.txt|test.txt"),
        ("train.txt train.txt.gz test.txt.xz", "train.txt|test.txt.xz"),
        ("train.txt train_test_split.txt README_test.txt", "train.txt"),
        ("train.txt train.txt.bak train.txt.orig train.txt.tmp #train.txt#", "train.txt"),
        ("train.txt train_(1).txt train.txt.1 train.txt.md5", "train.txt"),
        ("train.txt train.py test.py train.ipynb train.log", "train.txt|test.py"),
        ("train.txt train_labels.txt test.txt test_results.txt", "train.txt|test.txt"),
        ("Train.txt TEST.txt Validation.TXT", "Train.txt|Validation.TXT|TEST.txt"),
        ("training.txt testing.txt", "training.txt|testing.txt"),
        ("train.de.gz train.en.gz test_2016.en.gz", "train.de.gz train.en.gz|test_2016.en.gz"),
        ("train-1-of-2.txt train-2-of-2.txt", "train-1-of-2.txt train-2-of-2.txt"),
        ("ptb.train ptb.valid ptb.test", "ptb.train|ptb.valid|ptb.test"),
        ("wiki.train.tokens wiki.test.tokens", "wiki.train.tokens|wiki.test.tokens"),
        ("train_set.txt train_v2.txt dev_set.txt", "train_set.txt train_v2.txt|dev_set.txt"),
        ("train_en.txt test_en.txt", "train_en.txt|test_en.txt"),
        ("train.txt contest.txt latest.txt", "train.txt"),
        ("train.txt train.json test.json", "train.txt|test.json"),
    ],
)  # fmt: skip
def test_names_say_the_part(tmp_path: Path, names: str, parts: str) -> None:
    for name in names.split():
        (tmp_path / name.replace("_(", " (")).write_text("a")
    found = find_parts(tmp_path, usual=TXT)
    given = [sorted(file.name for file in found.files[part]) for part in found.files]
    assert given == [part.split() for part in parts.split("|")]
    taken = {file.name for files in found.files.values() for file in files}
    assert set(found.passed_over) == {file.name for file in tmp_path.iterdir()} - taken


def test_a_folder_of_a_part_has_no_hidden_files_and_no_copies(tmp_path: Path) -> None:
    for name in ("1.txt", "deep/2.txt", "1.txt.gz", "2.txt~", ".git/config", "__MACOSX/1.txt"):
        (tmp_path / "train" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "train" / name).write_text("a")
    found = find_parts(tmp_path)
    assert [str(file.relative_to(tmp_path)) for file in found.files["train"]] == [
        "train/1.txt",
        "train/deep/2.txt",
    ]
    assert sorted(found.passed_over) == [
        "train/.git/config",
        "train/1.txt.gz",
        "train/2.txt~",
        "train/__MACOSX/1.txt",
    ]


def test_one_line_says_what_was_taken_for_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("train.txt", "dev.txt", "a\nb", "train.txt~", "c", "d"):
        (tmp_path / name).write_text("a")
    say_parts("lines:x", find_parts(tmp_path), {"train": 1200, "validation": 3}, "documents")
    assert capsys.readouterr().err == (
        "lines:x: train is train.txt (1,200 documents), test is dev.txt (3 documents); "
        "passed over: a\\nb, c, d and 1 more\n"
    )
    say_parts("lines:x", find_parts(tmp_path / "dev.txt"), {"train": 3}, "documents")
    assert not capsys.readouterr().err


def test_a_folder_of_copies_has_no_training_part(tmp_path: Path) -> None:
    (tmp_path / "README_train.md").write_text("a")
    (tmp_path / "train_test_split.txt").write_text("a")
    with pytest.raises(InputError, match="no file called train"):
        find_parts(tmp_path)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("nowhere", "there is no nowhere: give a file"),
        ("/dev/null", "cannot read /dev/null: Not a directory: give a file or a folder"),
        ("a" * 5000, "cannot read a+: File name too long"),
        ("a\0b", "cannot read .*null byte|there is no"),
    ],
)
def test_what_is_no_file_and_no_folder_is_refused_in_one_line(path: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        find_parts(Path(path))
    assert len(str(refused.value)) < 300

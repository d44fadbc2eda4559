"""`programs RUN`: programs of a tiny net, of an n-gram model and of a test part; errors."""

import json
from pathlib import Path

import pytest

from dl.cli import main
from dl.reports.programs import _tell

PROGRAM = "int main() {{ int n = {0}; return n + {0}; }}"
SMALL = "--hidden-size 4 --batch-size 2 --epochs 1 --devices 1 --quiet"
ASKED = "--count 3 --longest 50 --longest-gram 4 --repair-calls 3"


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained language models: of single programs, of a stream, of one text, of words."""
    folder = tmp_path_factory.mktemp("programs")
    texts = [PROGRAM.format(number) for number in range(20)]
    (folder / "code.jsonl").write_text("\n".join(json.dumps({"code": text}) for text in texts))
    (folder / "lines.txt").write_text("\n".join(texts))
    for experiment, dataset, name in (
        ("lstm_programs", "jsonl:code.jsonl", "lstm_programs"),
        ("lstm_shakespeare", "jsonl:code.jsonl", "stream"),
        ("lstm_shakespeare", "text:lines.txt", "text"),
        ("lstm_programs --unit word", "jsonl:code.jsonl", "words"),
    ):
        path = dataset.replace(":", f":{folder}/")
        words = (
            f"run {experiment} --dataset {path} {SMALL} --validation 0 --run-dir {folder / name}"
        )
        assert main("experiments", words.split()) == 0
    return folder


def test_three_sources_are_judged_side_by_side(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"programs {folder / 'lstm_programs'} {ASKED} --format json"
    assert main("experiments", words.split()) == 0
    out, err = capsys.readouterr()
    reports = json.loads(out)
    assert "writing 3 programs with lstm_programs" in err
    assert "4-gram: 3 of 3 programs judged" in err
    kept = json.loads((folder / "lstm_programs" / "programs.json").read_text())
    assert kept["reports"] == reports
    assert kept["before"] == "", "in training too each program began with an empty state"
    assert (kept["options"]["longest"], kept["options"]["longest_gram"]) == (50, 4)
    nearest = reports["held out"]["samples"][0]["nearest_by_structure"]["program"]
    assert nearest.startswith("int main() {")
    assert list(reports) == ["lstm_programs", "4-gram", "held out"]
    assert {report["figures"]["programs"] for report in reports.values()} == {
        3,
        2,
    }  # two of twenty are held out
    assert reports["held out"]["figures"]["compiled"] == 1.0
    assert reports["held out"]["figures"]["same structure"] == 1.0
    assert reports["lstm_programs"]["figures"]["compiled"] == 0.0


def test_a_model_of_a_stream_continues_a_training_program(folder: Path) -> None:
    assert main("experiments", f"programs {folder / 'stream'} {ASKED}".split()) == 0
    kept = json.loads((folder / "stream" / "programs.json").read_text())
    assert kept["before"] in [PROGRAM.format(number) for number in range(20)]
    assert kept["reports"]["held out"]["figures"]["compiled"] == 1.0


def test_the_first_programs_do_not_depend_on_count(folder: Path) -> None:
    kept = []
    for count in (2, 3):
        words = f"{folder / 'lstm_programs'} {ASKED} --seed 1 --count {count}".replace(
            "--count 3 ", ""
        )
        assert main("experiments", ["programs", *words.split()]) == 0
        reports = json.loads((folder / "lstm_programs" / "programs.json").read_text())["reports"]
        kept.append([[sample["text"] for sample in each["samples"]] for each in reports.values()])
    assert kept[0] == [programs[:2] for programs in kept[1]]
    assert kept[0][1][0] != kept[0][1][1]


def test_progress_is_reported_at_most_ten_times() -> None:
    for of in (1, 3, 19, 29, 100):
        said: list[str] = []
        for done in range(1, of + 1):
            _tell(said.append, "held out", of, done)
        assert len(said) == min(of, 10)
        assert said[-1] == f"held out: {of} of {of} programs judged"


def test_a_table_and_the_programs_to_show(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("experiments", f"programs {folder / 'lstm_programs'} {ASKED} --show 1".split()) == 0
    out = capsys.readouterr().out
    assert "wrong characters, mean" in out
    assert out.count("--- sample") == 3
    assert out.count("--- nearest by") == 6
    assert all(f"=== {name} ===" in out for name in ("lstm_programs", "4-gram", "held out"))


def test_programs_are_cut_at_1_5_times_the_longest_training_program(
    folder: Path,
) -> None:
    asked = "--count 2 --longest-gram 1 --repair-calls 0 --format json"
    assert main("experiments", f"programs {folder / 'lstm_programs'} {asked}".split()) == 0
    kept = json.loads((folder / "lstm_programs" / "programs.json").read_text())
    assert kept["options"]["longest"] == 3 * len(PROGRAM.format(10)) // 2


@pytest.mark.parametrize(
    ("run", "words", "said"),
    [
        ("lstm_programs", "--count 0", "count is 0"),
        ("lstm_programs", "--temperature -1", "temperature is -1"),
        ("lstm_programs", "--seed -1", "seed is -1"),
        ("lstm_programs", "--repair-calls -1", "repair_calls is -1"),
        ("text", "", "programs are documents, and these data have none"),
        (
            "words",
            "",
            "words lose the blanks and line ends that C needs: train with --unit char or byte",
        ),
        ("nothing", "", "no run folder"),
    ],
)
def test_wrong_input_is_refused_in_one_line(
    folder: Path, run: str, words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", ["programs", str(folder / run), *words.split()]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line

"""`translate RUN`: lines in the order of the text, typed or in a file, and what is refused."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dl
from dl.cli import main
from dl.runs.translate import translate_part

NOUNS = {"hund": "dog", "katze": "cat", "maus": "mouse", "vogel": "bird"}
VERBS = {"läuft": "runs", "schläft": "sleeps", "springt": "jumps"}
PAIRS = {
    f"Ein {noun} {verb}.": f"A {NOUNS[noun]} {VERBS[verb]}." for noun in NOUNS for verb in VERBS
}
OPTIONS = (
    "--source de --target en --unit word --vocabulary-size 0 --hidden-size 16 --embedding-size 16 "
    "--batch-size 12 --epochs 120 "
    "--learning-rate 0.02 --warm-up 1 --dropout 0 --label-smoothing 0 --devices 1 --parallel jit "
    "--steps-per-call 1 --evaluate-every 120 --checkpoint-every 120 --beam 2"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has learned twelve sentences by heart."""
    folder = tmp_path_factory.mktemp("translation")
    for part in ("train", "test"):
        (folder / f"{part}.de").write_text("\n".join(PAIRS), encoding="utf-8")
        (folder / f"{part}.en").write_text("\n".join(PAIRS.values()), encoding="utf-8")
    words = f"run attention_translation --dataset pairs:{folder} {OPTIONS} --quiet --run-dir"
    assert main("experiments", [*words.split(), str(folder / "run")]) == 0
    return folder / "run"


@pytest.fixture(scope="module")
def trained(run: Path) -> dl.Trained:
    return dl.load(run)


Translate = Callable[..., str]


@pytest.fixture
def translate(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Translate:
    """The standard output of the verb for what is typed."""

    def call(*words: str, typed: str = "") -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        capsys.readouterr()
        assert main("experiments", ["translate", str(run), *words]) == 0
        said = capsys.readouterr()
        assert not said.err
        return said.out

    return call


@pytest.mark.slow
def test_what_was_learned_is_translated_and_measured(run: Path, trained: dl.Trained) -> None:
    figures = dl.runs.stored.read_result(run / "result.json")
    assert figures["metrics"]["test"]["bleu"] > 80
    assert "case:lc" in figures["signatures"]["bleu"]
    part = translate_part(trained, trained.open_data(), "test", beam=2)
    assert part.scores.bleu == pytest.approx(figures["metrics"]["test"]["bleu"])
    right = [
        one.text == reference
        for one, reference in zip(part.translations, part.references, strict=True)
    ]
    assert np.mean(right) > 0.8


@pytest.mark.slow
def test_a_run_is_evaluated_on_other_pairs_with_its_own_symbols(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{german}\t{english}\n" for german, english in PAIRS.items()]
    (tmp_path / "other.tsv").write_text("".join(rows), encoding="utf-8")
    words = ["evaluate", str(run), "--dataset", f"pairs:{tmp_path / 'other.tsv'}"]
    assert main("experiments", words) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.8


@pytest.mark.slow
def test_lines_of_a_file_keep_their_order_and_blank_ones_their_place(
    translate: Translate, tmp_path: Path
) -> None:
    lines = ["Ein Hund läuft.", "", "Eine Maus", "EIN HUND LÄUFT."]
    file = tmp_path / "text.de"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    written = translate(str(file), "--beam", "2").split("\n")
    assert len(written) == len(lines) + 1
    assert written[1] == ""
    assert written[0] == written[3] != ""


@pytest.mark.slow
def test_typed_lines_are_answered_as_those_of_a_file(translate: Translate, tmp_path: Path) -> None:
    text = "".join(f"{line}\n" for line in list(PAIRS)[:3])
    file = tmp_path / "text.de"
    file.write_text(text, encoding="utf-8")
    assert translate("--beam", "2", typed=text) == translate(str(file), "--beam", "2")


@pytest.mark.slow
def test_the_best_translations_stand_in_the_order_of_their_scores(translate: Translate) -> None:
    rows = translate("--beam", "2", "--n-best", "2", typed="Ein Hund läuft.\n\n").splitlines()
    scores = [float(row.split("\t")[0]) for row in rows]
    assert len(rows) == 4
    assert scores[0] >= scores[1]
    assert rows[2:] == ["0.000\t"] * 2
    assert rows[0].split("\t")[1] == translate("--beam", "2", typed="Ein Hund läuft.\n").strip()


@pytest.mark.slow
def test_drawn_translations_are_the_same_for_a_seed(translate: Translate) -> None:
    drawn = [
        translate("--temperature", "5", "--seed", seed, typed="Ein Hund läuft.\n")
        for seed in ("0", "0", "1")
    ]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.slow
def test_attention_says_what_was_looked_at(trained: dl.Trained) -> None:
    (best,) = dl.translate(trained, ["Ein Hund läuft."], beam=2)[0]
    assert best.source == ("ein", "hund", "läuft", ".", "<end>")
    assert best.attention.shape == (len(best.symbols), 5)
    np.testing.assert_allclose(best.attention.sum(axis=1), 1.0, rtol=1e-5)
    assert best.symbols[-1] == "<end>"


@pytest.mark.slow
def test_no_text_has_no_translations(trained: dl.Trained) -> None:
    assert dl.translate(trained, []) == []
    assert [found[0].text for found in dl.translate(trained, ["", " "])] == ["", ""]


@pytest.mark.slow
def test_far_too_long_texts_are_cut(
    trained: dl.Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    (best,) = dl.translate(trained, ["hund " * 300], beam=1)[0]
    assert len(best.source) == 200
    assert "cut 1 of 1 texts at 199 symbols: give sentences" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--n-best 3 --beam 2", "n_best is 3; it must be at least 1 and at most 2"),
        ("--beam 0", "beam is 0; it must be at least 1"),
        ("--temperature -1", "temperature is -1.0; it must be at least 0"),
        ("--temperature 1 --n-best 2", "n_best is 2; it must be at least 1 and at most 1"),
        ("--length-penalty nan", "length_penalty is nan; it must be a finite number"),
        ("nothing.de", "cannot read nothing.de: No such file"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_loaded(
    run: Path, words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", ["translate", str(run), *words.split()]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            "translate experiments/trained/lstm_names",
            "(task: language) and translates nothing: give the run of a",
        ),
        (
            "translate experiments/trained/lenet_digits",
            "(task: classification) and translates nothing",
        ),
        ("horizon {run}", "reads no single sequence, whose horizon could be seen: use `translate"),
        ("horizon {run} --text Hund", "shows no gates of a text: use `translate {run}`"),
        ("sample {run}", "writes no text of its own: use `translate {run}`"),
        ("predict {run} --text Hund", "knows no classes: use `translate {run}`"),
    ],
)
def test_runs_of_another_kind_are_refused(
    run: Path, words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", words.format(run=run).split()) == 2
    said = capsys.readouterr().err
    assert says.format(run=run) in said
    assert said.count("\n") == 1


@pytest.mark.slow
def test_each_line_is_answered_before_the_next_is_typed(run: Path) -> None:
    words = [sys.executable, "-m", "experiments", "translate", str(run), "--beam", "1"]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdin is not None
    assert process.stdout is not None
    answers = []
    for line in list(PAIRS)[:2]:
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
        answers.append(process.stdout.readline())
    process.stdin.close()
    assert process.wait() == 0
    process.stdout.close()
    assert all(answer.endswith(".\n") for answer in answers)

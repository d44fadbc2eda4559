"""What is said in recordings: from samples and files, greedily and by a beam, and from the verb."""

import wave
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import resample_poly

from dl import DataSpec, Network, models
from dl.cli import main
from dl.data.text.vocabulary import Vocabulary
from dl.decoding.ctc import ngram_language
from dl.errors import InputError
from dl.runs.other_data import check_same_kind
from dl.runs.transcribe import transcribe

SPEC = DataSpec(
    "spoken_strings:x",
    "transcription",
    (8000,),
    "int16",
    ("<blank>", "yes", "no"),
    train_size=10,
    ragged=True,
    vocabulary=Vocabulary("word", ("yes", "no")),
    longest_target=3,
    sample_rate=8000,
)
SOUND = np.random.default_rng(0).normal(scale=2000, size=3000).astype(np.int16)


@pytest.fixture(scope="module")
def network() -> Network:
    """A net that has learned nothing, with weights so large that it hears something."""
    model = models.acoustic_model("rnn", 3, sample_rate=8000, hidden_size=4, filters=8)
    shapes, state = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 800)))
    rng = np.random.default_rng(5)
    params = jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape), leaf.dtype), shapes)
    return Network(model, params, state, SPEC)


def write(path: Path, samples: np.ndarray, rate: int, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def test_posteriors_come_back_for_the_real_steps(network: Network) -> None:
    (transcript,) = transcribe(network, [SOUND])
    assert transcript.posteriors.shape == (1 + -(-(3000 - 200) // 80), 3)
    np.testing.assert_allclose(transcript.posteriors.sum(axis=1), 1.0, atol=1e-6)
    assert set(transcript.labels) <= {"yes", "no"}
    assert transcript.labels
    assert transcript.text == " ".join(transcript.labels)


def test_a_beam_scores_at_least_the_best_path(network: Network) -> None:
    (greedy,), (searched,) = transcribe(network, [SOUND]), transcribe(network, [SOUND], beam=8)
    assert searched.score >= greedy.score
    language = ngram_language([[0], [0, 0]], 2)
    (told,) = transcribe(network, [SOUND], beam=8, language=language, weight=50.0)
    assert set(told.labels) <= {"yes"}


def test_stereo_files_at_another_rate_are_mixed_and_resampled(
    network: Network, tmp_path: Path
) -> None:
    steps = np.arange(12000)
    left, right = (
        np.rint(8000 * np.sin(pitch * steps) * (steps < end)).astype(np.int16)
        for pitch, end in ((0.05, 9000), (0.2, 5000))
    )
    stereo = write(tmp_path / "a.wav", np.stack([left, right], axis=1), 16000, channels=2)
    mono = np.rint((left.astype(float) + right) / 2)
    expected = np.rint(resample_poly(mono, 1, 2)).astype(np.int16)
    heard, told, one = transcribe(network, [stereo, expected, left[::2]])
    assert heard.posteriors.shape == (1 + -(-(6000 - 200) // 80), 3)
    np.testing.assert_allclose(heard.posteriors, told.posteriors, atol=1e-5)
    assert np.abs(heard.posteriors - one.posteriors).max() > 1e-2


def test_what_cannot_be_transcribed_is_refused(network: Network, tmp_path: Path) -> None:
    for recordings, options, message in (
        ([SOUND.astype(np.float32)], {}, "int16"),
        ([np.zeros((2, 9), np.int16)], {}, "int16"),
        ([tmp_path / "none.wav"], {}, "cannot be read"),
        ([SOUND], {"beam": -1}, "beam is -1"),
        (
            [SOUND],
            {"language": ngram_language([[0]], 2)},
            "a language needs a beam: give --beam",
        ),
    ):
        with pytest.raises(InputError, match=message):
            transcribe(network, recordings, **options)
    words = Network(
        network.model, network.params, {}, DataSpec("a", "regression", (2,), "float32", ("y",), 10)
    )
    with pytest.raises(InputError, match="transcribes nothing"):
        transcribe(words, [SOUND])


@pytest.mark.parametrize("beam", [0, 4])
def test_a_net_that_has_diverged_is_no_silence(network: Network, beam: int) -> None:
    params = jax.tree.map(lambda leaf: leaf * jnp.nan, network.params)
    with pytest.raises(InputError, match="the net has diverged"):
        transcribe(replace(network, params=params), [SOUND], beam=beam)


@pytest.mark.slow
def test_the_verb_writes_a_line_for_each_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(1)
    for word, pitch in (("high", 0.9), ("low", 0.2)):
        for number in range(8):
            samples = 6000 * np.sin(pitch * np.arange(900)) + rng.normal(scale=99, size=900)
            write(tmp_path / f"{word}_ann_{number}.wav", samples, 8000)
    run = tmp_path / "run"
    sizes = "--strings 16 --test-strings 8 --most-words 2 --epochs 1 --batch-size 4 --hidden-size 4"
    words = f"run ctc_spoken_digits --dataset spoken_strings:{tmp_path} {sizes} --devices 1 --quiet"
    assert main("experiments", [*words.split(), "--run-dir", str(run)]) == 0
    files = [str(tmp_path / f"{word}_ann_0.wav") for word in ("high", "low")]
    language = tmp_path / "lines.txt"
    language.write_text("high low\nlow\n")
    capsys.readouterr()
    for options in ([], ["--beam", "4"], ["--beam", "4", "--language", str(language)]):
        assert main("experiments", ["transcribe", str(run), *files, *options]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split(":")[0] for line in lines] == files
    language.write_text("high loud\n")
    wrong = ["transcribe", str(run), files[0], "--beam", "2", "--language", str(language)]
    for command, message in (
        (wrong, "the label 'loud', which the model does not know"),
        (["transcribe", str(run)], "needs at least one recording"),
        (["transcribe", str(run), str(language)], "is no"),
    ):
        assert main("experiments", command) == 2
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert message in line


def test_other_sound_must_be_of_the_kind_and_the_words_of_the_model() -> None:
    check_same_kind(replace(SPEC, input_shape=(900,)), SPEC)
    for changes, message in (
        ({"sample_rate": 16000}, "sound at 16000 Hz, the model was trained on sound at 8000 Hz"),
        ({"class_names": ("<blank>", "yes", "nope")}, "classes that the model does not know: nope"),
        ({"task": "classification"}, "give data of its kind"),
    ):
        with pytest.raises(InputError, match=message):
            check_same_kind(replace(SPEC, **changes), SPEC)

"""The commands that come next: what the end of a run says."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dl.runs.folder import Config
    from dl.runs.search_folder import Search


def program(package: str) -> str:
    """How this program was started, so that a command can be typed again."""
    return "dl" if Path(sys.argv[0]).name == "dl" else f"python -m {package}"


def command(package: str, verb: str, run: Path, config: "Config | Search", *words: str) -> str:
    """The command line of `verb` on a run or search; it names the experiment's file, if any."""
    file = config.experiment.file
    named = ["--experiment", shlex.quote(str(file))] if file else []
    return " ".join([program(package), verb, shlex.quote(str(run)), *words, *named])


def next_steps(package: str, run: Path, config: "Config") -> list[str]:
    """The commands for a finished run; none for one that trained no net."""
    if config.experiment.build is None:
        return []
    verbs = [("evaluate", ""), *_uses(config)]
    return [command(package, verb, run, config, *filter(None, [word])) for verb, word in verbs]


def _uses(config: "Config") -> list[tuple[str, str]]:
    """The verb that uses the run's kind of model, with the word that it needs."""
    from dl.types import Autoencoder

    data, kind = config.data, config.data.kind
    if data.game:
        return [("play", "")] if data.task in ("play", "classification") else []
    if data.catalogue is not None:
        return [("recommend", shlex.quote(data.catalogue.users[0]))]
    if kind.target_sequences and not data.ragged:
        return [("caption", "PICTURE.png")]
    if data.source_vocabulary is not None:
        return [("translate", "")]
    if data.sample_rate:
        return [("predict" if kind.chooses else "transcribe", "RECORDING.wav")]
    if kind.predicts_symbols and not kind.target_sequences:
        return [("sample", "")]
    if not kind.chooses or isinstance(config.build().model, Autoencoder):
        return []
    if data.vocabulary is not None:
        return [("predict", "--text 'A TEXT'")]
    return [("predict", "PICTURE.png")] if len(data.input_shape) == 3 else []

"""What to do about a command line that cannot be parsed, in words of the same line."""

from collections.abc import Collection, Sequence

from cyclopts import CycloptsError
from cyclopts.exceptions import MissingArgumentError, UnknownOptionError, UnusedCliTokensError

from dl.cli.next_steps import program
from dl.errors import InputError, did_you_mean

_MEANT = {
    "help": "--help",
    "train": "run",
    "start": "run",
    "continue": "resume",
    "test": "evaluate",
    "eval": "evaluate",
    "classify": "predict",
    "generate": "sample",
    "write": "sample",
    "recognise": "transcribe",
    "download": "data prepare",
    "history": "records",
}
"""Words that other programs have for a verb."""


def check_verb(word: str, verbs: Collection[str], experiments: Collection[str]) -> None:
    """Raise an `InputError` for a first word that is no verb and no option of the program.

    >>> check_verb("mlp_xor", ["run", "show"], ["mlp_xor"])
    Traceback (most recent call last):
    dl.errors.InputError: mlp_xor is an experiment: say what to do with it, such as `run mlp_xor`
    >>> check_verb("train", ["run", "show"], ["mlp_xor"])
    Traceback (most recent call last):
    dl.errors.InputError: unknown verb 'train': did you mean run?
    """
    options = ("--help", "-h", "--version")
    if word in verbs or word in options:
        return
    if word in experiments:
        raise InputError(f"{word} is an experiment: say what to do with it, such as `run {word}`")
    known = options if word.startswith("-") else verbs
    meant = f"did you mean {_MEANT[word]}?" if word in _MEANT else did_you_mean(word, known)
    raise InputError(f"unknown verb {word!r}: {meant}")


def with_remedy(error: CycloptsError, words: Sequence[str], package: str) -> str:
    """The message of a parser's error, in a sentence that says what to do."""
    message = " ".join(str(error).split()).removesuffix(".")
    verb = words[:2] if len(words) > 1 and not words[1].startswith("-") else words[:1]
    help = f"`{' '.join([program(package), *verb])} --help` shows what it takes"
    if isinstance(error, UnusedCliTokensError):
        return f"{_superfluous((error.unused_tokens or ['?'])[0])}; {help}"
    if isinstance(error, MissingArgumentError):
        return f"{message}; {help}"
    if isinstance(error, UnknownOptionError) and "Did you mean" not in message:
        word = error.token.keyword or ""
        if word.startswith("-") and not word.startswith("--") and len(word) > 2:
            return f"unknown option {word}: write --{word[1:]} with two dashes; {help}"
        return f"{message}; {help}"
    return message if message.endswith("?") else f"{message}."


def _superfluous(word: str) -> str:
    """What is wrong with a word that nothing takes.

    >>> _superfluous("epochs=3"), _superfluous("5")
    ('epochs=3 is no option: write --epochs 3', '5 is one word too many: options are --name value')
    """
    name, equals, value = word.partition("=")
    if equals:
        return f"{word} is no option: write --{name.replace('_', '-')} {value}"
    return f"{word} is one word too many: options are --name value"

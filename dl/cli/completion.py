"""`completion SHELL`: a script that lets a shell complete the words of the command `dl`.

The script holds all words, so that a key is answered at once and nothing is started for it. It is
made anew when there are new experiments or options.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter

Shell = Literal["bash", "zsh", "fish"]
Words = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Known:
    """The words of the command line.

    `options` has the options of each verb. A verb in `of_experiments` is followed by one of the
    `experiments`, whose own options are in `own`. A verb in `second` is followed by one of the
    words given there. All other verbs may be followed by a run that comes with the package, one of
    `runs`. `choices` has the words that an option takes.
    """

    experiments: tuple[str, ...]
    runs: tuple[str, ...]
    of_experiments: tuple[str, ...]
    options: Words
    own: Words
    choices: Words
    second: Words


def completion(
    shell: Shell,
    /,
    *,
    known: Annotated[Callable[[], Known], Parameter(parse=False)],
) -> None:
    """Print a script that completes verbs, experiments, options and their words after `dl`.

    Bash: dl completion bash > ~/.local/share/bash-completion/completions/dl
    Zsh: dl completion zsh > ~/.dl.zsh, and a line `source ~/.dl.zsh` in ~/.zshrc
    Fish: dl completion fish > ~/.config/fish/completions/dl.fish

    A new shell has it. After `python -m experiments` nothing is completed.

    Parameters
    ----------
    shell
        bash, zsh or fish.
    """
    print(script(shell, known()), end="")


def script(shell: Shell, known: Known) -> str:
    """The script for a shell; zsh reads that of bash."""
    if shell == "fish":
        return _fish(known)
    bash = _bash(known)
    return bash if shell == "bash" else f"autoload -U +X bashcompinit && bashcompinit\n{bash}"


def words_of(app: cyclopts.App) -> tuple[tuple[str, ...], Words]:
    """The options of a parser, and the words that those with a choice take."""
    names: list[str] = []
    choices: Words = {}
    arguments = (
        app.assemble_argument_collection(parse_docstring=False) if app.default_command else ()
    )
    for argument in arguments:
        own = [name for name in argument.names if name.startswith("--")] if argument.show else []
        names += own
        if words := argument.get_choices():
            choices |= dict.fromkeys(own, tuple(words))
    return (*names, "--help"), choices


_BASH = """\
# Completes the words of the command dl. Made by: dl completion bash
_dl() {
  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"
  local verb="${COMP_WORDS[1]}" second="${COMP_WORDS[2]}" words="" files=""
  if [[ $COMP_CWORD -eq 1 ]]; then
    words="@VERBS@"
  elif [[ $word == -* ]]; then
    case "$verb" in
@OPTIONS@
    esac
    case "$verb" in
    @OF_EXPERIMENTS@)
      local own="$words @SHARED@"; words=""
      case "$second" in
@OWN@
      esac
      words="$own $words" ;;
    esac
  else
    case "$before" in
@CHOICES@
    --*) files=yes ;;
    *)
      files=yes
      [[ $COMP_CWORD -ne 2 ]] || case "$verb" in
@SECOND@
      *) words="@RUNS@" ;;
      esac
      case "$verb" in data | completion | list) files="" ;; esac ;;
    esac
  fi
  local IFS=$' \\n'
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  if [[ -n $files ]]; then
    IFS=$'\\n'
    COMPREPLY+=($(compgen -f -- "$word"))
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _dl dl
"""


def _bash(known: Known) -> str:
    shared, rest = _shared(known.own)
    places = {
        "VERBS": " ".join(known.options),
        "RUNS": " ".join(known.runs),
        "OPTIONS": _cases(known.options),
        "OF_EXPERIMENTS": "|".join(known.of_experiments),
        "SHARED": " ".join(shared),
        "OWN": _cases(rest),
        "CHOICES": _cases(known.choices),
        "SECOND": _cases(_second(known)),
    }
    text = _BASH
    for place, words in places.items():
        text = text.replace(f"@{place}@", words)
    return text


def _second(known: Known) -> Words:
    """The words after a verb, but for those of a run."""
    return {**dict.fromkeys(known.of_experiments, known.experiments), **known.second}


def _cases(words: Words) -> str:
    return "\n".join(f"    {name}) words='{' '.join(each)}' ;;" for name, each in words.items())


def _shared(own: Words) -> tuple[tuple[str, ...], Words]:
    """The options that all experiments have, and the others of each."""
    everywhere = set.intersection(*map(set, own.values())) if own else set()
    first = next(iter(own.values()), ())
    rest = {name: tuple(w for w in words if w not in everywhere) for name, words in own.items()}
    return tuple(word for word in first if word in everywhere), rest


def _fish(known: Known) -> str:
    shared, rest = _shared(known.own)
    second = "test (count (commandline -opc)) -eq 2; and __fish_seen_subcommand_from"
    lines = ["# Completes the words of the command dl. Made by: dl completion fish"]
    lines.append(f"complete -c dl -n __fish_use_subcommand -f -a '{' '.join(known.options)}'")
    for verb, words in _second(known).items():
        lines.append(f"complete -c dl -n '{second} {verb}' -a '{' '.join(words)}'")
    of_runs = [verb for verb in known.options if verb not in _second(known)]
    lines.append(f"complete -c dl -n '{second} {' '.join(of_runs)}' -a '{' '.join(known.runs)}'")
    of_all = {" ".join(known.of_experiments): shared}
    for after, words in {**known.options, **of_all, **rest}.items():
        for word in words:
            choice = known.choices.get(word)
            takes = f" -x -a '{' '.join(choice)}'" if choice else ""
            seen = f"__fish_seen_subcommand_from {after}"
            lines.append(f"complete -c dl -n '{seen}' -l {word.removeprefix('--')}{takes}")
    return "\n".join(lines) + "\n"

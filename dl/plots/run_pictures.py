"""The pictures of runs by name: `plot RUN WHAT` draws the row WHAT of `RUN_PICTURES`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from dl.errors import InputError, did_you_mean
from dl.plots import run_drawings as drawings
from dl.plots import run_games as games
from dl.plots import run_kinds as kinds
from dl.plots import run_sequences as sequences
from dl.plots.run_drawings import Asked
from dl.plots.run_subject import Subject, open_subject
from dl.plots.style import import_matplotlib

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class RunPicture(NamedTuple):
    """A picture that some runs can give."""

    shows: str
    """What is seen, in a line."""
    needs: str
    """What a run must be or have, in words."""
    fits: Callable[[Subject], bool]
    """Whether a run has it; told by config.json and the traced model, nothing is computed."""
    draw: "Callable[..., Figure]"
    """From what was asked and a run; of a picture for several runs from all of them."""
    takes: tuple[str, ...] = ()
    """The fields of `Asked` that it looks at."""
    several: bool = False
    """Whether it shows several runs beside each other."""


def of_run(
    runs: str | Path | Sequence[str | Path],
    what: str,
    *,
    part: str | None = None,
    example: int | None = None,
    layers: Sequence[str] = (),
    text: str = "",
    checkpoint: Literal["last", "best"] | None = None,
    package: str = "experiments",
) -> "Figure":
    """The picture `what` of a run, or of several where that makes sense; `plot` calls it.

    Args:
        runs: the folder of a run, or those of several.
        what: a row of `RUN_PICTURES`, such as "curves" or "confusion".
        part: which part of the data; the test part if None.
        example: the number of one example of the part, instead of the first ones.
        layers: layers by name, instead of the picture's own choice.
        text: what a net reads whose gates are drawn, or what is translated; of a game the moves
            before a position.
        checkpoint: the last one or the one that validated best; as `dl.load` if None.
        package: where the experiments of runs are.

    Raises:
        InputError: for a folder that is no run, a picture that it cannot give, and what the picture
            does not look at.
    """
    import_matplotlib()
    folders = [runs] if isinstance(runs, str | Path) else list(runs)
    picture = _known(what)
    given = {"part": part, "example": example, "layers": tuple(layers), "text": text}
    asked = {name: value for name, value in given.items() if value not in (None, (), "")}
    for name in asked:
        if name not in picture.takes:
            raise InputError(f"{what} looks at no {name.removesuffix('s')}: leave it out")
    if len(folders) > 1 and not picture.several:
        raise InputError(
            f"{what} shows one run, and {len(folders)} were given; several are shown by "
            + ", ".join(name for name, row in RUN_PICTURES.items() if row.several)
        )
    subjects = [open_subject(run, checkpoint=checkpoint, package=package) for run in folders]
    for subject in subjects:
        _check_fits(what, subject)
    return picture.draw(Asked(**asked), *subjects)


def pictures_of(
    runs: Sequence[str | Path], *, package: str = "experiments"
) -> dict[str, RunPicture]:
    """The rows of `RUN_PICTURES` that fit all these runs.

    Raises:
        InputError: for a folder that is no run.
    """
    subjects = [open_subject(run, package=package) for run in runs]
    return {
        name: row
        for name, row in RUN_PICTURES.items()
        if all(map(row.fits, subjects)) and (row.several or len(subjects) == 1)
    }


def _known(what: str) -> RunPicture:
    if what not in RUN_PICTURES:
        raise InputError(f"there is no picture {what!r}; {did_you_mean(what, RUN_PICTURES)}")
    return RUN_PICTURES[what]


def _check_fits(what: str, subject: Subject) -> None:
    if not RUN_PICTURES[what].fits(subject):
        fitting = ", ".join(name for name, row in RUN_PICTURES.items() if row.fits(subject))
        raise InputError(
            f"{what} needs {RUN_PICTURES[what].needs}, which {subject.name} "
            f"({subject.config.experiment.name}) is not; it can give: {fitting}"
        )


_OF_EXAMPLES = ("part", "example")

RUN_PICTURES: dict[str, RunPicture] = {
    "curves": RunPicture(
        "loss and metrics over the epochs; runs of several seeds as a band",
        "a run",
        kinds.any_run,
        drawings.draw_curves,
        several=True,
    ),
    "architecture": RunPicture(
        "the layers with their shapes and parameters, as boxes and arrows",
        "a model that tells its layers",
        kinds.tells_layers,
        drawings.draw_architecture,
    ),
    "confusion": RunPicture(
        "which classes are taken for which: counts and shares",
        "a net that tells classes apart",
        kinds.answers_with_classes,
        drawings.draw_confusion,
        ("part",),
    ),
    "mistakes": RunPicture(
        "the most confident mistakes: pictures, or a table of texts",
        "a net that tells classes apart",
        kinds.classifies,
        drawings.draw_mistakes,
        ("part",),
    ),
    "calibration": RunPicture(
        "how often answers are right, over the probability that they were given",
        "a net that answers with probabilities",
        kinds.gives_probabilities,
        drawings.draw_calibration,
        ("part",),
    ),
    "filters": RunPicture(
        "the weights of a convolution, or of a dense layer that sees pictures, as pictures",
        "a net whose layers have filters of pictures",
        kinds.has_filters,
        drawings.draw_filters,
        ("layers",),
    ),
    "feature-maps": RunPicture(
        "a picture, and what each layer makes of it",
        "a net whose layers give maps of pictures",
        kinds.has_maps,
        drawings.draw_feature_maps,
        (*_OF_EXAMPLES, "layers"),
    ),
    "receptive-fields": RunPicture(
        "which part of a picture a unit of each layer sees",
        "a net whose layers give maps of pictures",
        kinds.has_maps,
        drawings.draw_receptive_fields,
        (*_OF_EXAMPLES, "layers"),
    ),
    "saliency": RunPicture(
        "the pixels to which the score of the answer reacts most",
        "a net that tells pictures apart",
        kinds.classifies_pictures,
        drawings.draw_saliency,
        _OF_EXAMPLES,
    ),
    "occlusion": RunPicture(
        "the places that the answer needs: covering them lowers its score",
        "a net that tells pictures apart",
        kinds.classifies_pictures,
        drawings.draw_occlusion,
        _OF_EXAMPLES,
    ),
    "gates": RunPicture(
        "what the gates of a recurrent layer do at each symbol of a text",
        "a recurrent net that reads text",
        kinds.reads_text,
        drawings.draw_gates,
        (*_OF_EXAMPLES, "layers", "text"),
    ),
    "cell": RunPicture(
        "the cell of an LSTM or a GRU with this run's numbers, after a text",
        "an LSTM or a GRU that reads text",
        kinds.reads_text_with_gates,
        drawings.draw_cell,
        (*_OF_EXAMPLES, "layers", "text"),
    ),
    "gradients": RunPicture(
        "how the gradient fades with the distance in time, before and after training",
        "a recurrent net",
        kinds.is_recurrent,
        drawings.draw_gradient_reach,
        several=True,
    ),
    "alignment": RunPicture(
        "which symbols of a text a net looks at while it writes the translation",
        "a net with attention that translates",
        kinds.translates_with_attention,
        sequences.draw_alignment,
        (*_OF_EXAMPLES, "text"),
    ),
    "caption": RunPicture(
        "where in a picture a net looks at each word of its caption",
        "a net with attention that describes pictures",
        kinds.describes_with_attention,
        sequences.draw_caption,
        _OF_EXAMPLES,
    ),
    "transcription": RunPicture(
        "the spectrogram of a recording, and what a net believes at each moment",
        "a net that transcribes recordings",
        kinds.transcribes,
        sequences.draw_transcription,
        _OF_EXAMPLES,
    ),
    "reconstructions": RunPicture(
        "pictures, what an auto-encoder gives back, and the errors",
        "an auto-encoder of pictures",
        kinds.gives_pictures_again,
        drawings.draw_reconstructions,
        _OF_EXAMPLES,
    ),
    "codes": RunPicture(
        "the codes of an auto-encoder in the plane, coloured by class",
        "an auto-encoder",
        kinds.encodes,
        drawings.draw_code_space,
        ("part",),
    ),
    "fantasies": RunPicture(
        "pictures that a Boltzmann machine draws",
        "a Boltzmann machine or a belief net of pictures",
        kinds.draws_pictures,
        drawings.draw_fantasies,
        ("part",),
    ),
    "elo": RunPicture(
        "Elo ratings over the steps of a training, beside players that stay as they are",
        "a finished run whose result has Elo ratings",
        kinds.is_rated,
        games.draw_elo,
    ),
    "opening-book": RunPicture(
        "the moves that a net opens a game with, as a tree",
        "a net that chooses the moves of a game",
        kinds.chooses_moves,
        games.draw_opening_book,
    ),
    "principal-variation": RunPicture(
        "the line that a net expects from a position, as boards",
        "a net that chooses the moves of a game",
        kinds.chooses_moves,
        games.draw_principal_variation,
        ("text",),
    ),
    "move-probabilities": RunPicture(
        "how probable a net and its search hold each move of a position",
        "a net that chooses the moves of a game",
        kinds.chooses_moves,
        games.draw_move_probabilities,
        ("text",),
    ),
}
"""All pictures of runs. Another one is another row, with its function in `run_drawings.py` or, of
a run that writes sequences of its own or plays a game, `run_sequences.py` and `run_games.py`."""

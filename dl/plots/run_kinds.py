"""What a run must be for a picture, told by config.json and the traced model."""

import math

from dl.plots.run_subject import Subject
from dl.runs.playing import chooses_moves as spec_chooses_moves
from dl.runs.stored import read_result
from dl.types import Autoencoder, BeliefNet


def any_run(run: Subject) -> bool:
    """Every run has records."""
    return True


def classifies(run: Subject) -> bool:
    """A net that answers with one of several classes."""
    return run.spec.kind.chooses and not isinstance(run.model, Autoencoder)


def answers_with_classes(run: Subject) -> bool:
    """A net whose answers are classes, also those of one yes-or-no question."""
    return classifies(run) or (run.spec.task == "binary" and run.spec.classes == 1)


def gives_probabilities(run: Subject) -> bool:
    """A net whose outputs are probabilities of what each target is."""
    probable = run.spec.kind.probabilities is not None and run.spec.task != "transcription"
    return probable and not isinstance(run.model, Autoencoder)


def has_filters(run: Subject) -> bool:
    """A net of pictures with a convolution, or with a dense layer that sees them whole."""
    pixels = math.prod(run.spec.input_shape)
    return run.sees_pictures and any(
        path.endswith("/kernel") and (len(shape) == 4 or (len(shape) == 2 and shape[0] == pixels))
        for path, shape in run.parameters.items()
    )


def has_maps(run: Subject) -> bool:
    """A net of pictures with layers whose outputs are maps."""
    return run.sees_pictures and any(len(row.output_shape) == 3 for row in run.layers)


def classifies_pictures(run: Subject) -> bool:
    """A net that tells pictures apart."""
    return run.sees_pictures and classifies(run)


def is_recurrent(run: Subject) -> bool:
    """A net of one sequence with a recurrent layer."""
    return not run.spec.kind.target_sequences and any(
        path.endswith("/recurrent") for path in run.parameters
    )


def reads_its_symbols(run: Subject) -> bool:
    """A net whose vocabulary is that of its inputs, and not of what it writes."""
    return run.spec.vocabulary is not None and not run.spec.kind.target_sequences


def reads_text(run: Subject) -> bool:
    """A recurrent net whose inputs are the symbols of a text."""
    return reads_its_symbols(run) and is_recurrent(run)


def reads_text_with_gates(run: Subject) -> bool:
    """An LSTM or a GRU that reads text: it has three or four blocks of weights."""
    weights = (shape for path, shape in run.parameters.items() if path.endswith("/recurrent"))
    return reads_its_symbols(run) and any(w[1] in (3 * w[0], 4 * w[0]) for w in weights)


def translates_with_attention(run: Subject) -> bool:
    """A net that writes texts from texts, and looks at what it reads."""
    return run.spec.source_vocabulary is not None and run.attends


def describes_with_attention(run: Subject) -> bool:
    """A net that describes pictures, and looks at places of them."""
    return run.sees_pictures and run.attends


def transcribes(run: Subject) -> bool:
    """A net that writes down what is said in recordings."""
    return run.spec.task == "transcription"


def tells_layers(run: Subject) -> bool:
    """A model whose layers can be traced."""
    return run.model.trace is not None


def gives_pictures_again(run: Subject) -> bool:
    """An auto-encoder of pictures."""
    return run.sees_pictures and isinstance(run.model, Autoencoder)


def encodes(run: Subject) -> bool:
    """An auto-encoder."""
    return isinstance(run.model, Autoencoder)


def draws_pictures(run: Subject) -> bool:
    """A Boltzmann machine or a belief net of pictures."""
    return run.sees_pictures and isinstance(run.model, BeliefNet)


def chooses_moves(run: Subject) -> bool:
    """A net that chooses the moves of a game."""
    return spec_chooses_moves(run.spec)


def is_rated(run: Subject) -> bool:
    """A finished run with Elo ratings among its figures, which its experiment has added."""
    return run.folder.is_finished and "elo" in read_result(run.folder.result)["metrics"]

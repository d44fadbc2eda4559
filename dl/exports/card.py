"""The model card of an exported net: what it is, how good, what it is not for, how to load it.

After Mitchell et al. 2019, arXiv:1810.03993.
"""

from collections.abc import Iterable, Sequence

from dl.data.load import READERS
from dl.exports.ports import Port
from dl.exports.story import Story
from dl.screen import escaped

_METRICS = {
    "loss": "mean of what was minimised, in nats where it is a cross-entropy",
    "accuracy": "share of right answers, from 0 to 1",
    "mse": "squared error, summed over the numbers of an example, mean over examples",
    "mae": "absolute error, mean over examples",
    "bits": "cross-entropy of a symbol in bits",
    "perplexity": "exponential of the cross-entropy: among so many equally probable symbols",
    "label_error": "wrong, missing and added labels by the number of labels",
    "score": "share of the points of games that were won",
}
_PARTS = {
    "train": "what the net learned from",
    "validation": "held out of the training part",
    "test": "the test part of the data, not used in training",
    "members": "the single nets of the committee, on the test part",
}
_MADE = ("gates", "xor", "spirals", "circles", "moons", "adding", "play", "games")
_LICENCES = {
    "digits": "CC BY 4.0 (Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI "
    "Machine Learning Repository)",
    "fashion_mnist": "MIT (Xiao et al. 2017, Zalando Research)",
}
_MOST_OPTIONS = 60


def model_card(story: Story, inputs: Sequence[Port], outputs: Sequence[Port], files: str) -> str:
    """The text of README.md, in Markdown."""
    spec = story.spec
    name = escaped(story.experiment or story.model)
    what = f"`{escaped(story.model)}`, trained on `{escaped(spec.name)}` (task: {spec.task})."
    sections = {
        "What goes in and what comes out": [*_ports("in", inputs), "", *_ports("out", outputs)],
        "How to load it": _loading(inputs),
        "Data": _data(story),
        "Figures": _figures(story),
        "Training": _training(story),
        "Limits": [f"- {line}" for line in _limits(story, inputs)],
        "Files": [files],
    }
    lines = [f"# {name}", "", what]
    for title, body in sections.items():
        lines += ["", f"## {title}", "", *body]
    return "\n".join(lines) + "\n"


def licence_of(dataset: str) -> str:
    """The licence of a data set as far as it is known here.

    >>> licence_of("adding:50")
    'none is needed: a program of dl-lectures makes these data'
    """
    kind, colon, _ = dataset.partition(":")
    if kind in _MADE:
        return "none is needed: a program of dl-lectures makes these data"
    if colon and kind in READERS:
        return "that of your own files: say it before you pass the net on"
    return _LICENCES.get(kind, "not known here: look at the source of the data")


def _ports(way: str, ports: Iterable[Port]) -> list[str]:
    rows = [f"| {way} | shape | type | meaning |", "|---|---|---|---|"]
    for port in ports:
        shape = ", ".join(map(str, port.shape))
        rows.append(f"| `{port.name}` | [{shape}] | {port.dtype} | {escaped(port.meaning)} |")
    return rows


def _loading(inputs: Sequence[Port]) -> list[str]:
    given = ", ".join(port.name for port in inputs)
    code = ["```python", "from load import load", "", 'net = load(".")', f"answers = net({given})"]
    return [
        "With JAX, NumPy and flatbuffers (`pip install jax flatbuffers`), on CPU, CUDA or TPU; "
        "`load.py` lies here:",
        "",
        *code,
        "```",
        "",
        "JAX reads programs of `jax.export` for at least six months after the version that wrote "
        "them; `forward.stablehlo` is the same program for other compilers.",
    ]


def _data(story: Story) -> list[str]:
    spec, options, start = story.spec, story.options, story.start
    dataset = str(options.get("dataset", ""))
    lines = [f"- training examples: {spec.train_size:,}"]
    if options.get("validation"):
        lines.append(f"- held out of the training part: a share of {options['validation']}")
    if spec.class_names and len(spec.class_names) <= _MOST_OPTIONS:
        lines.append(f"- classes: {', '.join(map(escaped, spec.class_names))}")
    for title, vocabulary in (("written", spec.vocabulary), ("read", spec.source_vocabulary)):
        if vocabulary is not None:
            unit = f"{vocabulary.unit}s"
            lines.append(f"- symbols {title}: {len(vocabulary):,} {unit}, listed in export.json")
    if spec.input_dtype == "uint8" and spec.task != "retrieval":
        lines.append(f"- normalised by mean {spec.mean} and deviation {spec.std}, in the program")
    if start.get("dataset_fingerprint"):
        lines.append(f"- fingerprint: `{escaped(str(start['dataset_fingerprint']))}`")
    return [*lines, f"- licence: {licence_of(dataset or spec.name)}"]


def _figures(story: Story) -> list[str]:
    if not story.figures:
        return ["None was measured."]
    rows = ["| part | figure | value | meaning |", "|---|---|---|---|"]
    for part, values in story.figures.items():
        for name, value in values.items():
            meaning = _METRICS.get(name, "see docs/metrics.md of dl")
            rows.append(f"| {escaped(part)} | {escaped(name)} | {value:.5g} | {meaning} |")
    told = [f"- {part}: {_PARTS[part]}" for part in story.figures if part in _PARTS]
    return [*rows, "", *told] if told else rows


def _training(story: Story) -> list[str]:
    if not story.experiment:
        return ["Nothing is known of its training."]
    lines = [f"- experiment: `{escaped(story.experiment)}`, {story.step:,} steps"]
    changed = {name: story.options[name] for name in story.changed[:_MOST_OPTIONS]}
    if changed:
        said = ", ".join(f"{name} {value}" for name, value in changed.items())
        lines.append(f"- options other than the defaults: {escaped(said)}")
    if story.seconds:
        lines.append(f"- {story.seconds:.0f} s on {escaped(story.device)}")
    if story.start:
        versions = story.start.get("versions") or {}
        said = ", ".join(f"{name} {value}" for name, value in versions.items() if value)
        lines.append(f"- command: `{escaped(str(story.start.get('command')))}`")
        lines.append(
            f"- versions: {escaped(said)}; commit {escaped(str(story.start['git_commit']))}"
        )
    return lines


def _limits(story: Story, inputs: Sequence[Port]) -> list[str]:
    spec = story.spec
    limits = [
        f"It learned from `{escaped(spec.name)}` alone. Of inputs of another kind it gives answers "
        "too, often with high probabilities.",
        "The figures are those of one training; another seed gives others.",
    ]
    if spec.kind.probabilities is not None:
        limits.append("The probabilities are the net's own; their calibration was not corrected.")
    if story.chosen_on:
        limits.append(
            "The step of the parameters was chosen on the validation part, whose figures are "
            "therefore too good."
        )
    if story.experiment and not story.finished:
        limits.append("The training was not finished when it was exported.")
    if story.options.get("precision", "float32") != "float32":
        limits.append(f"Layers compute in {story.options['precision']}, as in training.")
    if spec.carried:
        limits.append(
            "It was trained on a stream. The program begins each sequence with a state of zeros "
            "and carries none on."
        )
    if spec.ragged and not isinstance(inputs[0].shape[1], str):
        limits.append(
            f"Sequences are padded to {inputs[0].shape[1]:,} steps, the longest of the data; "
            "`lengths` says how many are real."
        )
    if inputs[-1].name == "previous":
        limits.append(
            "It answers for the next symbol given those before. To write, call it again with the "
            "symbol that was chosen."
        )
    return limits

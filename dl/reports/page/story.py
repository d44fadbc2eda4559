"""The sections behind the result: texts, the model, options, and how the run was made."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from dl.reports.page.architecture import architecture_svg
from dl.reports.page.html import Html, join, tag
from dl.reports.page.material import Material
from dl.reports.page.result import changed_options
from dl.reports.page.scales import brief
from dl.reports.page.tables import html_table, pairs, scrolling
from dl.tables import Table
from dl.train.progress_text import describe_seconds

NARROW = 420
"""A drawing of less pixels in width has room for the table beside it."""


def texts_section(texts: Mapping[int, str]) -> Html:
    """What a language model wrote at the first evaluation and at the newest ones."""
    shown = (
        join([tag("h3", f"After {step:,} steps"), tag("pre", text)])
        for step, text in sorted(texts.items(), reverse=True)
    )
    return tag("section", tag("h2", "Texts that the model wrote"), *shown, id="texts")


def model_section(run: Material) -> Html | None:
    """The layers as a table and as a drawing."""
    if run.summary is None or run.drawing is None:
        return None
    summary = run.summary
    said = (
        f"{summary.name}: {summary.parameters:,} parameters, {summary.macs:,} multiply-adds for "
        "one example."
    )
    title = f"drawing of {summary.name}"
    return tag(
        "section",
        tag("h2", "Model"),
        tag("p", said, class_="note"),
        tag(
            "div",
            scrolling(architecture_svg(run.drawing, title), name=title, tall=True),
            html_table(_without_empty_columns(summary.table())),
            class_="model" if run.drawing.width < NARROW else None,
        ),
        id="model",
    )


def _without_empty_columns(table: Table) -> Table:
    """Of models that see no pictures nothing is known about fields and strides."""
    kept = [
        place
        for place in range(len(table.columns))
        if any(row[place] is not None for row in table.rows)
    ]
    return replace(
        table,
        columns=tuple(table.columns[place] for place in kept),
        rows=[tuple(row[place] for place in kept) for row in table.rows],
    )


def options_section(runs: Sequence[Material]) -> Html:
    """The options of a run, those that were changed first; of several, where they differ."""
    if len(runs) > 1:
        return tag("section", tag("h2", "Differences"), _differences(runs), id="options")
    run = runs[0]
    changed = changed_options(run)
    options = run.config.options
    everything = [(option.name, getattr(options, option.name)) for option in fields(options)]
    return tag(
        "section",
        tag("h2", "Options"),
        pairs([(name, _value(value)) for name, value in changed])
        if changed
        else tag("p", "All as the experiment has them."),
        _varied(run),
        tag(
            "details",
            tag("summary", f"All {len(everything)} options"),
            pairs([(name, _value(value)) for name, value in everything]),
        ),
        id="options",
    )


def _varied(run: Material) -> Html | None:
    """Hyper-parameters in which the members of a population differ."""
    if not run.config.varied:
        return None
    columns = tuple(run.config.varied)
    rows = enumerate(zip(*run.config.varied.values(), strict=True))
    table = Table(
        ("member", *columns),
        [(member, *values) for member, values in rows],
        formats=dict.fromkeys(columns, brief),
        title="options that differ between the members",
    )
    return html_table(table)


def _differences(runs: Sequence[Material]) -> Html:
    """Options and surroundings in which the runs differ, a row each."""
    described = [_described(run) for run in runs]
    names = list(dict.fromkeys(name for each in described for name in each))
    rows = [
        (name, *values)
        for name in names
        if len(set(values := [each.get(name, "–") for each in described])) > 1
    ]
    if not rows:
        return tag("p", "The runs have the same options, data, versions and device.")
    keys = [str(number) for number in range(len(runs))]
    table = Table(
        ("option", *keys),
        rows,
        headings={key: run.name for key, run in zip(keys, runs, strict=True)},
        title="where the runs differ",
    )
    return html_table(table)


def _described(run: Material) -> dict[str, str]:
    config = run.config
    start = run.starts[-1] if run.starts else {}
    options = {
        each.name: _value(getattr(config.options, each.name)) for each in fields(config.options)
    }
    return {
        "experiment": config.experiment.name,
        **options,
        "frozen layers": _value(config.freeze),
        "begins from": config.origin.describe() if config.origin else "",
        "dataset fingerprint": _value(start.get("dataset_fingerprint")),
        "commit": _value(start.get("git_commit")),
        "python": _value(start.get("python")),
        **{f"version of {name}": _value(each) for name, each in _entries(start, "versions")},
        **{f"device: {name}": _value(each) for name, each in _entries(start, "device")},
    }


def making_section(runs: Sequence[Material]) -> Html:
    """Times, commands, versions, device and commit of every start."""
    several = len(runs) > 1
    parts = (join([tag("h3", run.name) if several else None, _making(run)]) for run in runs)
    return tag("section", tag("h2", "How it was made"), *parts, id="making")


def _making(run: Material) -> Html:
    config = run.config
    facts = [("folder", str(run.folder.path)), *_times(run)]
    if config.devices:
        facts.append(("devices", f"{config.devices}, {config.parallel}"))
    if config.freeze:
        facts.append(("frozen layers", ", ".join(config.freeze)))
    if config.origin:
        facts.append(("begins from", config.origin.describe()))
    if config.edited:
        facts.append(("note", "config.json was changed since the run wrote it"))
    starts = [_start(start, number) for number, start in enumerate(run.starts, 1)]
    return join([pairs(facts), *starts])


def _times(run: Material) -> list[tuple[str, str]]:
    if run.result is None:
        return []
    result = run.result
    rate, compiling = result["examples_per_second"], result["compile_seconds"]
    waiting = result.get("waiting")
    return [
        ("time", describe_seconds(result["wall_seconds"])),
        *([("of it compiling", describe_seconds(compiling))] if compiling else []),
        *([("examples per second", f"{rate:,.0f}")] if rate else []),
        *([("of the time waiting for data", f"{waiting:.1%}")] if waiting is not None else []),
        ("parameters", f"{result['parameters']:,}"),
        ("device", result["device"]),
    ]


def _start(start: dict[str, Any], number: int) -> Html:
    rows = [
        ("begun", _value(start.get("time"))),
        ("seed", _value(start.get("seed"))),
        ("data fingerprint", _value(start.get("dataset_fingerprint"))),
        ("commit", _value(start.get("git_commit"))),
        ("python", _value(start.get("python"))),
        *((name, _value(each)) for name, each in _entries(start, "versions")),
        ("platform", _value(start.get("platform"))),
        *((f"device {name}", _value(each)) for name, each in _entries(start, "device")),
    ]
    return tag(
        "details",
        tag("summary", f"Start {number}: {_value(start.get('time'))}"),
        tag("pre", _value(start.get("command")), class_="command"),
        pairs(rows),
    )


def _entries(start: dict[str, Any], name: str) -> list[tuple[str, Any]]:
    """The entries of a dictionary in a manifest, which may hold anything."""
    found = start.get(name)
    return [(str(key), value) for key, value in found.items()] if isinstance(found, dict) else []


def _value(value: Any) -> str:
    """An option for people; nothing and none are a dash."""
    if value in (None, "", ()):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)

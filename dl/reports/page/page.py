"""The whole page: one document that loads nothing, with its style and its script inside."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from dl.reports.page.curves import curves_section
from dl.reports.page.html import Html, join, tag
from dl.reports.page.material import Material
from dl.reports.page.mistakes import answers_section
from dl.reports.page.playing import playing_section
from dl.reports.page.result import result_section, state_of
from dl.reports.page.sequences import written_section
from dl.reports.page.story import making_section, model_section, options_section, texts_section

_TITLES = {
    "result": "Result",
    "curves": "Curves",
    "written": "Examples",
    "playing": "Play",
    "answers": "Answers",
    "texts": "Texts",
    "model": "Model",
    "options": "Options",
    "making": "How it was made",
}


def page(runs: Sequence[Material], *, live: bool = False) -> str:
    """The page of one run, or of several side by side, as HTML.

    A `live` page asks the address that it came from every two seconds for a newer one.
    """
    title = _title(runs)
    sections = _sections(runs)
    body = join([
        tag("a", "To the content", href="#main", class_="skip"),
        tag("header", tag("h1", title), *_lead(runs)),
        tag("nav", tag("ul", *(_entry(name) for name in sections)), aria_label="sections"),
        tag("main", *sections.values(), id="main"),
        tag("footer", "Written by dl. The numbers of all records are in the run's metrics.jsonl."
            if len(runs) == 1 else "Written by dl."),
        Html(f"<script>{_file('page.js')}</script>"),
    ])  # fmt: skip
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy(live=live)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        Html(f"<style>{_file('page.css')}</style>"),
    )
    whole = tag("html", head, tag("body", body), lang="en", data_live="yes" if live else None)
    return f"<!DOCTYPE html>\n{whole}\n"


def policy(*, live: bool = False) -> str:
    """What a browser may load for the page: nothing but what is inside of it.

    Style and script are named by their digests, so that no other script runs, whatever a run holds.
    """
    connect = "; connect-src 'self'" if live else ""
    return (
        f"default-src 'none'; img-src data:; style-src '{_digest('page.css')}'; "
        f"script-src '{_digest('page.js')}'; base-uri 'none'; form-action 'none'{connect}"
    )


def _title(runs: Sequence[Material]) -> str:
    names = list(dict.fromkeys(run.config.experiment.name for run in runs))
    return names[0] if len(runs) == 1 else f"{len(runs)} runs of {', '.join(names)}"


def _lead(runs: Sequence[Material]) -> list[Html]:
    """What the experiment is, in its own words, and how far the run came."""
    if len(runs) > 1:
        return [tag("p", ", ".join(run.name for run in runs), class_="lead")]
    first = runs[0].docstring.splitlines()[:1]
    said = [tag("p", line, class_="lead") for line in first]
    begun = str(runs[0].starts[0].get("time", ""))[:10] if runs[0].starts else ""
    state = [state_of(runs[0]), *([" · ", tag("span", begun, class_="whole")] if begun else [])]
    return [*said, tag("p", *state, class_="lead")]


def _sections(runs: Sequence[Material]) -> dict[str, Html]:
    """The sections by the word that leads to them; those that say nothing are left out."""
    one = runs[0] if len(runs) == 1 else None
    found = {
        "result": result_section(runs),
        "curves": curves_section(runs) if _has_curves(runs) else None,
        "written": _written(one) if one else None,
        "playing": playing_section(one.played, _figures(one)) if one else None,
        "answers": _answers(one) if one else None,
        "texts": texts_section(one.texts) if one and one.texts else None,
        "model": model_section(one) if one else None,
        "options": options_section(runs),
        "making": _with_notes(making_section(runs), runs),
    }
    return {name: section for name, section in found.items() if section is not None}


def _written(run: Material) -> Html | None:
    """What the model writes, if its targets are sequences."""
    if run.answered is None or run.answered.written is None:
        return None
    signatures = (run.result or {}).get("signatures", {})
    return written_section(run.answered.written, run.answered.part, signatures)


def _answers(run: Material) -> Html | None:
    """The report on the answers; a transcription has none."""
    answered = run.answered
    if answered is None or (answered.report is None and answered.written is not None):
        return None
    return answers_section(answered)


def _figures(run: Material) -> dict[str, dict[str, float]]:
    return run.result["metrics"] if run.result else {}


def _has_curves(runs: Sequence[Material]) -> bool:
    """Counting makes no records, so such a run has no curves to miss."""
    return any(run.records or run.config.experiment.build for run in runs)


def _with_notes(section: Html, runs: Sequence[Material]) -> Html:
    """What is not on the page and why, before the last section."""
    notes = [tag("p", note, class_="note") for run in runs for note in run.notes]
    return join([*notes, section])


def _entry(name: str) -> Html:
    return tag("li", tag("a", _TITLES[name], href=f"#{name}"))


@cache
def _file(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _digest(name: str) -> str:
    digest = hashlib.sha256(_file(name).encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"

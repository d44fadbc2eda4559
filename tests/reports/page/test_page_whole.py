"""Whole pages: what they hold, that nothing from a run becomes markup, and their outline."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from page_cases import EVIL, RESULT, START, Outline, answered, material, records

from dl.reports.page.html import text
from dl.reports.page.page import page
from dl.runs.folder import RunFolder
from dl.train.record import Record


def outline(*runs, **how) -> Outline:
    return Outline(page(runs, **how))


def test_result_comes_first_beside_what_is_expected() -> None:
    found = outline(material())
    assert found.text.index("99.21\u00a0%") < found.text.index("Dashed lines")
    assert "This run is within the expected band." in found.text
    assert "test accuracy 99.44 % ± 0.19 over ten seeds" in found.text


def test_a_run_with_other_options_says_so() -> None:
    told = outline(material(options={"dropout": 0.5, "seed": 3}))
    assert "other options than the experiment's own: dropout." in told.text


def test_cells_lead_to_their_examples() -> None:
    found = outline(material())
    links = {each["href"]: each for each in found.named("a") if "aria-label" in each}
    wrong = links["#cell-1-0"]
    assert wrong["aria-label"] == "1: dog taken for cat, show examples"
    boxes = [each for each in found.named("div") if each.get("id") == "cell-1-0"]
    assert len(boxes) == 1
    assert all((img["src"] or "").startswith("data:image/png") for img in found.named("img"))


def test_texts_stand_behind_the_cells_of_a_classifier_of_texts() -> None:
    found = outline(material(answered=answered(words="a dull film")))
    assert found.text.count("a dull film") == 3
    assert not found.named("img")


def test_run_without_records_says_so() -> None:
    found = outline(material(records=[], result=None, answered=None))
    assert "There are no records, so there are no curves." in found.text
    assert "not finished, no records yet" in found.text


def test_several_runs_share_charts_and_show_their_differences() -> None:
    runs = [material("a"), material("b", options={"learning_rate": 0.5})]
    found = outline(*runs)
    lines = [each for each in found.named("path") if "data-name" in each]
    names = ["runs/a, training", "runs/a, validation", "runs/b, training", "runs/b, validation"]
    assert [line["data-name"] for line in lines] == names * 2
    assert "learning_rate" in found.text
    assert "dropout" not in found.text


def test_members_are_a_mean_with_a_band() -> None:
    members = [Record(n, float(n), "train", {"loss": 2.0}, None, {"loss": [1.0, 2.0, 3.0]})
               for n in (1, 2)]  # fmt: skip
    found = outline(material(records=members))
    (band,) = (each for each in found.named("path") if "data-low" in each)
    assert (band["data-low"], band["data-high"]) == ("1 1", "3 3")


def everything_evil():
    """A run all of whose names, texts and values are markup."""
    seen = material(
        docstring=f"{EVIL}\n\nExpected: {EVIL}",
        records=[replace(each, values={EVIL: 0.5, "loss": 1.0}) for each in records()],
        result={**RESULT, "metrics": {EVIL: {EVIL: 0.5}}, "device": EVIL},
        starts=[
            {**START, "command": EVIL, "versions": {EVIL: EVIL}, "platform": EVIL, "time": EVIL}
        ],
        texts={3: EVIL},
        answered=answered((EVIL, f"{EVIL}2"), words=EVIL),
        notes=[EVIL],
        options={"dataset": EVIL},
    )
    return replace(seen, folder=RunFolder(Path("runs") / EVIL.replace("/", "")))


@pytest.mark.parametrize("number", [1, 2])
def test_nothing_from_a_run_becomes_markup(number: int) -> None:
    written = page([everything_evil()] * number)
    found = Outline(written)
    assert len(found.named("script")) == 1
    assert not found.named("img")
    assert "<script>alert" not in written
    assert not [
        key for _, attributes in found.elements for key in attributes if key.startswith("on")
    ]
    assert text(EVIL) in written, "it is shown as it is written"


def test_page_loads_nothing_and_runs_its_own_script_alone() -> None:
    found = outline(material())
    policies = [each["content"] for each in found.named("meta") if "http-equiv" in each]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in str(policies[0])
    assert "connect-src" not in str(policies[0])
    assert not [each for _, each in found.elements if "style" in each], "the policy forbids it"
    addresses = [
        each.get(key) for _, each in found.elements for key in ("src", "href") if key in each
    ]
    assert all(address.startswith(("#", "data:image/png")) for address in addresses)


@pytest.mark.parametrize("runs", [[material()], [material("a"), material("b")]])
def test_outline_is_whole(runs: list) -> None:
    """Closed elements, ids that are there once, links that lead somewhere, headings in order."""
    found = outline(*runs)
    assert not found.unclosed
    assert not found.open
    ids = Counter(each["id"] for _, each in found.elements if "id" in each)
    assert set(ids.values()) == {1}
    for _, each in found.elements:
        for name in (each.get("aria-labelledby") or "").split():
            assert name in ids
        if (each.get("href") or "").startswith("#"):
            assert each["href"][1:] in ids
    levels = [int(name[1]) for name, _ in found.elements if name in ("h1", "h2", "h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for landmark in ("header", "nav", "main", "footer"):
        assert len(found.named(landmark)) == 1
    assert all(each.get("alt") for each in found.named("img"))


def test_page_of_75_epochs_is_small() -> None:
    """Everything but the examples of mistakes, which are cut to 400 of some 300 bytes."""
    assert len(page([material(records=records(75))])) < 100_000

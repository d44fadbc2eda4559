"""Pages in Chromium: accessible, no sideways scrolling, and charts that answer.

They need Playwright's Python client and a Chromium: that of DL_TEST_CHROMIUM, or Debian's. What axe
finds is looked at where DL_TEST_AXE is the path of axe.min.js (`npm pack axe-core`).
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from page_cases import EVIL, answered, material, records

from dl import models
from dl.inspect.cost.drawing import draw_model
from dl.inspect.cost.summary import summarize
from dl.reports.page.page import page
from dl.reports.page.serve import PageServer

pytestmark = pytest.mark.slow
MEMBERS = [replace(each, members={"loss": [each.values["loss"]] * 2}) for each in records()]


def whole() -> Any:
    """A run whose page has every section."""
    model, shape = models.googlenet(10, small=True), (32, 32, 3)
    return material(
        texts={40: "To be, or not"},
        records=MEMBERS,
        summary=summarize(model, shape),
        drawing=draw_model(model, shape),
        notes=["Nothing is missing."],
    )


PAGES = {
    "whole": lambda: page([whole()]),
    "texts": lambda: page([material(answered=answered(words="a dull film " * 40))]),
    "two": lambda: page([material("a"), material("b", options={"learning_rate": 0.5})]),
    "evil": lambda: page(
        [material(docstring=EVIL, answered=answered((EVIL * 3, "dog")), notes=[EVIL])]
    ),
    "bare": lambda: page([material(records=[], result=None, answered=None, starts=[])]),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install playwright")
    path = os.environ.get("DL_TEST_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium, or set DL_TEST_CHROMIUM")
    with api.sync_playwright() as playwright:
        # Containers allow no sandbox of its own to a browser that root starts.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The addresses of the pages by name."""
    folder = tmp_path_factory.mktemp("pages")
    for name, make in PAGES.items():
        (folder / f"{name}.html").write_text(make(), encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in PAGES}


class Visit:
    """A page in a tab, with what the browser complained of and asked for."""

    def __init__(self, browser: Any, address: str, *, width: int = 1100, **how: Any) -> None:
        self.tab = browser.new_context(viewport={"width": width, "height": 800}, **how).new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.tab.on("console", lambda message: self.said.append(message.text))
        self.tab.on("pageerror", lambda error: self.said.append(str(error)))
        self.tab.on("dialog", lambda dialog: self.said.append(f"dialog {dialog.message}"))
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.goto(address)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [320, 1100])
def test_page_fits_loads_nothing_and_complains_of_nothing(browser, files, name, width) -> None:
    visit = Visit(browser, files[name], width=width)
    assert visit.tab.evaluate("document.documentElement.scrollWidth") == width
    assert visit.said == []
    assert [url for url in visit.asked if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, files, name, scheme) -> None:
    axe = os.environ.get("DL_TEST_AXE")
    if not axe or not Path(axe).is_file():
        pytest.skip("no axe-core: set DL_TEST_AXE to the path of axe.min.js")
    visit = Visit(browser, files[name], width=390, color_scheme=scheme, bypass_csp=True)
    visit.tab.evaluate(
        "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
    )
    visit.tab.evaluate("location.hash = '#cell-1-0'")
    visit.tab.add_script_tag(path=axe)
    found = visit.tab.evaluate(
        "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'] })"
    )
    told = [
        (each["impact"], each["id"], each["nodes"][0]["html"][:200])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical", "moderate")
    ]
    assert len(found["passes"]) > 20
    assert told == []


def test_a_cell_shows_its_examples_by_mouse_and_by_keyboard(browser, files) -> None:
    tab = Visit(browser, files["whole"]).tab
    box = tab.locator("#cell-1-0")
    assert not box.is_visible()
    tab.locator("a[href='#cell-1-0']").click()
    assert box.is_visible()
    assert box.locator("img").count() == 1
    tab.locator("#cell-1-0 .close").click()
    assert not box.is_visible()
    tab.locator("a[href='#cell-0-0']").focus()
    tab.keyboard.press("Enter")
    assert tab.locator("#cell-0-0").is_visible()


def test_a_page_without_script_has_its_curves_and_examples(browser, files) -> None:
    tab = Visit(browser, files["whole"], java_script_enabled=False).tab
    assert tab.locator(".chart path.line").count() == 8  # four of the charts, four of the legends
    assert tab.locator(".chart .readout").count() == 0
    tab.locator("a[href='#cell-1-0']").click()
    assert tab.locator("#cell-1-0").is_visible()


def test_a_chart_answers_to_keys_and_can_be_enlarged(browser, files) -> None:
    tab = Visit(browser, files["whole"]).tab
    chart = tab.locator(".chart").first
    svg, readout = chart.locator("> svg"), chart.locator(".readout")
    svg.focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    assert readout.inner_text() == "epoch 2: training 0.5, validation 0.45"
    before = chart.locator("path.line").first.get_attribute("d")
    tab.keyboard.press("+")
    assert chart.locator("path.line").first.get_attribute("d") != before
    assert chart.get_by_role("button", name="Whole curve").is_visible()
    tab.keyboard.press("Escape")
    assert chart.locator("path.line").first.get_attribute("d") == before


def test_a_chart_answers_to_the_mouse(browser, files) -> None:
    tab = Visit(browser, files["whole"]).tab
    chart = tab.locator(".chart").first
    chart.scroll_into_view_if_needed()
    area = chart.locator(".curves").bounding_box()
    left, right, middle = area["x"], area["x"] + area["width"], area["y"] + area["height"] / 2
    tab.mouse.move(right - 2, middle)
    assert chart.locator(".readout").inner_text().startswith("epoch 5: training 0.2")
    tab.mouse.move(left + 0.3 * area["width"], middle)
    tab.mouse.down()
    tab.mouse.move(left + 0.8 * area["width"], middle, steps=5)
    tab.mouse.up()
    labels = chart.locator(".ticks .below").all_text_contents()
    assert min(map(float, labels)) > 2
    chart.get_by_role("button", name="Whole curve").click()
    assert chart.locator(".ticks .below").all_text_contents()[-1] == "5"


def test_a_served_page_follows_the_run_and_stops_at_its_end(browser) -> None:
    states = [
        page([material(result=None, records=records(n), answered=None)], live=True) for n in (1, 3)
    ]
    states.append(page([material()]))
    now = [0]
    with PageServer(lambda: states[now[0]]) as server:
        visit = Visit(browser, server.address)
        tab = visit.tab
        tab.get_by_text("epoch 1 of 20").wait_for(timeout=10_000)
        now[0] = 1
        tab.get_by_text("epoch 3 of 20").wait_for(timeout=10_000)
        now[0] = 2
        tab.get_by_text("finished after 800 steps").wait_for(timeout=10_000)
        asked = len(visit.asked)
        tab.wait_for_timeout(3000)
        assert len(visit.asked) == asked
        assert visit.said == []


def test_a_curve_of_100_000_records_is_drawn(browser, tmp_path) -> None:
    many = [replace(records(1)[0], step=n, epoch=n / 1000) for n in range(1, 100_001)]
    file = tmp_path / "many.html"
    file.write_text(page([material(records=many)]), encoding="utf-8")
    assert file.stat().st_size < 1_500_000
    visit = Visit(browser, file.as_uri())
    assert visit.said == []
    visit.tab.locator(".chart > svg").first.focus()
    visit.tab.keyboard.press("End")
    assert visit.tab.locator(".readout").first.inner_text() == "epoch 100: training 1"

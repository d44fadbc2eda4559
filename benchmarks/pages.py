"""How large run pages are, and how soon Chromium paints them: `python -m benchmarks.pages RUN`.

Beside the page of RUN it measures one with 100,000 records a curve. It needs Playwright's Python
client (`pip install playwright`) and a Chromium, Debian's or the one named with --chromium.
"""

import argparse
import math
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dl.reports.page.material import Material, gather
from dl.reports.page.page import page
from dl.train.record import Record

ROUNDS = 7
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
_LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def main() -> None:
    """Print a line for each page: bytes, and medians of paint and load in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="the folder of a finished run")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    given = parser.parse_args()
    run = gather(given.run)
    with tempfile.TemporaryDirectory() as folder:
        for name, material in {"the run": run, "100,000 records": with_many(run)}.items():
            file = Path(folder) / "page.html"
            file.write_text(page([material]), encoding="utf-8")
            paints, loads = zip(*measure(file, given.chromium), strict=True)
            print(
                f"{name}: {file.stat().st_size:,} bytes, first paint "
                f"{statistics.median(paints):.0f} ms (at most {max(paints):.0f}), loaded "
                f"{statistics.median(loads):.0f} ms (at most {max(loads):.0f})"
            )


def with_many(run: Material, count: int = 100_000) -> Material:
    """The same run with `count` records of noisy curves for either part."""
    made = []
    for step in range(1, count + 1):
        wave = 0.1 * math.sin(step * 12.9898) + 1000 / (step + 500)
        for split, more in (("train", 0.0), ("validation", 0.05)):
            values = {"loss": 0.2 + wave + more, "accuracy": 0.9 - wave / 4 - more}
            made.append(Record(step, step / 1000, split, values))
    return replace(run, records=made)


def measure(file: Path, chromium: str) -> Iterator[tuple[float, float]]:
    """Milliseconds to the first paint and to the end of loading, in a fresh tab each time."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(ROUNDS):
            tab = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            tab.goto(file.as_uri())
            tab.wait_for_function(f"{_LOADED} > 0 && {_PAINT} > 0")
            yield tab.evaluate(_PAINT), tab.evaluate(_LOADED)
            tab.close()


if __name__ == "__main__":
    main()

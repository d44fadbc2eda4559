"""The page that a run leaves at its end."""

import os
from pathlib import Path

from dl.errors import first_line
from dl.screen import say


def leave_page(run: Path, *, package: str) -> None:
    """Write `report.html` into the folder of a finished run, unless DL_NO_PAGE is set.

    Whatever goes wrong is one line: the run is done, and its exit code stays.
    """
    if os.environ.get("DL_NO_PAGE"):
        return
    try:
        from dl.reports.page.write import write_page

        say(f"page: {write_page([run], package=package)}")
    except Exception as error:  # a full disk as well as an experiment's own model
        say(f"warning: {run} gets no page ({first_line(error)}); the run itself is whole")

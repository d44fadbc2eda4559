"""`--log csv`: the records as metrics.csv, for a spreadsheet or pandas.

On `resume` the file is written anew from the records that the run keeps, so it never holds others
than metrics.jsonl. Numbers are whole: they read back as they were.
"""

from dl.runs.files import write_text
from dl.runs.sinks.sink import Begun
from dl.train.record import Record, as_table, columns_of

FILE = "metrics.csv"


class CsvFile:
    """A row for each record; the columns are the union of all values' names."""

    def open(self, run: Begun) -> None:
        """Write the records so far, in the place of what was there."""
        self._path = run.folder / FILE
        self._records = list(run.records)
        self._write()

    def record(self, record: Record) -> None:
        """Append a row; a record with new columns needs a new file."""
        self._records.append(record)
        if not set(columns_of([record])) <= set(self._columns):
            self._write()
            return
        row = as_table([record], self._columns).csv().partition("\n")[2]
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{row}\n")

    def close(self) -> None:
        """Nothing is open between two records."""

    def _write(self) -> None:
        self._columns = columns_of(self._records)
        write_text(self._path, as_table(self._records).csv() + "\n")

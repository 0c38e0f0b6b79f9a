"""A file as what it is, whatever it is called."""

from pathlib import Path

from policies.errors import Misconfigured
from server.importing.columns import Kind
from server.importing.rows import Rows
from server.importing.ways import FileWays


def open_rows(file: Path, kind: Kind, ways: FileWays) -> Rows:
    """A CSV or Parquet file, whatever it is called.

    Raises:
        Misconfigured: It is missing, is neither, or its columns do not fit.
    """
    # each reader is imported when it is needed: Arrow takes a second
    try:
        with file.open("rb") as stream:
            begins = stream.read(4)
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read.", code="import.file", hint="Check its path.") from error
    if begins == b"PAR1" or file.suffix.lower() in {".parquet", ".pq"}:
        from server.importing.parquet_file import ParquetRows  # noqa: PLC0415

        return ParquetRows(file, kind, ways)
    from server.importing.csv_file import CsvRows  # noqa: PLC0415

    return CsvRows(file, kind, ways)

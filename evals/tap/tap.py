"""Listens at every place where something leaves the product, and says whose data was heard there."""

import json
import logging
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from opentelemetry import trace

from knowledge.leaks.needles import Raw
from knowledge.leaks.places import Found, in_database, in_files
from knowledge.leaks.scanner import Leak, Scanner
from knowledge.store.session import Database

MODEL: Final = "model"
LOGS: Final = "logs"
SPANS: Final = "spans"
MCP: Final = "mcp"


@dataclass(slots=True)
class Tap:
    """What was heard, by sink; `look` goes through all of it and through what is kept.

    Attributes:
        heard: Bytes by sink, as they left.
    """

    values: Iterable[Raw]
    heard: dict[str, list[bytes]] = field(default_factory=dict[str, list[bytes]])

    def hear(self, sink: str, what: Any) -> None:
        """Something left here: bytes, text, or whatever JSON has a word for."""
        if isinstance(what, str):
            what = what.encode("utf-8", "surrogatepass")
        elif not isinstance(what, bytes):
            what = json.dumps(what, ensure_ascii=False, default=str).encode()
        self.heard.setdefault(sink, []).append(what)

    @contextmanager
    def listening(self) -> Generator[None]:
        """Hear every log record of every logger, tracebacks included, and every span, while the block lasts."""
        root, before = logging.getLogger(), logging.getLogger().level
        handler = _Handler(self)
        spans = _Spans(self)
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        # there is no public way to put one back
        provider: Any = trace._TRACER_PROVIDER  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        trace._TRACER_PROVIDER = spans  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        try:
            yield
        finally:
            trace._TRACER_PROVIDER = provider  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            root.setLevel(before)
            root.removeHandler(handler)

    async def look(self, database: Database | None = None, folders: Mapping[str, Path] | None = None) -> Found:
        """What was found, in what was heard, in every table but the vault's, and in every file under these folders."""
        scanner = Scanner(self.values)
        found = Found()
        for sink, pieces in self.heard.items():
            data = b"\n".join(pieces)
            found.add(Found({sink: len(data)}, scanner.scan(sink, data)))
        if database is not None:
            found.add(await in_database(database, scanner))
        for name, folder in (folders or {}).items():
            kept = in_files(folder, scanner)
            found.add(
                Found(
                    {f"{name} {sink}": count for sink, count in kept.looked.items()},
                    [Leak(f"{name} {leak.sink}", leak.whose, leak.field, leak.form) for leak in kept.leaks],
                )
            )
        return found


class _Handler(logging.Handler):
    def __init__(self, tap: Tap) -> None:
        super().__init__(logging.NOTSET)
        self._tap = tap
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """The record as a log file would have it, and what it was made from."""
        self._tap.hear(LOGS, self.format(record))
        self._tap.hear(LOGS, repr(record.args))


class _Spans(trace.TracerProvider):
    """Hears what any library would tell a collector of traces."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap

    def get_tracer(self, instrumenting_module_name: str, *given: Any, **named: Any) -> trace.Tracer:
        """One that hears."""
        return _Tracer(self._tap)


class _Tracer(trace.Tracer):
    def __init__(self, tap: Tap) -> None:
        self._tap = tap

    def start_span(self, name: str, *given: Any, **named: Any) -> trace.Span:
        """Hear its name and attributes."""
        self._tap.hear(
            SPANS, {"name": name, "given": list(map(repr, given)), "named": {k: repr(v) for k, v in named.items()}}
        )
        return _Span(self._tap)

    @contextmanager
    def start_as_current_span(self, name: str, *given: Any, **named: Any) -> Generator[trace.Span]:  # type: ignore[override]
        """The same, for a block."""
        yield self.start_span(name, *given, **named)


class _Span(trace.NonRecordingSpan):
    def __init__(self, tap: Tap) -> None:
        super().__init__(trace.INVALID_SPAN_CONTEXT)
        self._tap = tap

    def is_recording(self) -> bool:
        """So that nobody leaves anything out."""
        return True

    def set_attribute(self, key: str, value: Any) -> None:
        """Hear it."""
        self._tap.hear(SPANS, {key: repr(value)})

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Hear them."""
        self._tap.hear(SPANS, {key: repr(value) for key, value in attributes.items()})

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        """Hear it."""
        self._tap.hear(SPANS, {name: repr(attributes)})

    def record_exception(self, exception: BaseException, *given: Any, **named: Any) -> None:
        """Hear what it says."""
        self._tap.hear(SPANS, repr(exception))

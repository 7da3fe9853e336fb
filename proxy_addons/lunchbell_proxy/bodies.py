"""Reads the fields of a request's body while it streams by: names, and the beginnings of values; nothing is kept whole.

Whatever is odd, damaged or endless costs bounded memory and yields the fields read so far. Never raise from here.
"""

import zlib
from collections.abc import Callable
from contextlib import suppress
from email.message import Message
from typing import Protocol
from urllib.parse import unquote_plus

import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, QuerystringParser

from lunchbell.policy.patterns import LONGEST_VALUE, Fields
from lunchbell.policy.urls import MOST_FIELDS

LONGEST_FORM = 8 * 1024 * 1024
"""A wiki page is saved with its marker after the text, and texts go up to 2 MB, three times that once encoded."""
LONGEST_JSON = 256 * 1024
LONGEST_NAME = 128
HOLD = 64 * 1024
"""A body up to this size is held until its request is judged."""


class _Parser(Protocol):
    def write(self, data: bytes) -> int: ...

    def finalize(self) -> None: ...


class FieldReader:
    """Collects the fields of one urlencoded or multipart body."""

    def __init__(self) -> None:
        self.fields: dict[str, tuple[str, ...]] = {}
        self._name = bytearray()
        self._value = bytearray()
        self._header = bytearray()
        self._header_value = bytearray()
        self._count = 0

    def urlencoded(self) -> _Parser:
        """A parser that fills `fields` from application/x-www-form-urlencoded."""
        return QuerystringParser(
            {
                "on_field_start": self._start,
                "on_field_name": self._add(self._name, LONGEST_NAME * 3),
                "on_field_data": self._add(self._value, LONGEST_VALUE * 3),
                "on_field_end": self._end_encoded,
            }
        )

    def multipart(self, boundary: str) -> _Parser:
        """A parser that fills `fields` from multipart/form-data."""
        return MultipartParser(
            boundary.encode("latin-1", "replace"),
            {
                "on_part_begin": self._start,
                "on_header_field": self._add(self._header, LONGEST_NAME),
                "on_header_value": self._add(self._header_value, LONGEST_NAME * 4),
                "on_header_end": self._end_header,
                "on_part_data": self._add(self._value, LONGEST_VALUE),
                "on_part_end": self._end_plain,
            },
        )

    @property
    def full(self) -> bool:
        """Whether further fields would be passed over."""
        return self._count >= MOST_FIELDS

    def _start(self) -> None:
        self._name.clear()
        self._value.clear()

    def _add(self, into: bytearray, most: int) -> Callable[[bytes, int, int], None]:
        def add(data: bytes, start: int, end: int) -> None:
            room = most - len(into)
            if room > 0:
                into.extend(data[start : min(end, start + room)])

        return add

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            name = _parameter(self._header_value.decode("utf-8", "replace"), "content-disposition", "name")
            self._name[:] = name.encode("utf-8", "replace")[:LONGEST_NAME]
        self._header.clear()
        self._header_value.clear()

    def _end_encoded(self) -> None:
        self._keep(*(unquote_plus(part.decode("latin-1"), errors="replace") for part in (self._name, self._value)))

    def _end_plain(self) -> None:
        self._keep(*(part.decode("utf-8", "replace") for part in (self._name, self._value)))

    def _keep(self, name: str, value: str) -> None:
        self._count += 1
        if name and self._count <= MOST_FIELDS:
            self.fields[name] = (*self.fields.get(name, ()), value[:LONGEST_VALUE])


class BodyTap:
    """Stands in a request's stream: every chunk passes, and what patterns need of it is read.

    A short body is held until `finish`, so that it is taken apart away from the flow; a longer one as it streams by.
    """

    def __init__(self, content_type: str, encoding: str) -> None:
        self.size = 0
        self._content_type = content_type
        self._encoding = encoding
        self._held: bytearray | None = bytearray()
        self._reader: _Reader | None = None

    def __call__(self, chunk: bytes) -> bytes:
        """mitmproxy's stream: a chunk in, the same chunk out."""
        self.size += len(chunk)
        if self._held is not None:
            self._held += chunk
            if self.size > HOLD:
                self._read_held()
        elif self._reader:
            self._reader.read(chunk)
        return chunk

    def finish(self) -> tuple[Fields, object]:
        """(form fields, JSON document or None) of the body, as far as it could be read."""
        self._read_held()
        assert self._reader
        return self._reader.end()

    def _read_held(self) -> None:
        if self._reader is None:
            self._reader = _Reader(self._content_type, self._encoding)
        if self._held:
            self._reader.read(bytes(self._held))
        self._held = None


class _Reader:
    """Reads one body of a declared type."""

    def __init__(self, content_type: str, encoding: str) -> None:
        self._fields = FieldReader()
        self._parser: _Parser | None = None
        self._document: bytearray | None = None
        self._inflate = (
            zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding.strip().lower() in ("gzip", "deflate") else None
        )
        self._left = LONGEST_FORM
        kind = content_type.partition(";")[0].strip().lower()
        try:
            if kind == "application/x-www-form-urlencoded":
                self._parser = self._fields.urlencoded()
            elif kind == "multipart/form-data":
                self._parser = self._fields.multipart(_parameter(content_type, "content-type", "boundary"))
            elif kind.endswith("json") or kind == "text/plain":
                self._document = bytearray()
                self._left = LONGEST_JSON + 1
        except (FormParserError, ValueError):
            self._parser = None

    def read(self, chunk: bytes) -> None:
        """Look at the next part of the body."""
        if (self._parser is None and self._document is None) or self._left <= 0:
            return
        try:
            packed = len(chunk)
            if self._inflate:
                chunk = self._inflate.decompress(chunk, self._left)
            chunk = chunk[: self._left]
            self._left -= max(packed, len(chunk))
            if self._inflate and self._inflate.eof:
                self._left = 0  # zlib would hold on to whatever comes after the end
            if self._parser:
                self._parser.write(chunk)
                if self._fields.full:
                    self._parser = None
            elif self._document is not None:
                self._document.extend(chunk)
                if len(self._document) > LONGEST_JSON:
                    self._document = None
        except (FormParserError, zlib.error, ValueError):
            self._parser = self._document = None

    def end(self) -> tuple[Fields, object]:
        """The body is over."""
        document = None
        with suppress(FormParserError, ValueError):
            if self._parser:
                self._parser.finalize()
            elif self._document:
                document = orjson.loads(self._document)
        return self._fields.fields, document


def _parameter(value: str, header: str, name: str) -> str:
    message = Message()
    message[header] = value.replace("\r", "").replace("\n", "")
    found = message.get_param(name, header=header)
    return found if isinstance(found, str) else ""

"""The types of a ledger's columns that mean the same on every database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator

_FORMAT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


class Instant(TypeDecorator[datetime]):
    """An aware datetime as UTC text of one width: it sorts as time does, on every database."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).strftime(_FORMAT)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        del dialect
        if value is not None and value[26:] != "Z":
            raise ValueError(f"no instant: {value!r}")
        return None if value is None else datetime.fromisoformat(value)  # quicker than a format


# SQLite has one kind of number, which counts by itself under this name alone.
Big: Final = BigInteger().with_variant(Integer, "sqlite")

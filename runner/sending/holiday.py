"""Public holidays, by country and region, from the `holidays` library."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from runner.errors import UsageError


def parse_holidays(text: str) -> tuple[str, ...]:
    """`DE`, `DE-BY` or `US-CA, CA-QC`: ISO codes of countries, a region after the dash. Raises
    UsageError."""
    codes = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for code in codes:
        try:
            _holidays_of(code, 2026)
        except NotImplementedError:
            raise UsageError(
                f"No holidays are known for {code!r}.",
                remedy="Give a country as DE, or with its region as DE-BY or US-CA.",
            ) from None
    return codes


def holiday_on(day: date, codes: tuple[str, ...]) -> str | None:
    """The name of the first of these places' holidays on that day, None when it is none."""
    return next((name for code in codes if (name := _holidays_of(code, day.year).get(day))), None)


@lru_cache(maxsize=256)
def _holidays_of(code: str, year: int) -> dict[date, str]:
    from holidays import (
        country_holidays,  # a twentieth of a second that only those who ask for it pay
    )

    country, _, region = code.partition("-")
    return dict(
        country_holidays(country.strip().upper(), subdiv=region.strip() or None, years=year)
    )

"""Public holidays, by country and region, from the `holidays` library."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from runner.errors import UsageError


def parse_holidays(text: str) -> tuple[str, ...]:
    """Read ISO codes of countries, with a region after the dash: `DE`, `DE-BY` or `US-CA, CA-QC`.

    Raises UsageError.
    """
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
    """Return the day's holiday in the first of these places that has one, or None."""
    return next((name for code in codes if (name := _holidays_of(code, day.year).get(day))), None)


@lru_cache(maxsize=256)
def _holidays_of(code: str, year: int) -> dict[date, str]:
    # This import takes a twentieth of a second. Only campaigns with holidays pay for it.
    from holidays import country_holidays

    country, _, region = code.partition("-")
    return dict(
        country_holidays(country.strip().upper(), subdiv=region.strip() or None, years=year)
    )

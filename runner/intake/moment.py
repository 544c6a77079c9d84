"""Dates and times as people and programs write them, read without a guess.

A date such as 3/4/2026 has two readings; which is meant, a whole column can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, Literal

Order = Literal["day", "month"]

# Month names of the lists' languages, by their first letters: enough to tell them apart.
_MONTHS: Final = {
    1: "jan ene gen janv januar januari janeiro sty leden ocak янв",
    2: "feb fév fev févr febr lut únor şub фев",
    3: "mar mär mrz mrt märz mars marz marzo março maart mart мар",
    4: "apr avr abr avril abril kwi dub nis апр",
    5: "may mai mag mei maj mayo maio maggio kvě май",
    6: "jun juin giu junio junho giugno cze červn haz июн",
    7: "jul juil lug julio julho luglio lip červe tem июл",
    8: "aug aoû aou ago août agosto sie srp ağu авг",
    9: "sep set sept wrz září eyl сен",
    10: "oct okt ott out octubre outubro ottobre paź říj eki окт",
    11: "nov lis kas ноя",
    12: "dec dez déc dic dicembre diciembre dezembro gru pros ara дек",
}
_WEEKDAY: Final = re.compile(
    r"\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b\.?,?|\b(?:montag|dienstag|mittwoch|donnerstag|"
    r"freitag|samstag|sonnabend|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|"
    r"martes|miércoles|jueves|viernes|sábado|domingo|lunedì|martedì|mercoledì|giovedì|venerdì|"
    r"sabato|domenica|mo|di|mi|do|fr|sa|so)\b[.,]+",
    re.IGNORECASE,
)
_TIME: Final = re.compile(
    r"(?:^|[T ,])\s?(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?:\s?(?P<half>[AaPp])\.?\s?[Mm]\.?)?(?:\s?Uhr)?"
    r"\s?(?P<zone>Z|UTC|GMT)?(?P<offset>[+-]\d{2}:?\d{2})?(?:\s?\([^()]{1,40}\))?$"
)
_YEAR_FIRST: Final = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_COMPACT: Final = re.compile(r"((?:19|20)\d\d)()(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
# Seconds or milliseconds since 1970, of this century.
_EPOCH: Final = re.compile(r"1\d{9}(?:\d{3})?")
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_LAST: Final = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})")
_WORDS: Final = re.compile(r"[^\W\d_]+|\d+")
# They stand between day, month and year.
_BETWEEN: Final = re.compile(r"[\s.,/'’-]*")
_FILLERS: Final = frozenset(
    ["st", "nd", "rd", "th", "er", "de", "del", "of", "the", "le", "il", "den"]
)
_LONGEST: Final = 80


def readings(text: str, order: Order | None = None) -> list[datetime]:
    """Return the times that a text can mean, without a zone where it names none.

    A day alone is its first moment. `order` tells what a date in figures begins with.
    """
    text = " ".join(text[:_LONGEST].split())
    if _EPOCH.fullmatch(text):
        return [_START + timedelta(milliseconds=int(text.ljust(13, "0")))]
    clock = _TIME.search(text)
    day = text[: clock.start()] if clock else text
    found = []
    for year, month, number in _days(day.strip(" ,"), order):
        try:
            at = datetime(year, month, number, *(_clock(clock) if clock else ()))  # noqa: DTZ001
            at = at.replace(tzinfo=_zone(clock) if clock else None)
            at.astimezone(UTC)  # raises at the ends of the calendar, which have no other zones
        except (ValueError, OverflowError):
            continue
        found.append(at)
    return found


def order_of(texts: Iterable[str]) -> Order | None:
    """Tell whether a column's dates begin with the day or with the month.

    A date that can be read in only one order decides. The answer is None when each date could be
    either, or when the dates contradict each other.
    """
    orders: set[Order] = set()
    for text in texts:
        day, month = readings(text, "day"), readings(text, "month")
        if bool(day) is not bool(month):
            orders.add("day" if day else "month")
    return orders.pop() if len(orders) == 1 else None


def _days(text: str, order: Order | None) -> Iterator[tuple[int, int, int]]:
    """Give the days that a text can mean, as year, month and day."""
    if match := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        yield int(match[1]), int(match[3]), int(match[4])
        return
    if match := _YEAR_LAST.fullmatch(text):
        first, second, year = int(match[1]), int(match[3]), _year(match[4])
        if match[2] == "." or order != "month":
            yield year, second, first
        if match[2] != "." and order != "day":
            yield year, first, second
        return
    plain = _WEEKDAY.sub(" ", text)
    if not _BETWEEN.fullmatch(_WORDS.sub("", plain)):
        return
    match [word for word in _WORDS.findall(plain) if word.casefold() not in _FILLERS]:
        case [day, name, year] if day.isdigit() and year.isdigit():
            pass
        case [name, day, year] if day.isdigit() and year.isdigit():
            pass
        case _:
            return
    if (month := _month(name)) and len(day) < 3 and len(year) in (2, 4):
        yield _year(year), month, int(day)


def _month(name: str) -> int | None:
    folded = name.casefold()
    if len(folded) < 3 or not folded.isalpha():
        return None
    for month, names in _MONTHS.items():
        if folded.startswith(tuple(names.split())):
            return month
    return None


def _year(text: str) -> int:
    return int(text) + 2000 if len(text) == 2 else int(text)


def _clock(match: re.Match[str]) -> tuple[int, int, int, int]:
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of a half day")
        hour = hour % 12 + 12 * (match["half"] in "Pp")
    part = int((match["part"] or "0").ljust(6, "0")[:6])
    return hour, int(match["minute"]), int(match["second"] or 0), part


def _zone(match: re.Match[str]) -> timezone | None:
    if not match["offset"]:
        return UTC if match["zone"] else None
    sign, digits = match["offset"][0], match["offset"][1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-ahead if sign == "-" else ahead)

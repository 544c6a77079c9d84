"""The messages that an account may still send, from every form of the server's numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.ledger.record import Told
from runner.sending.quota import DEFAULT_LIMIT, allowance, next_midnight, read_headers, read_reset

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T00:00:00Z",
        "2026-11-24T00:00:00.000Z",
        "2026-11-24T00:00:00.123456Z",
        "2026-11-24 00:00:00Z",
        "2026-11-24 00:00:00+00:00",
        "2026-11-24T01:00:00+01:00",
        "2026-11-24T00:00:00",
        "1795478400",
        "1795478400.0",
        "1795478400000",
        " 2026-11-24T00:00:00Z ",
    ],
)
def test_every_form_of_reset_is_read(text: str) -> None:
    """A reset is read as ISO 8601 with Z or offset, T or space, with or without fraction, or as a
    Unix time."""
    reset = read_reset(text, NOW)
    assert reset is not None
    assert reset.replace(microsecond=0) == MIDNIGHT


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T15:29:59Z",
        "2030-01-01T00:00:00Z",
        "soon",
        "",
        "0",
        "-5",
        "99999999999999",
        "NaN",
        "1e99",
    ],
)
def test_a_reset_in_the_past_or_absurdly_far_is_ignored(text: str) -> None:
    """Past, far and unreadable resets count as missing."""
    assert read_reset(text, NOW) is None


def test_no_headers_tell_nothing() -> None:
    """An answer without rate headers leaves what is known as it is."""
    assert read_headers({"content-type": "application/json"}, NOW) is None


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ({}, DEFAULT_LIMIT - 7),
        ({"limit": "100"}, 93),
        ({"used": "30"}, DEFAULT_LIMIT - 30 - 3),
        ({"remaining": "12"}, 9),
        ({"limit": "100", "used": "30"}, 67),
        ({"limit": "100", "remaining": "20"}, 17),
        ({"limit": "10", "remaining": "500"}, 3),
        ({"remaining": "0"}, 0),
        ({"remaining": "2"}, 0),
        ({"remaining": "-4"}, DEFAULT_LIMIT - 7),
        ({"remaining": "many", "limit": "0"}, DEFAULT_LIMIT - 7),
    ],
)
def test_any_header_can_be_missing(headers: dict[str, str], left: int) -> None:
    """A number that is told counts, less what we sent since (3). Our own count of the day (7)
    stands in for a number that is not told."""
    at = NOW - timedelta(hours=1)
    told = read_headers({f"x-ratelimit-{name}": value for name, value in headers.items()}, at)
    found = allowance(told, lambda since: 3 if since >= at else 7, NOW)
    assert (found.remaining, found.reset_at) == (left, MIDNIGHT)


def test_a_passed_reset_opens_a_new_window() -> None:
    """Numbers from before a reset do not hold after it."""
    told = Told(NOW - timedelta(days=1), 100, 100, 0, NOW - timedelta(hours=3))
    found = allowance(told, lambda since: 4 if since > NOW - timedelta(hours=4) else 99, NOW)
    assert (found.remaining, found.limit) == (96, 100)


def test_a_spent_quota_opens_again_at_midnight_utc_without_a_reset_header() -> None:
    """Daily windows end at midnight UTC when no header says otherwise."""
    told = Told(NOW, 150, 150, 0, None)
    assert allowance(told, lambda _: 0, NOW).reset_at == MIDNIGHT
    assert allowance(told, lambda _: 0, MIDNIGHT).remaining == 150


def test_a_velocity_window_does_not_lower_the_day_for_ever() -> None:
    """A short window told with a small limit is over when its reset has passed."""
    told = Told(NOW, 15, 15, 0, NOW + timedelta(seconds=40))
    assert allowance(told, lambda _: 80, NOW).remaining == 0
    later = NOW + timedelta(seconds=41)
    assert allowance(told, lambda since: 0 if since > NOW else 80, later).remaining == 15


def test_a_reserve_is_left_to_others_until_they_have_used_it() -> None:
    """Of 150 with 10 in reserve, 140 are ours. Others' use comes off the reserve first, and then
    off ours."""
    for used_by_others, left in [(0, 140), (6, 140), (10, 140), (25, 125), (150, 0)]:
        told = Told(NOW - timedelta(hours=1), 150, used_by_others, 150 - used_by_others, MIDNIGHT)
        found = allowance(told, lambda _: 0, NOW, reserve=10)
        assert (found.remaining, found.foreign) == (left, used_by_others)


def test_what_others_used_is_told_from_our_own() -> None:
    """When the server counts 50 and we sent 13 of them, others sent 37."""
    told = Told(NOW, 150, 50, 100, MIDNIGHT)
    assert allowance(told, lambda since: 0 if since >= NOW else 13, NOW).foreign == 37


@given(
    st.dictionaries(
        st.sampled_from(["limit", "used", "remaining", "reset"]),
        st.integers(-10, 10**10).map(str) | st.text(max_size=25),
    ),
    st.integers(0, 400),
    st.integers(0, 400),
    instants,
)
def test_whatever_the_headers_hold_the_allowance_is_sane(
    headers: dict[str, str], own: int, reserve: int, now: datetime
) -> None:
    """The allowance is never negative, and never above the limit less the reserve. Its window
    always holds now."""
    told = read_headers({f"x-ratelimit-{name}": value for name, value in headers.items()}, now)
    found = allowance(told, lambda _: own, now, reserve)
    assert 0 <= found.remaining <= found.limit
    assert not reserve or found.remaining <= max(0, found.limit - reserve - own)
    assert found.opened <= now < found.reset_at <= now + timedelta(days=8)


@given(instants)
def test_midnight_lies_within_a_day_ahead(now: datetime) -> None:
    """The next midnight is after now, by at most a day, and is a midnight UTC."""
    midnight = next_midnight(now)
    assert timedelta() < midnight - now <= timedelta(days=1)
    assert midnight.time().isoformat() == "00:00:00"

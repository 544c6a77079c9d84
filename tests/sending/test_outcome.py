"""The answer table of the endpoint's documentation, line by line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import ExitCode
from runner.ledger.record import Outcome, Status
from runner.sending.client import Answer
from runner.sending.outcome import BRIEF, error_text, read_answer, unanswered

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)


def answer(status: int, body: Any = None, **headers: str) -> Outcome:
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_answer(Answer.read(status, names, raw), NOW)


def test_confirmed_success_is_sent_with_what_it_tells() -> None:
    """200 with success:true is sent; unknown keys are ignored."""
    urn = "urn:li:fsd_profile:ACoAAFpqSoMB8vTqRbg4mN"
    said = {
        "success": True,
        "message": "ok",
        "recipientProfileUrn": urn,
        "typingIndicatorSent": True,
        "_deprecated": {"x": 1},
    }
    outcome = answer(200, said)
    assert (outcome.status, outcome.typing_indicator_sent, outcome.recipient_urn) == (
        Status.SENT,
        True,
        urn,
    )


def test_success_without_indicator_is_sent() -> None:
    """success:true with typingIndicatorSent:false is sent."""
    outcome = answer(200, {"success": True, "typingIndicatorSent": False})
    assert (outcome.status, outcome.typing_indicator_sent) == (Status.SENT, False)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"success": False, "error": "Could not send"}),
        (200, {"success": "true"}),
        (200, {"message": "ok"}),
        (200, ["success"]),
        (200, b'{"success": tr'),
        (200, b"<html>hello</html>"),
        (200, b""),
        (200, None),
        (400, {"success": False, "error": "Request failed with status code 500"}),
        (400, {"success": False, "error": "Request failed with status code 503"}),
        (400, {"success": False, "error": "Request failed with status code 302"}),
        (400, {"success": False, "error": "timeout of 30000ms exceeded"}),
        (400, {"success": False, "error": "connect ETIMEDOUT 10.0.0.1:443"}),
        (400, {"success": False, "error": "read ECONNRESET"}),
        (400, {"success": False, "error": "socket hang up"}),
        (400, {"success": False, "error": "Network Error"}),
        (400, {"success": False, "error": "Request failed with status 503"}),
        (400, {"success": False, "error": "HTTP 502"}),
        (400, {"success": False, "error": "Bad request", "errorDetails": {"statusCode": 504}}),
        (
            400,
            {
                "success": False,
                "error": "Request failed with status code 400 after status code 500",
            },
        ),
        (400, {"success": False, "error": "x" * 400 + " status code 500"}),
        (400, {"success": False, "error": "Connection reset by peer"}),
        (400, {"success": False, "error": "Premature close"}),
        (400, {"success": False, "error": "context deadline exceeded"}),
        (400, None),
        (422, {"error": "Request failed with status code 500"}),
        (500, {"error": "Message sent, but could not refresh LinkedIn authentication credentials"}),
        (201, {"success": True}),
        (204, None),
        (301, b""),
        (302, b"<html>moved</html>"),
        (307, b""),
        (408, {"error": "Request Timeout"}),
        (425, b""),
        (500, {"success": False, "error": "Internal error"}),
        (500, b"<html>oops</html>"),
        (500, None),
        (502, b"Bad gateway"),
        (503, {"error": "Service unavailable"}),
        (504, b""),
        (599, b""),
    ],
)
def test_what_does_not_tell_is_uncertain(status: int, body: Any) -> None:
    """A row is uncertain when the answer leaves open whether the message went out. Nothing is tried
    again."""
    outcome = answer(status, body)
    assert outcome.status is Status.UNCERTAIN
    assert (outcome.hold, outcome.stop, outcome.unreachable) == (None, None, False)
    assert outcome.error


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (400, {"success": False, "error": "message is required"}, "message is required"),
        (
            400,
            {"success": False, "error": "Request failed with status code 422"},
            "Request failed with status code 422",
        ),
        (
            400,
            {"success": False, "error": "Request failed with status code 404"},
            "Request failed with status code 404",
        ),
        (
            400,
            {
                "success": False,
                "error": {
                    "name": "ZodError",
                    "issues": [{"path": ["subject"], "message": "Too long"}],
                },
            },
            "subject: Too long",
        ),
        (400, {"success": False, "code": "X", "message": "Not connected"}, "Not connected"),
        (400, {"errorDetails": {"message": "No InMail credits"}}, "No InMail credits"),
        (
            400,
            {"success": False, "error": "Recipient is not in your network"},
            "Recipient is not in your network",
        ),
        (404, {"success": False, "error": "Profile not found"}, "Profile not found"),
        (404, {"error": "Recipient does not exist"}, "Recipient does not exist"),
        (
            404,
            {"error": "Profile x not found for this account"},
            "Profile x not found for this account",
        ),
        (409, {"error": "Duplicate"}, "Duplicate"),
        (422, b"unprocessable", "unprocessable"),
    ],
)
def test_a_refused_row_failed(status: int, body: Any, text: str) -> None:
    """A 400 validation, a 404 that names a profile, a 409 and a 422 fail this row. The message is
    certainly not delivered, and the run goes on."""
    outcome = answer(status, body)
    assert (outcome.status, outcome.error, outcome.stop, outcome.hold) == (
        Status.FAILED,
        text,
        None,
        None,
    )


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_key_or_plan_stops_the_run(status: int) -> None:
    """On 401, 402 and 403 the row stays waiting, and the whole run stops with exit code 4."""
    outcome = answer(status, {"error": "Unauthorized - Invalid credentials"})
    assert outcome.status is Status.WAITING
    assert outcome.stop is not None
    assert (outcome.stop.scope, outcome.stop.exit_code) == ("run", ExitCode.ACCESS)


@pytest.mark.parametrize(
    "text",
    [
        "Account not found",
        "LinkedIn account acc_1 not found",
        "No such account",
        "accountId not found",
    ],
)
def test_a_missing_account_stops_that_account(text: str) -> None:
    """On a 404 that names an account, the account stops with exit code 4. The row stays waiting."""
    outcome = answer(404, {"success": False, "error": text})
    assert outcome.status is Status.WAITING
    assert outcome.stop is not None
    assert (outcome.stop.scope, outcome.stop.exit_code) == ("account", ExitCode.ACCESS)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"<html>Not Found</html>"),
        (404, {"error": "Not Found"}),
        (404, None),
        (405, b""),
        (410, {"error": "Gone"}),
    ],
)
def test_a_missing_path_stops_the_run(status: int, body: Any) -> None:
    """On a 404, 405 or 410 on the path itself, the run stops with exit code 5. The row stays
    waiting."""
    outcome = answer(status, body)
    assert outcome.status is Status.WAITING
    assert outcome.stop is not None
    assert (outcome.stop.scope, outcome.stop.exit_code) == ("run", ExitCode.ENDPOINT)


def test_missing_credentials_stop_the_account() -> None:
    """On a 500 with the vendor's own credentials sentence, the account stops. The row stays
    waiting."""
    outcome = answer(
        500, {"error": "Failed to get LinkedIn authentication credentials", "success": False}
    )
    assert outcome.status is Status.WAITING
    assert outcome.stop is not None
    assert (outcome.stop.scope, outcome.stop.exit_code) == ("account", ExitCode.ACCESS)


def test_a_spent_quota_holds_until_the_reset() -> None:
    """On a 429 with the quota spent, the account pauses until the server's reset. The run does not
    sit the pause out."""
    outcome = answer(
        429,
        {"error": "Rate limit exceeded for MESSAGE: 150/150 used", "success": False},
        X_RateLimit_Remaining="0",
        X_RateLimit_Reset="2026-11-24T05:00:00Z",
    )
    assert outcome.status is Status.WAITING
    assert outcome.hold is not None
    assert outcome.hold.until == datetime(2026, 11, 24, 5, tzinfo=UTC)
    assert not outcome.hold.brief


@pytest.mark.parametrize(
    "body",
    [{"error": "Rate limit exceeded for MESSAGE: 150/150 used"}, {"error": "no"}, None, b"<html>"],
)
def test_a_spent_quota_without_headers_holds_until_midnight_utc(body: Any) -> None:
    """On a 429 that tells nothing more, the account pauses until the next midnight UTC."""
    outcome = answer(429, body)
    assert outcome.hold is not None
    assert (outcome.status, outcome.hold.until, outcome.hold.brief) == (
        Status.WAITING,
        MIDNIGHT,
        False,
    )


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry_After": "20"}, timedelta(seconds=20)),
        ({"Retry_After": "Mon, 23 Nov 2026 15:31:00 GMT"}, timedelta(minutes=1)),
        ({"Retry_After": "0"}, timedelta(seconds=1)),
        ({"X_RateLimit_Remaining": "70"}, timedelta(seconds=60)),
        ({"X_RateLimit_Remaining": "70", "Retry_After": "soon"}, timedelta(seconds=60)),
    ],
)
def test_a_velocity_limit_is_a_brief_hold(headers: dict[str, str], pause: timedelta) -> None:
    """On a 429 with Retry-After, or with quota remaining, the same row is tried again after the
    wait."""
    outcome = answer(429, {"error": "Too many requests"}, **headers)
    assert outcome.hold is not None
    assert (outcome.status, outcome.hold.until, outcome.hold.brief) == (
        Status.WAITING,
        NOW + pause,
        True,
    )
    assert outcome.told is None  # its numbers are not the day's


def test_a_long_retry_after_is_no_brief_hold() -> None:
    """A pause that is longer than a run waits out ends the run instead."""
    outcome = answer(
        429, {"error": "Too many requests"}, Retry_After=str(int(BRIEF.total_seconds()) + 1)
    )
    assert outcome.hold is not None
    assert not outcome.hold.brief


def test_hold_until_in_the_body_wins() -> None:
    """On a 429 with holdUntil, the account pauses until then."""
    outcome = answer(
        429, {"error": "on hold", "holdUntil": "2026-11-24T15:00:00Z"}, Retry_After="5"
    )
    assert outcome.hold is not None
    assert outcome.hold.until == datetime(2026, 11, 24, 15, tzinfo=UTC)


def test_the_phase_and_not_the_error_decides_without_an_answer() -> None:
    """Without an answer, a row waits when no byte of the request left. It is uncertain when a byte
    may have left."""
    assert unanswered("ReadTimeout", on_wire=True).status is Status.UNCERTAIN
    before = unanswered("RemoteProtocolError", on_wire=False)
    assert (before.status, before.unreachable) == (Status.WAITING, True)


@given(
    st.integers(100, 599),
    st.dictionaries(
        st.sampled_from(
            [
                "retry-after",
                "x-ratelimit-remaining",
                "x-ratelimit-reset",
                "x-ratelimit-limit",
                "x-ratelimit-used",
            ]
        ),
        st.text(max_size=30) | st.integers(-5, 10**12).map(str),
    ),
    st.binary(max_size=200)
    | st.none()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["success", "error", "message", "issues", "path", "holdUntil", "errorDetails"]
                ),
                inner,
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)
def test_every_answer_has_one_outcome(
    status: int, headers: dict[str, str], body: bytes | None
) -> None:
    """Every answer gives one outcome. Only a confirmed 200 is sent, and a row waits or fails only
    on a refusal that is certain."""
    outcome = read_answer(Answer.read(status, headers, body), NOW)
    assert (outcome.status is Status.SENT) <= (status == 200)
    certain = {400, 401, 402, 403, 404, 405, 409, 410, 422, 429, 500}
    assert (outcome.status in (Status.WAITING, Status.FAILED)) <= (status in certain)
    assert outcome.hold is None or NOW < outcome.hold.until <= NOW + timedelta(days=9)
    assert outcome.status is Status.SENT or outcome.error


def test_error_text_is_one_printable_line_cut_short() -> None:
    """Foreign text is shown as one line of bounded length, without markup or control characters."""
    text = error_text(Answer.read(502, {}, b"<h1>502</h1>\n\x1b[31m" + b"x" * 5_000))
    assert text is not None
    assert text.startswith("502")
    assert text.isprintable()
    assert len(text) <= 300

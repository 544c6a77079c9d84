"""A poison row never holds the others, and one refusal of everybody never uses up a whole list."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import ExitCode
from runner.rehearsal.endpoint import Answer
from tests.world import World, crowd

Script = Callable[[dict[str, Any]], Answer | None]
PACE: dict[str, Any] = {"now": True, "min_gap": 0}


def saying(status: int, error: str, **headers: str) -> Answer:
    body = json.dumps({"success": False, "error": error}).encode()
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def refusing(people: set[str], answer: Answer) -> Script:
    return lambda fields: answer if fields["recipientProfileId"] in people else None


PERSONAL = {
    "402": saying(402, "This member cannot be messaged with your plan"),
    "403": saying(403, "This profile can not be accessed"),
    "404": saying(404, "Not found"),
}


@pytest.mark.parametrize("status", PERSONAL)
@pytest.mark.parametrize("at", [1, 3, 5])
def test_one_refused_person_fails_and_the_others_go(tmp_path: Path, status: str, at: int) -> None:
    """A refusal of one person, when others pass with the same key, is that row's failure."""
    script = refusing({f"person-{at}"}, PERSONAL[status])
    world = World(tmp_path, crowd(6), script=script)
    report = world.run(**PACE)
    assert (report.sent, report.exit_code) == (5, ExitCode.NEEDS_A_PERSON)
    statuses = world.statuses()
    assert statuses[at] == "failed"
    assert statuses.count("sent") == 5


def test_a_refused_first_person_stops_one_run_and_holds_no_later_one(tmp_path: Path) -> None:
    """For the first row of a run a refusal is about the key. The next run begins with another row;
    once that has passed, the refused person is known to be the only one."""
    world = World(tmp_path, crowd(4), script=refusing({"person-0"}, PERSONAL["403"]))
    report = world.run(**PACE)
    assert (report.sent, report.exit_code) == (0, ExitCode.ACCESS)
    assert world.statuses() == ["waiting"] * 4
    report = world.run(**PACE)
    assert (report.sent, report.exit_code) == (3, ExitCode.NEEDS_A_PERSON)
    assert world.statuses() == ["failed", "sent", "sent", "sent"]


def test_three_refused_people_in_a_row_are_about_the_key(tmp_path: Path) -> None:
    """A key that is revoked in the middle of a run stops it, and nobody is called failed."""
    refused = {f"person-{number}" for number in range(2, 9)}
    world = World(tmp_path, crowd(9), script=refusing(refused, PERSONAL["403"]))
    report = world.run(**PACE)
    assert (report.sent, report.exit_code) == (2, ExitCode.ACCESS)
    assert world.statuses() == ["sent"] * 2 + ["waiting"] * 7
    assert world.server.requests == 5


def test_a_key_that_is_refused_stops_at_once(tmp_path: Path) -> None:
    """401 is never about a person."""
    script = refusing({"person-2"}, saying(401, "Invalid API key"))
    world = World(tmp_path, crowd(4), script=script)
    assert world.run(**PACE).exit_code is ExitCode.ACCESS
    assert world.statuses() == ["sent", "sent", "waiting", "waiting"]


@pytest.mark.parametrize("status", [400, 409, 422])
def test_five_people_refused_alike_wait(tmp_path: Path, status: int) -> None:
    """The same failure for five people in a row is about all of them: the account stops, and these
    rows wait, and are tried after the others next time."""
    refused = {f"person-{number}" for number in range(1, 7)}
    answers = iter(range(1, 100))

    def script(fields: dict[str, Any]) -> Answer | None:
        if fields["recipientProfileId"] in refused:
            return saying(status, f"Insufficient InMail credits (request {next(answers)})")
        return None

    world = World(tmp_path, crowd(9), script=script)
    report = world.run(**PACE)
    assert (report.sent, report.exit_code) == (1, ExitCode.ACCESS)
    assert world.statuses() == ["sent"] + ["waiting"] * 8
    assert report.stop is not None
    assert "5 people in a row" in report.stop.reason
    report = world.run(**PACE)
    assert report.sent == 2  # those who were not refused yet went first
    assert world.statuses().count("failed") == 1


def test_four_bad_rows_are_four_failures(tmp_path: Path) -> None:
    """Fewer alike, or five that differ, are each their own row's."""
    refused = {f"person-{number}" for number in range(4)}
    world = World(tmp_path, crowd(6), script=refusing(refused, saying(422, "Not connected")))
    assert world.run(**PACE).sent == 2
    assert world.statuses() == ["failed"] * 4 + ["sent"] * 2


@pytest.mark.parametrize(
    "error",
    [
        "Please reconnect your LinkedIn account",
        "Your session has expired",
        "LinkedIn asks for a challenge",
        "The account was disconnected",
        "Please log in again",
    ],
)
@pytest.mark.parametrize("status", [400, 403, 409, 422])
def test_a_refusal_of_the_session_stops_the_account(
    tmp_path: Path, status: int, error: str
) -> None:
    """Words about the account's own connection stop the account at once; the rows wait."""
    world = World(tmp_path, crowd(3), script=lambda _: saying(status, error))
    report = world.run(**PACE)
    assert report.exit_code is ExitCode.ACCESS
    assert (world.statuses(), world.server.requests) == (["waiting"] * 3, 1)


def test_one_slowed_person_holds_nobody(tmp_path: Path) -> None:
    """A person whom the server slows down for ever, while there is room, comes after the others."""
    slow = saying(429, "Too many requests", Retry_After="5", X_RateLimit_Remaining="99")
    world = World(tmp_path, crowd(5), script=refusing({"person-1"}, slow))
    report = world.run(**PACE)
    assert (report.sent, report.exit_code) == (4, ExitCode.PAUSED)
    assert world.statuses() == ["sent", "waiting", "sent", "sent", "sent"]


@pytest.mark.parametrize(
    "error",
    [
        "Rate limit exceeded: 15/15 requests per minute",
        "60/60 calls/min",
        "Our support is there for you 24/7",
    ],
)
def test_seconds_win_over_numbers_in_a_text(tmp_path: Path, error: str) -> None:
    """Retry-After says when to go on; numbers of a minute, or of the week, are no day's quota."""
    answers = [saying(429, error, Retry_After="3")]
    world = World(tmp_path, crowd(3), script=lambda _: answers.pop() if answers else None)
    report = world.run(**PACE)
    assert (report.sent, report.exit_code) == (3, ExitCode.DONE)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    refused=st.sets(st.integers(0, 11), max_size=6),
    kind=st.sampled_from(["402", "403", "404", "409", "422"]),
)
def test_whoever_is_refused_the_others_get_their_message(
    tmp_path_factory: pytest.TempPathFactory, refused: set[int], kind: str
) -> None:
    """Whichever rows are refused, everybody else is reached, and nobody twice. A run that begins
    with a refused row stops there, and the next one does not."""
    answer = PERSONAL.get(kind) or saying(int(kind), "Refused")
    people = {f"person-{number}" for number in refused}
    world = World(tmp_path_factory.mktemp("w"), crowd(12), script=refusing(people, answer))
    for _ in range(len(refused) + 2):
        world.run(**PACE)
    assert sorted(world.received()) == sorted(
        f"person-{number}" for number in range(12) if number not in refused
    )
    assert set(world.statuses()) <= {"sent", "failed", "waiting"}

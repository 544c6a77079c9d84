"""Characters that nobody sees make no second person, and do not slip into messages or terminals."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.intake.blemish import blemishes
from runner.intake.conversation import parse_conversation
from runner.intake.recipient import RecipientError, parse
from runner.show.console import Console
from runner.words import visible

UNSEEN = [
    *map(chr, (*range(0x20), *range(0x7F, 0xA0))),
    *"\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad",
    *"\u034f\u115f\u3164\ufe0f\U000e0041\ue000",
]
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
URN = "urn:li:fsd_profile:ACoAAFpqSoMB8vTqRbg4mN"


@given(st.lists(st.sampled_from(UNSEEN), min_size=1, max_size=3), st.integers(0, 7), st.booleans())
def test_what_nobody_sees_makes_no_second_person(
    signs: list[str], place: int, encoded: bool
) -> None:
    """Such characters anywhere in a profile ID, plain or percent-encoded, name the same person or
    nobody, never another one."""
    added = "".join(signs)
    text = "ann-lee"[:place] + (quote(added) if encoded else added) + "ann-lee"[place:]
    for spelling in (text, f"https://www.linkedin.com/in/{text}/"):
        try:
            found = parse(spelling)
        except RecipientError:
            continue
        assert (found.slug, found.urn) == ("ann-lee", None)


@pytest.mark.parametrize("sign", UNSEEN)
def test_what_nobody_sees_is_no_part_of_a_urn(sign: str) -> None:
    conversation = f"urn:li:msg_conversation:({URN},2-abc==)"
    for text, read, whole in (
        (f"{URN[:30]}{sign}{URN[30:]}", lambda text: parse(text).urn, URN),
        (f"{conversation[:30]}{sign}{conversation[30:]}", parse_conversation, conversation),
    ):
        try:
            found = read(text)
        except RecipientError:
            continue
        assert found == whole


@pytest.mark.parametrize("sign", [chr(code) for code in (0, 7, 8, 0x1B, 0x7F, 0x80, 0x92, 0x9F)])
def test_a_control_character_in_a_message_stops_its_row(sign: str) -> None:
    """It is mostly a quote or a dash that was misread: people would see a box, or nothing."""
    ((code, said, severity),) = blemishes(f"It{sign}s me", None)
    assert (code, severity) == ("control-character", "error")
    assert said.isprintable()


@pytest.mark.parametrize("sign", TURNING)
def test_a_sign_that_turns_a_message_around_is_told(sign: str) -> None:
    """Languages that are written from the right may need it, so the row is sent."""
    ((code, said, severity),) = blemishes(f"Pay {sign}eno", None)
    assert (code, severity) == ("bidi-character", "warning")
    assert said.isprintable()


@given(st.text(max_size=60) | st.text("".join(UNSEEN) + "a\x1b[0m", max_size=30))
def test_nothing_from_outside_steers_a_terminal(text: str) -> None:
    """What a terminal shows holds no control but line ends and tabs, no sign of direction, and
    nothing that a terminal cannot write."""
    shown = visible(text)
    assert not any(sign in shown for sign in [chr(0x1B), chr(0x9B), "\r", "\u2028", *TURNING])
    assert all(sign in "\n\t" or ord(sign) >= 0x20 for sign in shown)
    shown.encode()


def test_every_line_of_the_console_is_made_visible(capsys: pytest.CaptureFixture[str]) -> None:
    """Answers, notes and tables alike; other programs get JSON, where each is an escape anyway."""
    evil = "x\x1b]0;title\x07\u202egnp.exe"
    console = Console()
    console.say(evil)
    console.tell(evil)
    console.table([evil], [[evil]])
    Console(as_json=True).answer({"sheet": evil})
    captured = capsys.readouterr()
    for text in (captured.out, captured.err):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
    assert "\\x1b]0;title\\x07\\u202egnp.exe" in captured.err

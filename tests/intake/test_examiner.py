"""The check of one row: its links, its faults, its neighbours, and its message.

A message that would embarrass is not sent, or a warning tells it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.intake.check import Check, Findings, check, judge
from runner.intake.column import Column
from runner.intake.reader.marks import COMPUTED
from runner.intake.result import RESULT_COLUMNS
from runner.intake.review import MANY
from runner.intake.sandbox import Part
from runner.intake.sheet import SHIFTED, Fault, Reading, Row
from runner.intake.table import Table
from runner.intake.template import parse

CONVERSATION = "urn:li:msg_conversation:(urn:li:fsd_profile:{},2-NzkzMDFlNzA==)"


def table(header: str, *rows: Row | Sequence[str], delimiter: str | None = None) -> Table:
    """A table of these rows; rows without numbers of their own are numbered from 2."""
    columns = tuple(Column(index, name) for index, name in enumerate(header.split(",")))
    lines = [
        row if isinstance(row, Row) else Row(number, list(row))
        for number, row in enumerate(rows, start=2)
    ]
    return Table(None, None, 1, columns, lambda: iter(lines), delimiter)


def judged(
    sheet: Table,
    template: str | None = "Hi {{ first_name }}",
    reading: Reading | None = None,
    accounts: Sequence[str] = (),
) -> tuple[Check, Findings]:
    return judge(
        check(
            sheet,
            parse(template, Path("t.j2")) if template is not None else None,
            reading,
            accounts,
        )
    )


def codes(
    sheet: Table, template: str | None = "Hi {{ first_name }}", **given: object
) -> list[tuple[str, str, str]]:
    """Return severity, cell and code of every problem.

    Assert that rows with an error and skipped rows, and only those, send nothing.
    """
    checked, found = judged(sheet, template, **given)  # type: ignore[arg-type]
    for entry in checked.entries():
        assert (entry.message is None) == bool(entry.errors or entry.skipped)
    ready = sum(entry.message is not None for entry in checked.entries())
    assert (ready, ready + found.invalid + len(found.skipped)) == (found.ready, found.rows)
    return [(problem.severity, problem.cell, problem.code) for problem in found.problems]


# --- links, faults, hidden rows


@pytest.mark.parametrize(
    ("text", "target", "slug", "said"),
    [
        (
            "Jane Doe",
            "https://www.linkedin.com/in/jane-doe?trk=x",
            "jane-doe",
            [("warning", "B2", "recipient-link")],
        ),
        (
            "",
            "https://www.linkedin.com/in/jane-doe",
            "jane-doe",
            [("warning", "B2", "recipient-link")],
        ),
        (
            "https://linkedin.com/in/Jane-Doe",
            "https://www.linkedin.com/in/jane-doe/",
            "jane-doe",
            [],
        ),
        ("jane-doe", "https://www.linkedin.com/in/jane-doe", "jane-doe", []),
        (
            "jane-doe",
            "https://www.linkedin.com/in/jane-doe-9",
            None,
            [("error", "B2", "two-recipients")],
        ),
        (
            "Jean-Pierre",
            "https://www.linkedin.com/in/jp-roux-1",
            "jp-roux-1",
            [("warning", "B2", "recipient-link")],
        ),
        (
            "Jane",
            "https://www.linkedin.com/in/jane-doe",
            "jane-doe",
            [("warning", "B2", "recipient-link")],
        ),
        (
            "View",
            "https://www.linkedin.com/in/jane-doe",
            "jane-doe",
            [("warning", "B2", "recipient-link")],
        ),
        ("Jane", "https://acme.example.com", None, [("error", "B2", "recipient-unreadable")]),
        (
            "Jane",
            "https://www.linkedin.com/sales/lead/ACwAAA",
            None,
            [("error", "B2", "recipient-unreadable")],
        ),
        (
            "https://linkedin.com/in/jane-doe",
            "https://linkedin.com/in/joe-roe",
            None,
            [("error", "B2", "two-recipients")],
        ),
        ("jane-doe", "https://track.example.com/c?u=1", "jane-doe", []),
        (
            "Anne-Marie",
            "https://www.linkedin.com/sales/lead/ACwAAA",
            None,
            [("error", "B2", "recipient-unreadable")],
        ),
        ("Jane_Doe", "mailto:jane@example.com", None, [("error", "B2", "recipient-unreadable")]),
        ("jane-doe", "mailto:jane@example.com", "jane-doe", []),
        ("Jane Doe", "https://acme.example.com", None, [("error", "B2", "recipient-unreadable")]),
    ],
)
def test_the_link_behind_a_recipient_is_taken_and_said(
    text: str, target: str, slug: str | None, said: list[object]
) -> None:
    """A profile link behind other text is the recipient; any other link is not.

    Two people in one cell are refused.
    """
    sheet = table("First Name,LinkedIn", Row(2, ["Jane", text], links=[(1, target)]))
    assert codes(sheet) == said
    (entry,) = judged(sheet)[0].entries()
    assert (entry.recipient and entry.recipient.slug) == slug


def test_a_link_does_not_hide_what_another_column_says() -> None:
    """A row whose two identifiers disagree is refused even when one is behind a link."""
    row = Row(2, ["Jo", "Jo Doe", "joe-roe"], links=[(1, "https://www.linkedin.com/in/jo-doe")])
    assert [code for _, _, code in codes(table("first name,LinkedIn,Profile ID", row))] == [
        "recipient-link",
        "two-recipients",
    ]


FAULTY = ["cell-error", "cell-kind", "cell-unread", "formula-uncached", "merged-cell"]


@pytest.mark.parametrize("code", [*FAULTY, "rounded-number"])
@pytest.mark.parametrize(("column", "used"), [(0, True), (1, True), (2, True), (3, False)])
def test_a_cell_that_cannot_be_read_counts_where_it_is_used(
    code: str, column: int, used: bool
) -> None:
    """A cell that cannot be read is told once, by its place, where it is used.

    It is used in the column of the recipient, of the template or of a role. Elsewhere it does not
    matter.
    """
    cells = ["Jo", "jo-doe", "urn:li:x", "note"]
    cells[column] = "70123456789012340000" if code == "rounded-number" else ""
    cells[2] = "" if column != 2 else cells[2]
    sheet = table(
        "first name,profile,conversationUrn,note", Row(2, cells, [Fault(column, code, "because")])
    )  # type: ignore[arg-type]
    template = "Hi {{ first_name|default('you') }}"
    severity = "warning" if code == "rounded-number" and column == 0 else "error"
    place = f"{'ABCD'[column]}2"
    found = [problem for problem in codes(sheet, template) if problem[2] == code]
    assert found == ([(severity, place, code)] if used else [])
    if column == 1:
        assert len(codes(sheet, template)) == 1  # nothing is said of a recipient that is not known


def test_a_rounded_identifier_names_the_cure() -> None:
    """Excel keeps 15 digits, so the row is refused and the text says how to get the digits back."""
    sheet = table(
        "first name,profile",
        Row(2, ["Jo", "7012345678901234688"], [Fault(1, "rounded-number", "changed")]),
    )
    (problem,) = judged(sheet)[1].problems
    assert "format the column as Text" in problem.text


def test_hidden_rows_stop_and_ask() -> None:
    """Hidden rows stop the campaign until a person decides about them.

    Then they are skipped for a reason, or treated like any other row.
    """
    sheet = table(
        "first name,profile",
        ["Al", "al-doe"],
        Row(3, ["Bo", "bo-doe"], hidden=True),
        Row(4, ["Al", "al-doe"], hidden=True),
    )
    checked, found = judged(sheet)
    assert [problem.code for problem in checked.blocking] == ["hidden-rows"]
    assert "2 are hidden" in checked.blocking[0].text
    assert (found.ready, [number for number, _ in found.skipped]) == (1, [3, 4])
    assert "--hidden skip" in str(checked.blocking[0].remedy)
    checked, found = judged(sheet, reading=Reading(hidden="skip"))
    assert (checked.blocking, found.ready, [number for number, _ in found.skipped]) == (
        (),
        1,
        [3, 4],
    )
    checked, found = judged(sheet, reading=Reading(hidden="include"))
    assert (checked.blocking, found.ready, found.skipped) == ((), 2, ((4, "same person as row 2"),))


def test_a_hidden_row_does_not_shadow_a_visible_one() -> None:
    """A person who stands in a skipped row and in a visible one is written to, once."""
    sheet = table("first name,profile", Row(2, ["Al", "al-doe"], hidden=True), ["Al", "al-doe"])
    entries = list(judged(sheet, reading=Reading(hidden="skip"))[0].entries())
    assert [entry.message is not None for entry in entries] == [False, True]


# --- conversations


def test_a_conversation_has_one_sender() -> None:
    """A conversation has one sender, so with several accounts the row must say which one it is.

    With one account, the odd conversation out is another member's, and is told by its row.
    """
    header = "first name,profile,conversationUrn,accountId"
    mine, other = CONVERSATION.format("ACoAAmine1234567"), CONVERSATION.format("ACoAAother123456")
    rows = [[name, f"{name}-x", mine, ""] for name in ("Ann", "Bob", "Cid")]
    assert codes(table(header, *rows), accounts=["acc_1"]) == []
    assert [cell for _, cell, _ in codes(table(header, *rows), accounts=["acc_1", "acc_2"])] == [
        "C2",
        "C3",
        "C4",
    ]
    named = [[*row[:3], "acc_1"] for row in rows] + [["Z", "z-doe", other, "acc_2"]]
    assert codes(table(header, *named), accounts=["acc_1", "acc_2"]) == []
    rows.append(["Z", "z-doe", other, ""])
    assert codes(table(header, *rows), accounts=["acc_1"]) == [
        ("error", "C5", "conversation-account")
    ]
    rows[:] = [["Y", "y-doe", mine, ""], ["Z", "z-doe", other, ""]]
    assert codes(table(header, *rows)) == [
        ("error", "C2", "conversation-account"),
        ("error", "C3", "conversation-account"),
    ]


# --- messages that would embarrass


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Hi {{ first_name }}, hello", "leftover-placeholder"),
        ("Hi {first_name}, hello", "leftover-placeholder"),
        ("Hi ${name}", "leftover-placeholder"),
        ("Hi [First Name], hello", "leftover-placeholder"),
        ("Hello [Name],", "leftover-placeholder"),
        ("Dear <first name>", "leftover-placeholder"),
        ("I like [company] a lot", "leftover-placeholder"),
        ("Hi *|FNAME|*", "leftover-placeholder"),
        ("Hi %FIRSTNAME%", "leftover-placeholder"),
        ("Hi {$name},", "leftover-placeholder"),
        ("Hi #FNAME#,", "leftover-placeholder"),
        ("Hi __NAME__,", "leftover-placeholder"),
        ("Hi {% if x %}", "leftover-placeholder"),
        ("Hi ,\nhow are you?", "greeting-empty"),
        ("Hello  ,", "greeting-empty"),
        ("Dear !", "greeting-empty"),
        ("Liebe , wie geht es?", "greeting-empty"),
        ("Sehr geehrter Herr , ", "greeting-empty"),
    ],
)
def test_what_would_embarrass_is_not_sent(message: str, code: str) -> None:
    """A message that would embarrass is not sent, be it the row's own text or the template's."""
    assert codes(table("profile,message", ["jo-doe", message]), None) == [("error", "B2", code)]
    place = "B2" if code == "leftover-placeholder" else "row 2"
    assert codes(table("profile,line", ["jo-doe", message]), "{{ line }}") == [
        ("error", place, code)
    ]


@pytest.mark.parametrize(
    "message",
    [
        "Hi Jane,\n\nhow are you?",
        "Hi there, I saw your post... Really?! 100% great :) <3 {:-}",
        "Hello,\nshort greeting without a name",
        "Hi!",
        "Hi — a question",
        "Hi, [link to our page](https://example.com), 50% off, a < b > c",
        "Good morning Jane, ((really)) ... \"quoted\" 'so' it's James' plan",
        "Bonjour à tous, ça va ?",
        "Bonjour !\nJe suis Léa.",
        "Salut ; une question",
        "Hi - a question",
        "Read #AI and #ML, snake_case and __init__",
        "Hi Jane  ,  two spaces of my own",
        "[Update] Our company [Acme] moved",
        "Use code %SPRING24%? No: 20 %, {1, 2}, [1], <https://example.com>",
        "Dear Dr. O'Neil-Smith, see § 4, e.g. ..",
    ],
)
def test_what_people_write_is_no_alarm(message: str) -> None:
    """A row's own words, with all their brackets, dots and spaces, go out as they are."""
    assert codes(table("profile,message", ["jo-doe", message]), None) == []
    (entry,) = judged(table("profile,message", ["jo-doe", message]), None)[0].entries()
    assert entry.message is not None
    assert entry.message.text == message


@pytest.mark.parametrize(
    ("template", "company", "gap"),
    [
        ("Hi {{ first_name }}, how is {{ company or '' }}?", "", True),
        ("Hi {{ first_name }}, how is {{ company or '' }} today?", "", True),
        ("Hi {{ first_name }}, at {{ company or '' }}, you", "", True),
        ("Hi {{ first_name }} ({{ company or '' }})", "", True),
        ("{{ company or '' }}, hello {{ first_name }}", "", True),
        ("Hi {{ first_name }}, how is {{ company or '' }} today?", "Acme", False),
        ("Hi {{ first_name }}{% if company %}, how is {{ company }}{% endif %}?", "", False),
        ("Hi {{ first_name }}.  Two spaces are my style, {{ company or 'friend' }}.", "", False),
        ("Hi {{ first_name }} ... at {{ company or 'work' }} ,", "", False),
        (
            "Hi {{ first_name }}, {% if company %}{{ company }}{% else %}ça va ?{% endif %}",
            "",
            False,
        ),
        ("Hi {{ first_name }}, ça va {{ company or 'bien' }} ?", "", False),
        ("Hi {{ first_name }}, ça va {{ company or '' }} ?", "", True),
        (
            "Hi {{ first_name }} of {{ last_name }}.{% if company %} At {{ company }}.{% endif %}",
            "",
            False,
        ),
    ],
)
def test_a_blank_value_leaves_no_gap(template: str, company: str, gap: bool) -> None:
    """Doubled spaces and stray punctuation in the place of a blank value are told.

    Those of the template itself are not.
    """
    sheet = table("first name,last name,profile,company", ["Jo", "Acme Inc.", "jo-doe", company])
    found = [code for _, _, code in codes(sheet, template) if code != "value-suspicious"]
    assert found == (["gap"] if gap else [])


@pytest.mark.parametrize(
    ("header", "value", "suspicious"),
    [
        ("First Name", "JANE", True),
        ("First Name", "test", True),
        ("First Name", "First Name", True),
        ("First Name", "jane@example.com", True),
        ("First Name", "Jane2", True),
        ("First Name", "https://example.com", True),
        ("First Name", "NA", False),
        ("First Name", "Null", False),
        ("First Name", "None", False),
        ("First Name", "ÉLODIE", True),
        ("First Name", "JosÃ©", True),
        ("First Name", "Jos\ufffd", True),
        ("First Name", "#ХХХ", True),
        ("First Name", "Ângela", False),
        ("First Name", "João", False),
        ("First Name", "Zoë", False),
        ("First Name", "JP", False),
        ("First Name", "Jean-Pierre", False),
        ("First Name", "李", False),
        ("First Name", "O'Brien", False),
        ("Company", "IBM", False),
        ("Company", "ACME HOLDING", False),
        ("Company", "3M", False),
        ("Company Name", "7-ELEVEN 24", False),
        ("Company", "test", True),
        ("City", "NEW YORK", False),
    ],
)
def test_values_that_look_wrong_are_warned_of(header: str, value: str, suspicious: bool) -> None:
    """Names in capitals or with digits, placeholders and addresses give a warning.

    The row still goes.
    """
    found = codes(
        table(f"{header},profile", [value, "jo-doe"]),
        f'Dear reader, {{{{ row["{header}"] }}}} it is',
    )
    assert found == ([("warning", "A2", "value-suspicious")] if suspicious else [])


def test_one_text_for_very_many_is_warned_of() -> None:
    """One text for MANY people or more is warned of once, with the first row that repeats it."""
    rows = [[f"person-{number}", "The same for all"] for number in range(MANY)]
    assert codes(table("profile,message", *rows[1:]), None) == []
    assert codes(table("profile,message", *rows), None) == [("warning", "", "same-text")]
    assert "row 3" in judged(table("profile,message", *rows), None)[1].problems[0].text


def test_a_message_that_greets_another_row_is_warned_of() -> None:
    """A message that greets a person of another row is warned of.

    Messages that slid down by one row do so. A name that no row holds is left alone.
    """
    people = [("Anna", "anna-a"), ("Bert", "bert-b"), ("Cleo", "cleo-c")]
    rows = [
        [name, profile, f"Hi {people[index - 1][0]},\nhow are you?"]
        for index, (name, profile) in enumerate(people)
    ]
    found = codes(table("first name,profile,message", *rows), None)
    assert sorted(found) == [("warning", f"C{row}", "greeting-other") for row in (2, 3, 4)]
    right = [[name, profile, f"Hi {name[:3]},"] for name, profile in people]
    assert codes(table("first name,profile,message", *right), None) == []
    full = [["Anna Weber", "anna-w", "Hi Anna,"], ["Anna", "anna-b", "Hi Anna,"]]
    assert codes(table("name,profile,message", *full), None) == []


# --- the check of this program by itself


class Forgetful(Part):
    """A renderer that is wrong: it fills in the values of the row before."""

    before = ""

    def render(self, values: Mapping[str, object]) -> str:
        was, Forgetful.before = Forgetful.before, super().render(values)
        return was or "Hello dear you"


def test_another_rows_value_in_a_message_is_caught() -> None:
    """A renderer that mixes rows up is caught: only its first row is sent."""
    template = parse("Hello dear {{ first_name }}", Path("t.j2"))
    wrong = replace(
        template, body=Forgetful(template.body.compiled, template.body.names, template.body.texts)
    )
    names = ["Anna", "Bert", "Cleo"]
    _, found = judge(
        check(table("first name,profile", *([name, f"{name}-x"] for name in names)), wrong)
    )
    assert [(problem.cell, problem.code) for problem in found.problems] == [
        ("row 3", "foreign-value"),
        ("row 4", "foreign-value"),
    ]


words = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "Zs", "Po"]), min_size=1, max_size=12
)


@given(st.lists(st.tuples(words, words), min_size=2, max_size=6, unique=True), st.booleans())
def test_honest_messages_are_never_taken_for_another_rows(
    values: list[tuple[str, str]], upper: bool
) -> None:
    """An honest message is never taken for another row's, with any values and after any filter."""
    template = (
        f"Dear reader, {{{{ a{'|upper' if upper else ''} or 'x' }}}} and {{{{ b|title or 'x' }}}}"
    )
    rows = [[a, b, f"person-{number}"] for number, (a, b) in enumerate(values)]
    assert not [
        code
        for _, _, code in codes(table("a,b,profile", *rows), template)
        if code == "foreign-value"
    ]


def test_forced_texts_of_a_csv_are_what_they_stand_for() -> None:
    """The texts ="00456" and '00456 of a CSV, which make Excel keep zeros, mean 00456.

    In a workbook they are what they are.
    """
    rows = [["a", '="00456"', "jo-doe"], ["b", "'+49 151", "al-doe"]]
    texts = []
    for delimiter in (",", None):
        checked, _ = judged(table("x,code,profile", *rows, delimiter=delimiter), "code {{ code }}")
        texts.append([entry.message.text for entry in checked.entries() if entry.message])
    assert texts == [["code 00456", "code +49 151"], ['code ="00456"', "code '+49 151"]]


def test_a_list_without_a_header_is_told() -> None:
    """A list without a header is told: its first person is not taken for the columns' names."""
    (problem,) = check(
        table("Jane,linkedin.com/in/jane-doe", ["Joe", "linkedin.com/in/joe-doe"]), None
    ).blocking[:1]
    assert (problem.code, "is a person already" in problem.text) == ("no-recipient-column", True)


def test_a_cell_that_is_not_known_is_not_called_blank() -> None:
    """A cell that is not known has one problem, the true one."""
    row = Row(2, ["", "jo-doe"], [Fault(0, "formula-uncached", "a formula")])
    assert codes(table("first name,profile", row)) == [("error", "A2", "formula-uncached")]


@pytest.mark.parametrize(
    "name", ["N/A", "null", "NULL", "NaN", "undefined", "#N/A", "-", "??", "unknown"]
)
def test_a_greeting_of_what_is_no_name_is_not_sent(name: str) -> None:
    """A greeting of a word that programs write for a missing name is not sent.

    This holds in a row's own message and through the template.
    """
    message = f"Hi {name}, how are you?"
    assert ("error", "B2", "greeting-empty") in codes(
        table("profile,message", ["jo-doe", message]), None
    )
    through = codes(table("profile,nick", ["jo-doe", name]), "Hi {{ nick }}, how are you?")
    assert {code for _, _, code in through} & {"greeting-empty", "cell-error"}


@pytest.mark.parametrize("name", ["Na", "Null", "None", "Nan-Li", "Unknowna"])
def test_a_greeting_of_a_rare_name_is_sent(name: str) -> None:
    """A greeting of a rare name is sent: Null and None are names."""
    assert codes(table("profile,nick", ["jo-doe", name]), "Hi {{ nick }}, how are you?") == []


def test_a_ragged_row_stays_one_in_its_results() -> None:
    """A ragged row stays ragged in its results, although a results sheet has room for its cells.

    It fits again when a person has put it right and cleared its reason.
    """
    header = ",".join(["first name", "profile", "", *RESULT_COLUMNS])
    ragged = table(
        "first name,profile",
        Row(2, ["Jane", "Acme", "jane-x"], [Fault(None, "ragged-row", f"it has {SHIFTED}")]),
    )
    (entry,) = judged(ragged)[0].entries()
    outcome = ["invalid", entry.reason, *[""] * (len(RESULT_COLUMNS) - 2)]
    assert codes(table(header, ["Jane", "Acme", "jane-x", *outcome])) == [
        ("error", "row 2", "ragged-row")
    ]
    outcome[1] = ""
    assert codes(table(header, ["Jane", "jane-x", "", *outcome])) == []


def test_a_placeholder_is_told_by_the_cell_that_holds_it() -> None:
    """A placeholder that a value brought is told by the value's cell, not only by its row."""
    sheet = table("profile,first name,line", ["jo-doe", "Jo", "I like {company}"])
    assert codes(sheet, "Hi {{ first_name }}. {{ line }}") == [
        ("error", "C2", "leftover-placeholder")
    ]


@pytest.mark.parametrize("cells", [["Jo", "#N/A"], ["#REF!", "jo-doe"]])
def test_an_error_of_a_csv_is_told_once(cells: list[str]) -> None:
    """An error of a CSV is told once.

    It is not told as a recipient that names nobody, too, and not as a name in capitals.
    """
    assert [code for _, _, code in codes(table("first name,profile", cells, delimiter=","))] == [
        "cell-error"
    ]


def test_only_a_csvs_guards_come_off() -> None:
    """Only the guards of a CSV come off.

    A workbook of results has no guards, so an apostrophe in it is the person's own.
    """
    header = ",".join(["profile", "note", *RESULT_COLUMNS])
    texts = []
    for delimiter in (",", None):
        checked, _ = judged(
            table(header, ["jo-doe", "'=1", *[""] * len(RESULT_COLUMNS)], delimiter=delimiter),
            "Note: {{ note }}",
        )
        texts += [entry.message.text for entry in checked.entries() if entry.message]
    assert texts == ["Note: =1", "Note: '=1"]


def test_a_computed_link_leaves_a_word_a_word() -> None:
    """A word with a computed link is not taken for an ID.

    The target is not in the file, so the word may be a name.
    """
    rows = [
        Row(2, ["Lee", "Lee"], links=[(1, COMPUTED)]),
        Row(3, ["Lee", "lee-1"], links=[(1, COMPUTED)]),
    ]
    assert codes(table("first name,profile", *rows)) == [("error", "B2", "recipient-unreadable")]


@pytest.mark.parametrize(
    "text",
    [
        "#NV",
        "#¡VALOR!",
        "#Н/Д",
        "#YOK",
        "#I/T",
        "#WERT!",
        "#BEZUG!",
        "#¿NOMBRE?",
        "#N/DISP",
        "#####",
        "Loading...",
    ],
)
def test_errors_speak_their_users_language(text: str) -> None:
    """An error is known in any language: a CSV holds it as the spreadsheet program showed it."""
    assert codes(table("first name,profile", [text, "jo-doe"], delimiter=",")) == [
        ("error", "A2", "cell-error")
    ]


def test_a_shortened_number_is_no_account() -> None:
    """A long number that Excel shortened in a CSV is not an account, and not a recipient."""
    sheet = table(
        "first name,profile,accountId",
        ["Jo", "jo-doe", "7.01235E+18"],
        ["Al", "7,01235E+18", "acc"],
    )
    assert codes(sheet) == [("error", "C2", "rounded-number"), ("error", "B3", "rounded-number")]


def test_a_conversation_is_continued_by_its_owner_alone() -> None:
    """A conversation is not continued from two accounts, or with its owner as its recipient."""
    header, owner = "first name,recipientProfileUrn,conversationUrn,accountId", "ACoAAowner123456"
    people = [f"ACoAAperson{number}23456" for number in range(3)]
    rows = [
        [name, person, CONVERSATION.format(owner), "acc_1"]
        for name, person in zip("ABC", people, strict=True)
    ]
    template = "Dear reader, {{ first_name }} it is"
    assert codes(table(header, *rows), template) == []
    rows[2][3] = "acc_2"
    assert codes(table(header, *rows), template) == [("error", "C4", "conversation-account")]
    rows[2] = ["C", owner, CONVERSATION.format(owner), "acc_1"]
    assert codes(table(header, *rows), template) == [("error", "C4", "conversation-account")]


def test_an_invalid_row_keeps_nobody_from_being_written_to() -> None:
    """A person's row that can be sent is sent, before or after an invalid row of that person."""
    rows = [["", "jo-doe"], ["Jo", "jo-doe"], ["Jo", "jo-doe"]]
    for order in (rows, rows[1:] + rows[:1]):
        _, found = judged(table("first name,profile", *order))
        assert (found.ready, found.invalid + len(found.skipped)) == (1, 2)

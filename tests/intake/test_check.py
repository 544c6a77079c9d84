"""The check tells every problem at once, by its cell, and gives each sound row its message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.errors import RefusedError
from runner.intake.check import Check, check, judge
from runner.intake.column import Column, lay_out, nearest, normalise, variable_names
from runner.intake.entry import Entry
from runner.intake.result import RESULT_COLUMNS
from runner.intake.sheet import Reading
from runner.intake.table import read
from runner.intake.template import load, parse

SAMPLES = Path(__file__).parents[2] / "samples"
TEMPLATES = Path(__file__).parents[2] / "templates"
Write = Callable[[str, str], Path]


def examine(path: Path, template: str | None = "Hi {{ first_name }}") -> Check:
    return check(read(path), parse(template, Path("t.j2")) if template is not None else None)


def entries(path: Path, template: str | None = "Hi {{ first_name }}") -> list[Entry]:
    return list(examine(path, template).entries())


def codes(path: Path, template: str | None = "Hi {{ first_name }}") -> list[tuple[str, str]]:
    return [
        (problem.cell, problem.code)
        for entry in entries(path, template)
        for problem in entry.problems
    ]


@pytest.mark.parametrize("name", ["recipients.csv", "recipients.xlsx"])
def test_the_sample_has_the_problems_it_was_made_with(name: str) -> None:
    """The sample has a duplicate by URL and slug, and three invalid rows.

    These have a blank name, a Sales Navigator link and a company page. All other rows are ready,
    one as InMail.
    """
    found = list(check(read(SAMPLES / name), load(TEMPLATES / "introduction.j2")).entries())
    assert {entry.row.number: entry.skipped for entry in found if entry.skipped} == {
        16: "same person as row 2"
    }
    assert [(p.cell, p.code) for entry in found for p in entry.problems] == [
        ("A17", "blank-value"),
        ("C18", "sales-navigator"),
        ("C29", "recipient-url"),
    ]
    ready = [entry.message for entry in found if entry.message]
    assert len(ready) == 26
    assert [message.subject for message in ready if message.message_type == "inmail"] == [
        "Ingrid, a question about Solberg Energi"
    ]
    assert all("{" not in message.text for message in ready)


@pytest.mark.parametrize(
    ("template", "remedy"),
    [
        ("Hi {{ first_nme }}", "{{ first_name }}"),
        ("Hi {{ FirstName|default('x') }}", "{{ first_name }}"),
        ('Hi {{ row["Frist Name"] }}', 'row["First Name"]'),
        ("{% if compny %}x{% endif %}", "company"),
        ("Hi {{ zzzzzz }}", "The columns are"),
        ("---\nsubject: {{ frist_name }}\n---\nHi", "{{ first_name }}"),
    ],
)
def test_a_variable_without_a_column_stops_everything(
    write: Write, template: str, remedy: str
) -> None:
    """A variable without a column stops everything, even behind a default, because it is a typo.

    The problem names the nearest column and the line of the template.
    """
    checked = examine(write("x.csv", "First Name,LinkedIn URL,company\nJo,jo-doe,Acme\n"), template)
    assert [problem.code for problem in checked.blocking] == ["template-variable"]
    assert remedy in str(checked.blocking[0].remedy)
    assert "t.j2, line" in checked.blocking[0].text
    assert [entry.message for entry in checked.entries()] == [None]


def test_every_problem_comes_at_once(write: Write) -> None:
    """One pass tells the problems of several rows, columns and kinds, each by its cell."""
    path = write(
        "x.csv",
        "First "
        "Name,recipientProfileId,recipientProfileUrn,conversationUrn,messageType,subject,message\n"
        ",jo-doe,,,,,\n"
        "Al,,,,,,\n"
        "Bo,bo@x.com,,,,,\n"
        "Cy,cy-doe,,nonsense,sms,,\n"
        "Di,di-doe,,,inmail,,\n"
        f"Ed,ed-doe,,,inmail,{'s' * 201},{'m' * 1901}\n"
        f"Fi,fi-doe,,,,,{'m' * 8001}\n"
        f"Gi,gi-doe,,,,,{'m' * 3000}\n"
        "Hy,hy-doe,urn:li:example:1,,,,\n"
        "Io,io-doe,https://linkedin.com/in/other,,,,\n"
        "Jy,jy-doe,ACoAAFpqSoMB8vTqRbg4mN,,,,\n",
    )
    assert codes(path) == [
        ("A2", "blank-value"),
        ("B3", "recipient-missing"),
        ("B4", "recipient-email"),
        ("E5", "message-type"),
        ("D5", "conversation-urn"),
        ("F6", "inmail-subject"),
        ("row 7", "message-long"),
        ("F7", "subject-long"),
        ("row 8", "message-long"),
        ("row 9", "message-lengthy"),
        ("C10", "recipient-urn"),
        ("B11", "two-recipients"),
    ]
    last = entries(path)[-1]
    assert last.message is not None
    assert last.message.recipient.keys == ("urn:li:fsd_profile:ACoAAFpqSoMB8vTqRbg4mN", "jy-doe")


def test_duplicates_are_skipped_under_any_spelling(write: Write) -> None:
    """The first row of a person counts, and later rows are skipped under any spelling.

    This holds for a link against a slug, a token against a URN, and a row that links the two.
    """
    path = write(
        "x.csv",
        "first name,recipientProfileId,recipientProfileUrn\n"
        "a,jane-doe,\n"
        "b,https://www.linkedin.com/in/Jane-Doe/?x=1,\n"
        "c,,ACoAAFpqSoMB8vTqRbg4mN\n"
        "d,,urn:li:fsd_profile:ACoAAFpqSoMB8vTqRbg4mN\n"
        "e,jane-doe,ACoAAother12345678\n",
    )
    assert [entry.skipped[-1:] for entry in entries(path)] == ["", "2", "", "4", "2"]


def test_a_row_can_bring_its_own_text_subject_type_and_account(write: Write) -> None:
    """Row values win over the template and are taken literally.

    A blank value falls back to the template.
    """
    path = write(
        "x.csv",
        (
            "profile,message,subject,message type,accountId\njo-doe,Hello 100% literally,Sub & "
            "too,InMail,acc_2\nal-doe,,,,\n"
        ),
    )
    first, second = (entry.message for entry in entries(path, "---\nsubject: S\n---\nT"))
    assert first is not None
    assert second is not None
    assert (first.text, first.subject, first.message_type, first.account) == (
        "Hello 100% literally",
        "Sub & too",
        "inmail",
        "acc_2",
    )
    assert (second.text, second.subject, second.message_type, second.account) == (
        "T",
        "S",
        "normal",
        None,
    )


def test_an_account_is_no_longer_than_an_id(write: Write) -> None:
    """A ledger on a server could not keep it."""
    text = "name,profile,accountId\nJo,jo-doe,{}\nAnn,ann-lee,{}\n".format("a" * 200, "a" * 201)
    path = write("x.csv", text)
    assert codes(path, "Hi {{ name }}") == [("C3", "account-id")]


def test_without_template_the_sheet_needs_messages(write: Write) -> None:
    """A sheet without a template and without a message column stops everything.

    A blank message is a problem of its own row.
    """
    assert [p.code for p in examine(write("x.csv", "profile\njo-doe\n"), None).blocking] == [
        "no-template"
    ]
    assert codes(write("y.csv", "profile,message\njo-doe,Hi\nal-doe, \n"), None) == [
        ("B3", "message-empty")
    ]


def test_no_recipient_column_stops_everything(write: Write) -> None:
    """A sheet without a recipient column stops everything.

    The remedy names the columns that there are, and the likeliest one.
    """
    blocking = examine(write("x.csv", "First Name,recipientProfilId\nJo,jo-doe\n")).blocking
    assert [problem.code for problem in blocking] == ["no-recipient-column"]
    assert "recipientProfilId" in str(blocking[0].remedy)


def test_a_named_column_wins_over_an_alias() -> None:
    """A bare URL is the company's web site beside recipientProfileId or any LinkedIn column."""
    for headers, expected in (
        (["URL", "recipientProfileId"], ["recipientProfileId"]),
        (["URL", "LinkedIn"], ["LinkedIn"]),
        (["First Name", "URL"], ["URL"]),
        (["Profile ID", "LinkedIn URL"], ["LinkedIn URL", "Profile ID"]),
    ):
        layout = lay_out([Column(index, header) for index, header in enumerate(headers)])
        assert [column.header for column in layout.roles["recipientProfileId"]] == expected


def test_a_mapping_names_the_column() -> None:
    """The [columns] of a campaign file win.

    A header that is not there is refused with the nearest one.
    """
    columns = [Column(0, "Wer"), Column(1, "LinkedIn")]
    assert lay_out(columns, {"recipientProfileId": "wer"}).roles["recipientProfileId"] == (
        columns[0],
    )
    with pytest.raises(KeyError):
        lay_out(columns, {"recipientProfileId": "Linked"})


def test_headers_are_variables_under_python_friendly_names() -> None:
    """A header is a variable by itself and as a Python-friendly name: First Name → first_name.

    Two columns of one name are ambiguous. An exact header wins.
    """
    assert set(variable_names("First Name")) == {"First Name", "first_name"}
    assert "first_name" in variable_names("firstName")
    assert "first_name" in variable_names("FIRST-NAME")
    assert "größe" in variable_names("Größe")
    layout = lay_out(
        [Column(0, "First Name"), Column(1, "first-name"), Column(2, "x y"), Column(3, "x_y")]
    )
    assert "first_name" in layout.ambiguous
    assert layout.variables["x_y"].index == 3
    assert normalise(" First\u00a0-_Name\u200b ") == "firstname"
    assert nearest("frist_name", ["First Name", "Company"]) == "First Name"


def test_an_ambiguous_variable_stops_everything_only_if_used(write: Write) -> None:
    """Two columns of one name are an error only for a template that uses the name."""
    path = write("x.csv", "profile,Name,Name\njo-doe,a,b\n")
    assert [problem.code for problem in examine(path, "Hi {{ name }}").blocking] == [
        "template-variable"
    ]
    assert not examine(path, "Hi").blocking


def test_a_results_sheet_is_an_input(write: Write) -> None:
    """The result columns are recognised as one block and left out.

    A person's own `status` column stays.
    """
    header = ",".join(["profile", "status", "note", *RESULT_COLUMNS])
    path = write("x.csv", header + "\njo-doe,lead,'=1+1" + "," * len(RESULT_COLUMNS) + "\n")
    checked = examine(path, "{{ status }} {{ note }}")
    assert checked.headers == ("profile", "status", "note")
    message = next(checked.entries()).message
    assert message is not None
    assert message.text == "lead =1+1"
    own = examine(write("y.csv", "profile,status,error\njo-doe,x,y\n"), "Hi")
    assert own.headers == ("profile", "status", "error")


def test_a_mapping_to_a_missing_column_is_refused(write: Write) -> None:
    """The check, too, refuses a mapping to a missing column, and names the nearest header."""
    with pytest.raises(RefusedError) as caught:
        check(
            read(write("x.csv", "LinkedIn\njo-doe\n")),
            None,
            Reading(columns={"recipientProfileId": "LinkedInn"}),
        )
    assert "LinkedIn" in str(caught.value.remedy)


def test_a_spreadsheets_error_text_is_an_error_also_in_a_csv(write: Write) -> None:
    """An error text such as #N/A is an error in a cell that the template uses.

    It does not matter elsewhere. `NA` is a name.
    """
    path = write(
        "x.csv",
        (
            "first "
            "name,profile,note\n#N/A,jo-doe,\nNA,al-doe,#REF!\n#BEZUG!,bo-doe,\nErr:502,cy-doe,\n"
        ),
    )
    errors = [found for found in codes(path) if found[1] == "cell-error"]
    assert errors == [("A2", "cell-error"), ("A4", "cell-error"), ("A5", "cell-error")]


def test_a_duplicate_can_link_two_spellings(write: Write) -> None:
    """A row that repeats a slug and adds a URN makes a later row with that URN a duplicate as
    well."""
    path = write(
        "x.csv",
        "first name,recipientProfileId,urn\na,jane,\nb,jane,ACoAAFpqSoMB8v\nc,,ACoAAFpqSoMB8v\n",
    )
    assert [entry.skipped[-1:] for entry in entries(path)] == ["", "2", "2"]


def test_faults_count_where_the_cell_is_used(write: Write) -> None:
    """A ragged row is invalid as a whole, since any of its values may stand in the wrong column."""
    assert codes(write("x.csv", "first name,profile,note\nJo,jo-doe\n")) == [
        ("row 2", "ragged-row")
    ]


@pytest.mark.parametrize("most", [0, 3, 200_000])
@pytest.mark.parametrize(
    "text",
    [
        (SAMPLES / "recipients.csv").read_text(encoding="utf-8"),
        "First Name,LinkedIn URL\nJo,jo-doe\n,ann\nJo,jo-doe\n",
        "LinkedIn URL,message,name\njo-doe,Hi Ann,Jo\nann,Hi Ann,Ann\n",
        f"First Name,LinkedIn URL,{','.join(RESULT_COLUMNS)}\nJo,jo-doe,2,failed\n",
        "First Name,LinkedIn URL\n",
    ],
)
def test_what_is_kept_of_the_rows_is_what_another_walk_finds(
    write: Write, monkeypatch: pytest.MonkeyPatch, text: str, most: int
) -> None:
    """A walk over rows of which everything is kept gives the same entries, however many it is."""
    monkeypatch.setattr("runner.intake.check.MOST_KEPT", most)
    template = None if "message" in text else "Hi {{ first_name }}"
    checked = examine(write("people.csv", text), template)
    kept, findings = judge(checked, keep=True)
    anew, same = judge(checked)
    assert findings == same
    assert list(map(_plain, kept.entries())) == list(map(_plain, anew.entries()))


def _plain(entry: Entry) -> tuple[object, ...]:
    firms = entry.firms.of(entry.row.cells) if entry.firms else None
    return (*entry._replace(firms=None, problems=tuple(entry.problems)), firms)

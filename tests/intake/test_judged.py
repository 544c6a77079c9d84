"""Lists and texts of many tools and languages, each with what has to be said of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from runner.errors import RefusedError
from runner.intake.check import check, judge
from runner.intake.display import rendered
from runner.intake.entry import Entry, Problem
from runner.intake.greeting import addressed, fits
from runner.intake.moment import readings
from runner.intake.placeholder import Fields, placeholders
from runner.intake.sheet import Reading
from runner.intake.table import read
from runner.intake.template import load, parse

FIELDS = Fields(["First Name", "LinkedIn URL"])
LINK = "https://www.linkedin.com/in"


def judged(
    folder: Path, sheet: str, text: str = "Hello there, x"
) -> tuple[list[Entry], list[Problem]]:
    path = folder / "people.csv"
    path.write_text(sheet, encoding="utf-8")
    checked, findings = judge(check(read(path), parse(text, Path("t.j2"))))
    return list(checked.entries()), [*checked.blocking, *findings.problems]


@pytest.mark.parametrize("foot", ["Total,", "Total:,2", "Grand Total,1", "Summe,", "Gesamt,2.0"])
def test_the_sum_below_a_list_is_nobody(tmp_path: Path, foot: str) -> None:
    """A word for a sum, alone or beside numbers, is no profile."""
    entries, _ = judged(tmp_path, f"LinkedIn URL,First Name\n{LINK}/ada-y1,Ada\n{foot}\n")
    assert [entry.skipped for entry in entries] == ["", "no person: the foot of a report"]


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("Hi, how are things at {{ company }}.", "Acme Inc.", "Acme Inc"),
        ("Hi, I like {{ company }} GmbH", "Bosch GmbH", "Bosch"),
    ],
)
def test_a_value_that_is_put_together_is_not_another_rows(
    tmp_path: Path, text: str, first: str, second: str
) -> None:
    sheet = f"LinkedIn URL,Company\n{LINK}/ada-q1,{first}\n{LINK}/ben-q2,{second}\n"
    entries, _ = judged(tmp_path, sheet, text)
    assert all(entry.message for entry in entries)


@pytest.mark.parametrize("name", ["LinkedIn Member", "Membre LinkedIn", "Unbekannt", "(Leer)"])
def test_the_filter_of_first_names_makes_none_of_what_is_none(tmp_path: Path, name: str) -> None:
    sheet = f"First Name,LinkedIn URL\n{name},{LINK}/ada-q1\n"
    (entry,), _ = judged(tmp_path, sheet, "Hi {{ first_name|first_name }}, ok")
    assert entry.message is None
    assert "is no name" in entry.reason


@pytest.mark.parametrize(
    ("code", "language", "shown"),
    [
        ("[$-407]d. mmmm yyyy;@", "en", "4. März 2026"),
        ("[$-40C]dddd d mmmm yyyy", "en", "mercredi 4 mars 2026"),
        ("[$-409]mmmm d, yyyy;@", "de", "March 4, 2026"),
    ],
)
def test_the_language_of_a_format_wins(code: str, language: str, shown: str) -> None:
    """A format that names its language shows days and months in it, in any workbook."""
    found = rendered(datetime(2026, 3, 4), code, language)  # noqa: DTZ001
    assert found is not None
    assert found.text == shown


FOREIGN = r"""
Hallo «Vorname», x
Bonjour «Prénom», x
Hi {{ .FirstName }}, x
Hi {{ first_name, x
Hi first_name}}, x
Hi \{\{firstName\}\}, x
Hi ${lead.FirstName!"there"}, x
Hi %FIRSTNAME|there%, x
[Hi|Hello] Ada
Hi @Model.FirstName, x
Hi |first_name|, x
Hi -FirstName-, x
Hi ‹Vorname›, x
こんにちは [名前], x
Hi «first name», x
« First_Name »
%first_name, x
@first_name, x
Hi &lt;FirstName&gt;, x
""".strip()
PLAIN = r"""
Hi Ada, in React it is `const {name} = props`
f"{name}" is so much nicer
your snippet `{{ user.name }}`
std::vector<Company> is fast
List<Name> generics
SELECT [Name] FROM users
[Calendly] https://calendly.com/x
Il dit « Bonjour » et parle de l'«entreprise»
follow me @ada_lovelace
vote [yes|no] please
""".strip()


@pytest.mark.parametrize("text", [*FOREIGN.splitlines(), "Hi [First\u200bName], x"])
def test_what_another_tool_should_have_filled_in_is_certain(text: str) -> None:
    assert any(one.is_certain for one in placeholders(text, FIELDS))


@pytest.mark.parametrize("text", PLAIN.splitlines())
def test_code_and_quotes_are_text(text: str) -> None:
    assert not any(one.is_certain for one in placeholders(text, FIELDS))


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        ('{{ "Vorname" }}', "{{ vorname }}"),
        ('{{ Vorname | default: "du" }}', '{{ vorname|default("du") }}'),
        ("{{{Recipient.FirstName}}}", "{{ first_name }}"),
        ("{{ .Vorname }}", "{{ vorname }}"),
        ("{{ $vorname }}", "{{ vorname }}"),
        ('{{ vorname || "du" }}', '{{ vorname|default("du") }}'),
        ('{{ vorname ?? "du" }}', '{{ vorname|default("du") }}'),
        ('{{ vorname | default "du" }}', '{{ vorname|default("du") }}'),
        ('{{ first_name, fallback="x" }}', '{{ first_name|default("x") }}'),
        ('{{ x | append: "!" }}', "brackets"),
        ("{% if a %}x{% elsif b %}y{% endif %}", "{% elif … %}"),
        ("{% unsubscribe %}", "{% set %}"),
        ("{%– if company –%}x{% endif %}", "hyphen"),
    ],
)
def test_a_tag_of_another_language_is_answered_with_ours(source: str, remedy: str) -> None:
    """The sentence says what to write, and never speaks the words of the parser."""
    with pytest.raises(RefusedError) as refused:
        parse(f"{source} Hi", Path("t.j2"))
    assert remedy in f"{refused.value.remedy}"
    assert "expected" not in refused.value.what


@pytest.mark.parametrize(
    ("variable", "headers", "said"),
    [
        ("first_name", "Vorname", "{{ vorname }}"),
        ("Last_Name", "First Name", "The columns are"),
        ("frist_name", "First Name", "{{ first_name }}"),
    ],
)
def test_the_column_that_means_the_same_is_suggested(
    tmp_path: Path, variable: str, headers: str, said: str
) -> None:
    """And none that means another thing, however alike it is written."""
    sheet = f"{headers},LinkedIn URL\nAda,{LINK}/ada-q1\n"
    _, problems = judged(tmp_path, sheet, f"Hi {{{{ {variable} }}}}, ok")
    assert said.casefold() in f"{problems[0].remedy}".casefold()


@pytest.mark.parametrize(
    "data",
    [
        b'"Hi {{ first_name }},\n\nhow are you?"',
        b'Message;Subject\n"Hi {{ first_name }}, how";"A question"\n',
        b'"Hi {{ first_name }}, I said ""hello""."',
        b"\xef\xbb\xbf{\\rtf1\\ansi Hi",
        "Hi {{ first_name }}".encode("utf-16-le"),
    ],
)
def test_a_template_that_is_none_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "hello.txt"
    path.write_bytes(data)
    with pytest.raises(RefusedError, match=r"table|RTF|UTF-16"):
        load(path)


@pytest.mark.parametrize("text", ['"Quote" he said, "yes"', 'Hi, all\n"quoted" line'])
def test_quotes_in_a_template_are_no_table(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hello.txt"
    path.write_text(text, encoding="utf-8")
    assert load(path).source == text


@pytest.mark.parametrize(
    "opening",
    [
        "Guten Morgen Petra",
        "Good afternoon, Petra.",
        "Buenas tardes Petra",
        "Hello, Petra",
        "Hi, Petra!",
        "Dzień dobry Petra",
        "👋 Hi Petra",
        "Kære Petra",
    ],
)
def test_a_greeting_with_another_name_is_told(tmp_path: Path, opening: str) -> None:
    sheet = f'First Name,LinkedIn URL,Message\nKarl,{LINK}/karl-q1,"{opening}, x"\n'
    _, problems = judged(tmp_path, sheet)
    assert [problem.code for problem in problems] == ["greeting-other"]


@pytest.mark.parametrize(
    "opening",
    [
        "Liebe Kolleg*innen",
        "Dear Hiring Manager",
        "Hi Connection",
        "Hi, how are you",
        "Hello, Ada here",
        "Dear Mr. Smith",
    ],
)
def test_a_greeting_of_nobody_else_is_not_told(tmp_path: Path, opening: str) -> None:
    sheet = f'First Name,LinkedIn URL,Message\nAndrew,{LINK}/andrew-q1,"{opening}, x"\n'
    _, problems = judged(tmp_path, sheet)
    assert problems == []


def test_nothing_is_said_of_names_in_two_scripts() -> None:
    assert fits(str(addressed("Hi Alexander, x")), ["Александр"])


@pytest.mark.parametrize(
    "sheet",
    [
        f"Name;LinkedIn-ID;Link\nAda;145991517;{LINK}/ada-x1\n",
        f"Name,Profile ID,Profil\nAda,145991517,{LINK}/ada-x1\n",
        (
            "First Name,LinkedIn URL,Public Profile\n"
            f"Ada,https://www.linkedin.com/talent/profile/AEMAAAabc,{LINK}/ada-x1\n"
        ),
    ],
)
def test_the_public_profile_beside_another_identifier_is_taken(tmp_path: Path, sheet: str) -> None:
    """And it is told; the sender's own is never taken, and of two nobody is."""
    (entry,), problems = judged(tmp_path, sheet)
    assert entry.recipient is not None
    assert entry.recipient.identity == "ada-x1"
    assert {problem.severity for problem in problems} == {"warning"}
    (own,), _ = judged(tmp_path, sheet.replace("Link\n", "Sender\n").replace("Profil\n", "My P\n"))
    two = sheet.replace("\n", ",Other\n", 1).rstrip("\n") + f",{LINK}/bob-x1\n"
    (both,), _ = judged(tmp_path, two.replace(",Other", ";Other") if ";" in sheet else two)
    assert both.message is None
    assert own.message is None or "Public Profile" in sheet


@pytest.mark.parametrize(
    ("value", "said"),
    [("ADA", "capitals"), ("Ada.", "full stop"), ("Ada, MBA", "more than"), ("Ada\\n", "typed")],
)
def test_a_value_that_embarrasses_is_told(tmp_path: Path, value: str, said: str) -> None:
    sheet = f'First Name,LinkedIn URL\n"{value}",{LINK}/ada-q1\n'
    _, problems = judged(tmp_path, sheet, "Hi {{ first_name }}, ok")
    assert any(said in problem.text for problem in problems)


@pytest.mark.parametrize("name", ["JFK", "AJ", "J.", "Eva", "Jo"])
def test_initials_and_short_names_are_names(tmp_path: Path, name: str) -> None:
    sheet = f"First Name,LinkedIn URL\n{name},{LINK}/ada-q1\n"
    assert judged(tmp_path, sheet, "Hi {{ first_name }}, ok")[1] == []


@pytest.mark.parametrize(
    ("text", "day"),
    [("20261110", "2026-11-10"), ("1794303000000", "2026-11-10"), ("1794303000", "2026-11-10")],
)
def test_dates_of_programs_are_read(text: str, day: str) -> None:
    """Eight figures, and seconds or milliseconds since 1970; another number is no date."""
    assert [f"{at:%Y-%m-%d}" for at in readings(text)] == [day]
    assert readings("46359") == readings("20269999") == readings("12345678") == []


def test_a_condition_means_what_the_sheet_shows(tmp_path: Path) -> None:
    """A date of a workbook is named as it stands there, or as it stands in the results."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(("LinkedIn URL", "Day"))
    for number, day in enumerate((3, 4)):
        sheet.append((f"{LINK}/ada-{number}x", datetime(2026, 12, day)))  # noqa: DTZ001
        sheet.cell(number + 2, 2).number_format = "dd.mm.yyyy"
    book.save(tmp_path / "people.xlsx")
    for written in ("03.12.2026", "2026-12-03"):
        reading = Reading(where=(f"Day={written}",))
        table = read(tmp_path / "people.xlsx", reading)
        checked = check(table, parse("Hello there, x", Path("t.j2")), reading)
        assert [bool(entry.message) for entry in checked.entries()] == [True, False]

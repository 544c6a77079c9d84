"""Whatever is left of a ledger is heard, in whatever form it is.

Results sheets are renamed, saved in other forms, edited and damaged; the second record is cut,
changed, or parted from the word on its ledger's place. The next run refuses all the same, and
nobody is messaged again. Where the named command mends it, the others get their one message.
"""

from __future__ import annotations

import csv
import io
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.proof.place import PEOPLE, Damage, Place

HALF = PEOPLE // 2
RESULTS = "people.results.csv"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path / "place").open() as place:
        yield place


def text_of(place: Place) -> str:
    return (place.folder / RESULTS).read_text(encoding="utf-8-sig")


def table_of(place: Place) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text_of(place), newline="")))


def put(place: Place, name: str, data: bytes) -> None:
    """Let this be the results, and no other file."""
    (place.folder / RESULTS).unlink()
    (place.folder / name).write_bytes(data)


def delimited(place: Place, delimiter: str) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows(table_of(place))
    return file.getvalue()


def book(place: Place, *before: str) -> bytes:
    """The results as a workbook, behind other worksheets."""
    workbook, file = Workbook(), io.BytesIO()
    workbook.remove(workbook.active)
    for title in before:
        workbook.create_sheet(title).append(["Total", 3])
    sheet = workbook.create_sheet("Sent")
    for row in table_of(place):
        sheet.append(row)
    workbook.save(file)
    return file.getvalue()


def without(place: Place, header: str) -> None:
    rows = table_of(place)
    index = rows[0].index(header)
    file = io.StringIO(newline="")
    csv.writer(file).writerows(row[:index] + row[index + 1 :] for row in rows)
    put(place, RESULTS, file.getvalue().encode())


def edited(place: Place, change: Callable[[str], str]) -> None:
    put(place, RESULTS, change(text_of(place)).encode())


def rehearsal_in_its_name(place: Place) -> None:
    """The list itself is named like a rehearsal."""
    (place.folder / "people.csv").rename(place.folder / "q4.rehearsal.csv")
    (place.folder / RESULTS).rename(place.folder / "q4.rehearsal.results.csv")


FORMS: dict[str, Damage] = {
    "Unicode text": lambda place: put(
        place, "people.results.txt", delimited(place, "\t").encode("utf-16")
    ),
    "tabs": lambda place: put(place, "people.results.tsv", delimited(place, "\t").encode()),
    "semicolons": lambda place: put(place, RESULTS, delimited(place, ";").encode("utf-8-sig")),
    "cp1252": lambda place: put(
        place, RESULTS, text_of(place).replace("Name0", "Müller").encode("cp1252")
    ),
    "a workbook": lambda place: put(place, "people.results.xlsx", book(place)),
    "a second worksheet": lambda place: put(
        place, "people.results.xlsx", book(place, "Summary", "Pivot")
    ),
    "no status column": lambda place: without(place, "status"),
    "other words for sent": lambda place: edited(
        place, lambda text: text.replace(",sent,", ",done,")
    ),
    "no time column": lambda place: without(place, "sentAt"),
    "a word of ours instead of sent": lambda place: edited(
        place, lambda text: text.replace(",sent,", ",skipped,")
    ),
    "no column of the indicator": lambda place: without(place, "typingIndicatorSent"),
    "headers in small letters": lambda place: edited(place, str.lower),
}
NAMES = (
    "people_results.csv",
    "results.csv",
    "Copy of people results.csv",
    "people.results.csv.bak",
)
# Nothing but a person's hand can mend these.
UNREADABLE: dict[str, Damage] = {
    "cut in half": lambda place: put(
        place, "people.results.xlsx", book(place)[: len(book(place)) // 2]
    ),
    "no profile column": lambda place: without(place, "recipientProfileId"),
    "a profile that became a number": lambda place: edited(
        place, lambda text: text.replace("person-1,sent", "1.23E+09,sent")
    ),
}


def half_sent(place: Place, *more: str) -> None:
    assert place.run("--max", "1", *more) == 75
    place.keep("early")
    assert place.run("--max", str(HALF - 1), *more) == 75
    assert len(place.received()) == HALF


def another_computer(place: Place) -> None:
    shutil.rmtree(place.ledger.parent)
    shutil.rmtree(place.state)


def mend(place: Place, *more: str) -> None:
    """Run, be refused, and do what the refusal says."""
    assert place.run(*more) == 7, place.err
    command = re.findall(r"campaign (ledger restore .*?) \(it says", place.err)[-1]
    assert place(*shlex.split(command), "--yes") == 0, place.err


def go_on(place: Place, *more: str) -> None:
    assert place.run(*more) == 0, place.err
    assert sorted(place.received()) == [f"person-{number}" for number in range(PEOPLE)]


@pytest.mark.parametrize("form", FORMS)
def test_results_in_any_form_are_heard(place: Place, form: str) -> None:
    """Results that were saved in another form tell another computer who has the message."""
    half_sent(place)
    FORMS[form](place)
    another_computer(place)
    mend(place)
    go_on(place)


@pytest.mark.parametrize("name", NAMES)
def test_results_under_any_name_are_heard(place: Place, name: str) -> None:
    """A renamed results sheet beside the list is known by its columns."""
    half_sent(place)
    (place.folder / RESULTS).rename(place.folder / name)
    another_computer(place)
    mend(place)
    go_on(place)


@pytest.mark.parametrize("kind", UNREADABLE)
def test_results_that_do_not_tell_all_stop_the_run(place: Place, kind: str) -> None:
    """Results that cannot be read, or do not say who has the message, are never passed over."""
    half_sent(place)
    UNREADABLE[kind](place)
    another_computer(place)
    for _ in range(2):
        assert place.run() == 7
        refusal = place.err
        for command in re.findall(r"campaign (ledger restore .*?) \(it says", place.err):
            assert place(*shlex.split(command), "--yes") == 2
            assert "rows" in place.err or "row " in place.err
    assert len(place.received()) == HALF
    (command,) = re.findall(r"count: campaign (ledger accept .*?)\.\n", f"{refusal}\n")
    assert place(*shlex.split(command), "--yes") == 0
    assert place.run("--max", "0") in (2, 7, 75)


def test_results_of_a_rehearsal_are_none(place: Place) -> None:
    """What a rehearsal wrote is no message, unless the list itself has such a name."""
    assert place("rehearse", "people.csv", "-t", "hello.j2") == 0
    assert place.run("--max", "1") == 75
    assert place("ledger", "restore", "people.rehearsal.results.csv", "--yes") == 2
    assert "rehearsal" in place.err
    half = len(place.received())
    rehearsal_in_its_name(place)
    another_computer(place)
    assert place("run", "q4.rehearsal.csv", "-t", "hello.j2", "--now", "--yes") == 7
    assert len(place.received()) == half


@pytest.mark.parametrize("change", ["drop waitsUntil", "done", "drop status"])
def test_former_results_are_heard_as_a_list(place: Place, change: str) -> None:
    """A results sheet that is used as the list itself skips those who have the message, also when
    a person has changed its columns."""
    half_sent(place)
    if change.startswith("drop"):
        without(place, change.split()[1])
    else:
        edited(place, lambda text: text.replace(",sent,", ",done,"))
    (place.folder / RESULTS).rename(place.folder / "people.csv")
    another_computer(place)
    go_on(place)


HARMLESS: dict[str, Damage] = {
    "times to the minute": lambda place: edited(
        place, lambda text: re.sub(r"(T\d\d:\d\d):\d\dZ", r"\1", text)
    ),
    "times to the day": lambda place: edited(
        place, lambda text: re.sub(r"T\d\d:\d\d:\d\dZ", "", text)
    ),
    "a row of totals": lambda place: edited(
        place, lambda text: text.rstrip() + "\nTotal,6,3,,,0,3,3,,,6,,\n"
    ),
    "sorted": lambda place: edited(
        place, lambda text: "\n".join([text.split("\n")[0], *sorted(text.split("\n")[1:])])
    ),
    "a copy that is locked": lambda place: (
        place.folder / "people.results protected.xlsx"
    ).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")),
    "a program that names the columns": lambda place: (place.folder / "ana.txt").write_text(
        'df["typingIndicatorSent"] + df["sentToUrn"]\ndf["waitsUntil"]'
    ),
    "a copy under a name like a campaign's": lambda place: shutil.copy(
        place.folder / RESULTS, place.folder / "people.old.results.csv"
    ),
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_daily_life_is_no_alarm(place: Place, kind: str) -> None:
    """Results that were opened, sorted, saved and copied by people hold nobody up while the ledger
    is whole."""
    half_sent(place)
    HARMLESS[kind](place)
    go_on(place)


def test_another_ledger_for_the_same_people_is_named(place: Place) -> None:
    """A new ledger beside one that knows the list's people is refused, and that one is named; it
    stays as it is, and a person's word begins another."""
    half_sent(place)
    other = str(place.folder / "other.db")
    assert place.run("--ledger", other) == 7
    assert f"--ledger {place.ledger}" in place.err
    assert place.run("--max", "1") == 75
    assert place("ledger", "accept", "--ledger", other, "--yes") == 0
    (place.folder / RESULTS).unlink()
    assert place.run("--ledger", other, "--max", "1") == 75


def test_two_copies_of_one_ledger_do_not_send_at_once(place: Place) -> None:
    """A copy shares its second record with the ledger: whoever comes second is stopped."""
    half_sent(place)
    (place.folder / RESULTS).unlink()
    copy = place.folder / "copy.db"
    copy.write_bytes(place.ledger.read_bytes())
    answer = place.endpoint.answer
    codes: list[int] = []

    def beside(*given: object) -> object:
        place.endpoint.answer = answer  # type: ignore[method-assign]
        codes.append(place.run("--ledger", str(copy)))
        return answer(*given)  # type: ignore[arg-type]

    place.endpoint.answer = beside  # type: ignore[method-assign,assignment]
    codes.append(place.run())
    assert 7 in codes
    assert place.twice() == []


# --- the second record

RECORDS: dict[str, Callable[[Place, Path], object]] = {
    "ledger.json gone": lambda _, folder: (folder / "ledger.json").unlink(),
    "ledger.json damaged": lambda _, folder: (folder / "ledger.json").write_text("{{{"),
    "another place by a setting": lambda place, _: setattr(
        place, "ledger", place.folder / "data2" / "ledger.db"
    ),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_record_is_found_without_the_word_on_its_place(
    place: Place, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that is gone counts by its people, wherever the next one would be made."""
    half_sent(place)
    (folder,) = (place.state / "campaign-runner" / "ledgers").iterdir()
    shutil.rmtree(place.ledger.parent)
    (place.folder / RESULTS).unlink()
    RECORDS[kind](place, folder)
    monkeypatch.setenv("CAMPAIGN_LEDGER", str(place.ledger))
    mend(place)
    go_on(place)


def record_of(place: Place) -> Path:
    (folder,) = (place.state / "campaign-runner" / "ledgers").iterdir()
    return folder / "record.jsonl"


def test_holes_in_a_record_are_filled_while_the_ledger_is_there(place: Place) -> None:
    """Lines that were lost or changed are written again by the next run; then they count."""
    half_sent(place)
    path = record_of(place)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]).replace(b'person-0"', b'person-5"'))
    assert place.run("--max", "1") == 75
    shutil.rmtree(place.ledger.parent)
    (place.folder / RESULTS).unlink()
    mend(place)
    go_on(place)


@pytest.mark.parametrize("kind", ["emptied", "gone", "in another encoding", "changed"])
def test_a_record_that_lost_lines_is_not_taken_for_the_whole(place: Place, kind: str) -> None:
    """When the ledger is older, or gone, and the record does not tell all, nothing is sent and
    nothing is brought back from it alone."""
    half_sent(place)
    path = record_of(place)
    data = path.read_bytes()
    if kind == "gone":
        path.unlink()
    else:
        changed = data.replace(b'person-1"', b'person-5"')
        other = data.decode().encode("utf-16")
        path.write_bytes({"emptied": b"", "changed": changed}.get(kind, other))
    (place.folder / RESULTS).unlink()
    shutil.rmtree(place.ledger.parent)
    if kind != "changed":
        shutil.copytree(place.folder.parent / "place.early" / "data", place.ledger.parent)
    assert place.run() == 7
    assert place("ledger", "restore", "--yes") == 7
    assert "cannot be read" in place.err
    assert place.run() == 7
    assert len(place.received()) == HALF


# --- several campaigns, and lists of people


def test_campaigns_come_back_under_their_names(place: Place) -> None:
    """Two campaigns on one list, lost together: each keeps its people, and gives nobody twice the
    same message."""
    half_sent(place)
    (place.folder / "two.j2").write_text("Hello {{ first_name }}", encoding="utf-8")
    pace = ("--now", "--min-gap", "0", "--yes", "--min-days", "0")
    two = ("run", "people.csv", "-t", "two.j2", "--name", "two", *pace)
    assert place(*two, "--max", "2") == 75
    another_computer(place)
    for _ in range(2):
        assert place(*two) == 7
        command = re.findall(r"campaign (ledger restore .*?) \(it says", place.err)[-1]
        assert place(*shlex.split(command), "--yes") == 0, place.err
    assert place(*two) == 0, place.err
    assert place.run("--min-days", "0") == 0, place.err
    assert sorted(place.received()) == sorted([f"person-{number}" for number in range(PEOPLE)] * 2)


def test_people_who_must_not_be_messaged_come_back_too(place: Place) -> None:
    """The do-not-contact list and the messages of other tools, as far as results tell of them."""
    (place.folder / "h.csv").write_text("profile,date\nperson-3,2026-11-28\n", encoding="utf-8")
    assert place("import-history", "h.csv") in (0, 1)
    assert place("suppress", "add", "person-4") == 0
    half_sent(place)
    another_computer(place)
    mend(place)
    assert place.run() == 0
    assert sorted(place.received()) == ["person-0", "person-1", "person-2", "person-5"]


def test_a_ledger_behind_its_record_is_neither_merged_nor_copied(place: Place) -> None:
    """Merging would hide what the record knows, and copies of it would push out the good ones."""
    half_sent(place)
    assert place("suppress", "add", "person-4") == 0
    other = place.folder / "other.db"
    (place.folder / "x.csv").write_text("First Name,recipientProfileId\nX,x-1\n", encoding="utf-8")
    pace = ("--now", "--min-gap", "0", "--yes")
    assert place("run", "x.csv", "-t", "hello.j2", *pace, "--ledger", str(other)) == 0
    place.bring_back(place.folder.parent / "place.early", "data")
    assert place("ledger", "merge", str(other), "--yes") == 7
    assert place("ledger", "backup") == 7
    mend(place)
    assert place.run() == 0
    assert "person-4" not in place.received()
    assert place.twice() == []


def test_a_ledger_that_is_written_over_under_a_run_stops_it(place: Place) -> None:
    """An older copy over the ledger's file, while a run has it open, ends the run before the next
    message."""
    half_sent(place)
    early = (place.folder.parent / "place.early" / "data" / "ledger.db").read_bytes()
    answer = place.endpoint.answer

    def over(*given: object) -> object:
        place.ledger.write_bytes(early)
        return answer(*given)  # type: ignore[arg-type]

    place.endpoint.answer = over  # type: ignore[method-assign,assignment]
    assert place.run() == 7, place.err
    place.endpoint.answer = answer  # type: ignore[method-assign]
    assert place.twice() == []
    mend(place)
    assert place.run() in (0, 1)
    assert place.twice() == []


def test_rebuilding_says_what_is_known_besides(place: Place) -> None:
    """Whoever builds a ledger from results alone is told what else this computer knows."""
    half_sent(place)
    assert place("suppress", "add", "person-4") == 0
    early = place.folder.parent / "place.early" / RESULTS
    assert place("ledger", "rebuild", "--from", str(early)) == 2
    assert place("ledger", "rebuild", "--from", str(early), "--yes") == 0
    assert "2 messages and 1 person on the do-not-contact list" in place.err


def test_restoring_what_is_whole_changes_nothing(place: Place) -> None:
    """A ledger that knows everything is left as it is, and that is said."""
    half_sent(place)
    before = place.ledger.read_bytes()
    assert place("ledger", "restore", "--yes") == 0
    assert "Nothing is missing" in place.out + place.err
    assert place.ledger.read_bytes() == before


def test_a_copy_outlives_names_of_the_future(place: Place) -> None:
    """Copies that a clock ahead of its time has named do not push out the new one."""
    half_sent(place)
    backups = record_of(place).parent / "backups"
    backups.mkdir(exist_ok=True)
    for day in range(1, 9):
        shutil.copy(place.ledger, backups / f"ledger-2099010{day}T000000Z.db")
    assert place("ledger", "backup", "--json") == 0
    assert any("ledger-2026" in path.name for path in backups.iterdir())

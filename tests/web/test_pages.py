"""The pages of the console, read as a browser without scripts reads them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from runner.campaign.execution import RunSettings
from runner.campaign.kind import rows as settings
from runner.ledger.line import Wanted, lines
from runner.ledger.record import Status
from runner.rehearsal.endpoint import Answer
from runner.web.view import FIELDS, with_fields
from tests.patience import until
from tests.web.served import LIST, Served, place
from tests.world import World, crowd

OPTIONS: dict[str, Any] = {"now": True, "min_gap": 0}
HOSTILE = (
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    '" onmouseover="alert(1)',
    "&lt;b&gt; ' \" \\",
    "\u202egnp.exe \u05d0\u05d1\u05d2",
    "x" * 500,
)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with place(tmp_path, limit=100) as found:
        yield found


@contextmanager
def let_in(served: Served) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    """Somebody who was let in, with the word of our own forms."""
    with served.client() as client:
        found = re.search(r'name="form" value="([^"]+)"', client.get("/do-not-contact").text)
        assert found
        yield client, {"form": found[1]}


def rows_of(page: str) -> list[int]:
    """The numbers of the rows that a page shows."""
    return [int(number) for number in re.findall(r'aria-label="Row (\d+)"', page)]


def test_what_cells_hold_is_shown_and_never_taken_for_more(served: Served) -> None:
    """Names with markup, templates, quotes, other directions and 500 signs stand on every page that
    shows them as they are."""
    rows = [
        f'"{name.replace(chr(34), chr(34) * 2)}",Firm,p-{n}\n' for n, name in enumerate(HOSTILE)
    ]
    path = served.campaign_file("people", 0)
    (served.folder / "people.csv").write_text(LIST + "".join(rows), encoding="utf-8")
    served.command("run", path.name, "--yes", "--base-url", served.endpoint.url)
    with let_in(served) as (client, _):
        for address in ("/campaigns/1", *(f"/campaigns/1/rows/{n + 2}" for n in range(6))):
            page = client.get(address).text
            assert "<script>alert" not in page
            assert " onmouseover=" not in page.replace("&#34; onmouseover=", "")
            assert "49" not in re.findall(r'<td class="cell">(.*?)</td>', page)
        whole = client.get("/campaigns/1").text
        for name in HOSTILE:
            assert name in html.unescape(whole), name
        found = client.get("/campaigns/1", params={"text": HOSTILE[0]}).text
        assert "<script>alert" not in found
        assert len(rows_of(found)) == 1


def test_pages_and_filters_give_each_row_once(served: Served, tmp_path: Path) -> None:
    """Page by page, and status by status, a campaign's rows are all there and none twice."""
    world = World(tmp_path, [*crowd(130), ("", "no-name"), ("Twin", "person-3")])
    world.run(most=40, **OPTIONS)
    with let_in(served) as (client, _):
        seen: list[int] = []
        address = "/campaigns/1"
        while True:
            page = client.get(address).text
            seen += rows_of(page)
            more = re.search(r'href="([^"]+below=\d+)#rows">The next', page)
            if more is None:
                break
            address = html.unescape(more[1])
        assert seen == list(range(2, 134))
        by_status = {
            status.value: rows_of(client.get(f"/campaigns/1?status={status.value}").text)
            for status in Status
        }
        assert len(by_status["sent"]) == 40
        assert by_status["invalid"] == [132]
        assert by_status["skipped"] == [133]
        assert rows_of(client.get("/campaigns/1?text=name12").text) == [14, *range(122, 132)]
        assert rows_of(client.get("/campaigns/1?text=person-7&status=waiting").text) == [
            *range(72, 82)
        ]


def test_wanted_lines_are_those_of_the_whole(tmp_path: Path) -> None:
    """What is wanted of the rows is what a walk over all of them would give."""
    world = World(tmp_path, [*crowd(30), ("", "no-name"), ("Ünsal", "ü-1"), ("50%_", "p-x")])
    world.run(most=11, **OPTIONS)
    ledger = world.ledger()
    every = list(lines(ledger, 1))
    for status in (None, *Status):
        for text in ("", "name1", "NAME1", "ünsal", "ÜNSAL", "50%_", "%", "_", "7", "person-2"):
            for below in (0, 5, 31):
                found = lines(ledger, 1, wanted=Wanted(status, text, below, 7))
                wanted = [
                    line
                    for line in every
                    if status in (None, line.status)
                    and line.number > below
                    and (
                        any(text.casefold() in cell.casefold() for cell in line.cells)
                        or text == str(line.number)
                    )
                ]
                assert list(found) == wanted[:7], (status, text, below)
    ledger.close()


def test_results_and_report_are_those_of_the_commands(served: Served) -> None:
    """What is handed back to keep is what the command writes; a look changes no file."""
    served.endpoint.endpoint.script = lost
    served.run("spring", 4)
    before = {path.name: path.read_bytes() for path in served.folder.glob("spring.*")}
    with let_in(served) as (client, _):
        results = client.get("/campaigns/1/results")
        assert results.content == before["spring.results.csv"]
        assert "spring.results.csv" in results.headers["content-disposition"]
        plain, named = (
            client.get(f"/campaigns/1/report{more}").text for more in ("", "?names=yes")
        )
    assert "Campaign Runner" in plain
    assert "This page names nobody" in plain
    assert "This page names nobody" not in named
    after = {path.name: path.read_bytes() for path in served.folder.glob("spring.*")}
    assert after == before


def lost(fields: dict[str, Any]) -> Answer | None:
    """No answer comes back for two people."""
    return Answer(0, b"", cut="answer-lost") if fields["recipientProfileId"][-1] in "12" else None


def test_a_word_on_an_uncertain_row_is_recorded_and_taken_back(served: Served) -> None:
    """Each uncertain row is shown with its message; a word settles it, and a third button takes
    that back."""
    served.endpoint.endpoint.script = lost
    served.run("spring", 4)
    assert served.statuses() == ["sent", "uncertain", "uncertain", "sent"]
    with let_in(served) as (client, form):
        page = client.get("/decide").text
        assert "1 of 2" in page
        assert "Hi Name1" in page
        done = client.post("/decide/1/2", data={**form, "word": "sent", "at": "0"})
        assert "Row 3, person-1: it arrived." in done.text
        assert "Hi Name2" in done.text
        assert served.statuses()[1] == "sent"
        undo = re.search(r'action="(/decide/1/2)"', done.text)
        assert undo
        back = client.post(undo[1], data={**form, "word": "undo"})
        assert "taken back" in back.text
        assert served.statuses()[1] == "uncertain"
        assert "Take that word back" not in client.get("/campaigns/1/rows/3").text
        client.post("/decide/1/2", data={**form, "word": "not-sent"})
        assert served.statuses()[1] == "waiting"
        assert "Take that word back" in client.get("/campaigns/1/rows/3").text
        wrong = client.post("/decide/1/1", data={**form, "word": "sent"})
        assert wrong.status_code == 400
        assert "only uncertain and failed rows" in wrong.text
        assert client.post("/decide/1/3", data={**form, "word": "perhaps"}).status_code == 400
        assert client.post("/decide/1/99", data={**form, "word": "sent"}).status_code == 404
        assert client.post("/decide/2/3", data={**form, "word": "sent"}).status_code == 404
    assert served.statuses() == ["sent", "waiting", "uncertain", "sent"]


def test_evidence_settles_what_it_finds(served: Served) -> None:
    """The message is looked for in the vendor's conversations, as campaign settle --check does."""
    endpoint = served.endpoint.endpoint

    def script(fields: dict[str, Any]) -> Answer | None:
        last = fields["recipientProfileId"][-1]
        loss = {"1": "lost-answer", "2": "lost-request"}.get(last)
        return endpoint.accept("", fields, loss) if loss else None

    endpoint.script = script
    served.run("spring", 3)
    with let_in(served) as (client, form):
        said = client.post("/decide/1/2/evidence", data={**form, "at": "0"})
        assert "Row 3 was sent: its text stands in the conversation" in said.text
        assert said.url.path == "/campaigns/1/rows/3"
        assert served.statuses() == ["sent", "sent", "uncertain"]
        assert client.post("/decide/1/1/evidence", data=form).status_code == 400


def test_the_do_not_contact_list_is_kept(served: Served) -> None:
    """Added, found, removed, and imported after a look; a word that could be either is asked
    about."""
    with let_in(served) as (client, form):
        add = "/do-not-contact/add"
        people = "linkedin.com/in/jane-doe\njohn-roe"
        said = client.post(add, data={**form, "people": people, "reason": "asked us"}).text
        assert "Added: 2. They are: jane-doe, john-roe." in said
        client.post(add, data={**form, "people": "Acme GmbH", "kind": "company"})
        doubtful = client.post(add, data={**form, "people": "Acme"})
        assert doubtful.status_code == 400
        assert "may be a company or a person" in doubtful.text
        assert "Nobody was added" in doubtful.text
        found = client.get("/do-not-contact?text=ROE").text
        assert "john-roe" in found
        assert "1 entry" in found
        assert "3 entries" in client.get("/do-not-contact").text
        client.post("/do-not-contact/remove", data={**form, "person": "john-roe"})
        client.post("/do-not-contact/remove", data={**form, "person": "company:acme"})
        assert "1 entry" in client.get("/do-not-contact").text
        sheet = (
            LIST + "A,B,someone-new\nC,D,https://example.com/nobody\n"
            "A,B,https://www.linkedin.com/in/Someone-New/\n"
        ).encode()
        looked = client.post(
            "/do-not-contact/look", data=form, files={"file": ("../stop.csv", sheet)}
        ).text
        assert "1 person, 1 of them new on the list" in looked
        assert "1 cells name nobody" in looked
        assert "1 entry" in client.get("/do-not-contact").text
        kept = re.search(r'name="kept" value="([^"]+)"', looked)
        assert kept
        client.post("/do-not-contact/import", data={**form, "kept": kept[1]})
        assert "2 entries" in client.get("/do-not-contact").text
        again = client.post("/do-not-contact/look", data=form, files={"file": ("a.csv", sheet)})
        assert "1 person, 0 of them new on the list" in again.text
        assert (
            client.post("/do-not-contact/import", data={**form, "kept": "../../etc"}).status_code
            == 404
        )
    assert served.command("suppress", "list", "--json").stdout.count('"identity"') == 2


def test_accounts_show_what_the_doctor_finds(served: Served) -> None:
    """Quota and use of each account; and on request all that the doctor looks at."""
    served.run("spring", 3)
    with let_in(served) as (client, form):
        page = client.get("/accounts").text
        assert "3 of 100 used, 97 left" in page
        found = client.post("/accounts/examine", data=form).text
    assert "What the doctor finds" in found
    assert "ledger" in found


def test_a_campaign_is_made_without_a_script(served: Served) -> None:
    """A list is handed over, read, given a text and hours, rehearsed, saved and started, with forms
    alone; what is saved runs at the terminal as well."""
    rows = [f"Name{n},Firm {n},person-{n}\n" for n in range(5)]
    sheet = (LIST + "".join(rows)).encode()
    with let_in(served) as (client, form):
        page = client.post("/new", data=form, files={"file": ("leads.csv", sheet)})
        draft = page.url.path
        assert re.fullmatch(r"/new/[0-9a-f]{12}", draft)
        unwritten = client.post(f"{draft}/save", data={**form, "name": "spring"})
        assert unwritten.status_code == 422
        assert "stands for your message" in unwritten.text
        page = client.post(f"{draft}/text", data={**form, "text": "Hello {{ frist_name }}"})
        assert "frist_name" in page.text
        page = client.post(f"{draft}/text", data={**form, "text": "Hello {{ first_name }}!"})
        assert "Hello Name3!" in page.text
        said = {"now": "yes", "daily_limit": "2", "min_gap": "0", "hours": ""}
        page = client.post(f"{draft}/pace", data={**form, **said})
        assert "5 people, over 3 days" in page.text
        bad = client.post(f"{draft}/pace", data={**form, "hours": "nine", "now": ""})
        assert bad.status_code == 400
        bad = client.post(f"{draft}/save", data={**form, "hours": "nine", "name": "spring"})
        assert bad.status_code == 400
        assert not (served.folder / "spring.toml").exists()
        assert "0 invalid" in client.get(f"{draft}/check").text
        client.post(f"{draft}/rehearse", data={**form, "quota": "2"})
        assert until(lambda: "nothing was really sent" in client.get(f"{draft}/film").text)
        assert "5 messages arrived" in client.get(f"{draft}/film").text
        saved = client.post(f"{draft}/save", data={**form, "name": "spring", "then": "start"})
        assert saved.url.path == "/files/spring.toml/start"
        assert client.get(draft).status_code == 404
        plan = client.get("/files/spring.toml/plan").text
        assert "<strong>2</strong> messages today" in plan
        assert "Hello Name1!" in plan
        assert served.endpoint.endpoint.receipts == []
        unseen = client.post("/files/spring.toml/start", data=form)
        assert unseen.status_code == 400
        stamp = re.findall(r'name="stamp" value="([^"]+)"', plan)[0]
        text = served.folder / "spring.j2"
        text.write_text("Another text for {{ first_name }}", encoding="utf-8")
        changed = client.post("/files/spring.toml/start", data={**form, "stamp": stamp})
        assert "is not the one that was shown" in changed.text
        text.write_text("Hello {{ first_name }}!", encoding="utf-8")
        client.post("/files/spring.toml/start", data={**form, "stamp": stamp})
        assert until(lambda: client.get("/files/spring.toml/begun").url.path == "/campaigns/1")
        assert until(lambda: served.totals().sent == 2)
        now = client.get("/campaigns/1").text
        assert '/rows/4">Row 4</a>, <span dir="auto">person-2</span>' in now
        me = {**form, "person": "linkedin.com/in/me-myself"}
        spent = client.post("/files/spring.toml/test", data=me).text
        assert "Not sent to me-myself: the quota is used up." in spent
    files = {path.name for path in served.folder.iterdir()}
    assert {"leads.csv", "spring.toml", "spring.j2"} <= files
    assert [receipt.message for receipt in served.endpoint.endpoint.receipts] == [
        "Hello Name0!",
        "Hello Name1!",
    ]
    assert served.command("run", "spring.toml", "--yes", "--json").returncode == 75


def test_another_campaign_is_begun_for_the_same_people(served: Served) -> None:
    """A name that is said on the page begins a campaign of its own; who was messaged lately is
    left out of it, with the reason."""
    served.run("spring", 3)
    sheet = (served.folder / "spring.csv").read_bytes() + b"Zoe,Firm Z,person-zoe\n"
    with let_in(served) as (client, form):
        draft = client.post("/new", data=form, files={"file": ("more.csv", sheet)}).url.path
        text = {"text": "Hello {{ first_name }}!", "now": "yes", "min_gap": "0", "hours": ""}
        saved = client.post(f"{draft}/save", data={**form, **text, "name": "more", "then": "start"})
        assert saved.url.path == "/files/more.toml/start", saved.text
        plan = client.get("/files/more.toml/plan")
    assert plan.status_code == 200, plan.text
    assert "<strong>1</strong> message" in plan.text
    assert "Hello Zoe!" in plan.text, re.sub(r"(?s)<[^>]*>", "", plan.text)[-1500:]


def test_a_list_as_it_was_read(served: Served) -> None:
    """Columns are mapped by choosing, worksheets and hidden rows asked about, each problem stands
    at its cell."""
    book = (Path(__file__).parents[2] / "samples" / "recipients.xlsx").read_bytes()
    with let_in(served) as (client, form):
        page = client.post(
            "/new", data=form, files={"file": ("people.csv", b"Wer,Vorname\njane-doe,Jane\n,Bo\n")}
        )
        assert "no column says whom to write to" in page.text
        draft = page.url.path
        page = client.post(
            f"{draft}/reading", data={**form, "header": "Wer", "role": "recipientProfileId"}
        )
        assert "no column says whom to write to" not in page.text
        assert "to jane-doe" in page.text
        checked = client.get(f"{draft}/check").text
        assert "A3 (Wer)" in checked
        assert 'class="error"' in client.get(draft).text
        page = client.post("/new", data=form, files={"file": ("b.xlsx", book)})
        assert "Jane" in page.text
        broken = client.post("/new", data=form, files={"file": ("b.xlsx", b"PK\x03\x04nothing")})
        assert broken.status_code == 422
        assert client.get("/new/..%2f..%2fetc").status_code == 404
        assert client.get("/files/..%2fspring.toml/start").status_code == 404


ODD = ("-1", "0", "abc", "9" * 30, "1.5", "\u0664", "<script>", "%00", "a" * 5_000, "' OR 1=1 --")


def test_no_address_and_no_form_is_a_fault_of_the_program(served: Served) -> None:
    """Whatever stands in an address or a form, it is answered with a page or with what is wrong
    with it."""
    served.run("spring", 3)
    with let_in(served) as (client, form):
        page = client.post("/new", data=form, files={"file": ("a.csv", LIST.encode() + b"A,B,c\n")})
        draft = page.url.path
        places = ["/campaigns/{}", "/campaigns/1/rows/{}", "/new/{}", "/files/{}/start", "/{}"]
        asked = ["/decide?at={}", "/replies?campaign={}&skip={}", "/do-not-contact?text={}&skip={}"]
        asked += ["/campaigns/1?status={}&text={}&below={}", f"{draft}?skip={{}}", "/?said={}"]
        for odd in ODD:
            for address in places + asked:
                said = quote(odd, safe="") if address in places else quote(odd)
                answer = client.get(address.replace("{}", said))
                assert answer.status_code < 500, (address, odd, answer.text)
        changes = {
            "/decide/1/1": ("word", "at"),
            "/replies": ("campaign",),
            "/do-not-contact/add": ("people", "kind", "reason"),
            "/do-not-contact/remove": ("person",),
            "/do-not-contact/look": ("file",),
            "/do-not-contact/import": ("kept",),
            "/new": ("chosen", "file"),
            f"{draft}/reading": ("header", "role", "sheet_name", "hidden"),
            f"{draft}/text": ("text",),
            f"{draft}/pace": ("hours", "days", "time_zone", "daily_limit", "min_gap", "holidays"),
            f"{draft}/save": ("name", "then"),
            "/files/spring.toml/start": (),
        }
        for odd in ODD[:-4]:
            for address, names in changes.items():
                said = dict.fromkeys(names, odd)
                place = address.replace("{}", quote(odd, safe=""))
                answer = client.post(place, data={**form, **said})
                assert answer.status_code < 500, (address, odd, answer.text)
        whole = client.post(f"{draft}/text", data={**form, "text": "x" * 200_000})
        assert whole.status_code < 500


def test_files_that_are_no_campaigns_are_not_offered(served: Served) -> None:
    """Of the folder's TOML files those are offered that name a list."""
    served.campaign_file("spring", 1)
    (served.folder / "ruff.toml").write_text("line-length = 100\n", encoding="utf-8")
    (served.folder / "latin.toml").write_bytes(b"sheet = \xe4")
    with let_in(served) as (client, _):
        page = client.get("/").text
    assert "spring.toml" in page
    assert "ruff.toml" not in page
    assert "latin.toml" not in page


def test_what_lies_beside_a_campaign_file_is_no_part_of_the_program(served: Served) -> None:
    """A module of somebody's in the folder of a campaign file is not run by Send."""
    served.campaign_file("spring", 2)
    for name in ("pandas", "httpx", "jinja2", "runner"):
        trap = f"import pathlib\npathlib.Path({str(served.folder / 'trapped')!r}).touch()\n"
        (served.folder / f"{name}.py").write_text(trap, encoding="utf-8")
    with let_in(served) as (client, form):
        plan = client.get("/files/spring.toml/plan").text
        stamp = re.findall(r'name="stamp" value="([^"]+)"', plan)[0]
        client.post("/files/spring.toml/start", data={**form, "stamp": stamp})
        assert until(lambda: len(served.endpoint.endpoint.receipts) == 2)
    assert not (served.folder / "trapped").exists()


def test_a_word_is_about_the_person_that_the_page_showed(served: Served) -> None:
    """A list that is read meanwhile moves the rows; the word is still about the same person."""
    served.endpoint.endpoint.script = lost
    served.run("spring", 3)
    with let_in(served) as (client, form):
        page = client.get("/decide").text
        place = re.findall(r'action="(/decide/1/\d+)"', page)[0]
        assert "Row 3" in page
        sheet = served.folder / "spring.csv"
        header, *rows = sheet.read_text(encoding="utf-8").splitlines(keepends=True)
        moved = [header, *reversed(rows)]
        sheet.write_text("".join(moved) + "Late,Firm,late-1\n", encoding="utf-8")
        run = ("run", "spring.toml", "--yes", "--max", "1")
        served.command(*run, "--base-url", served.endpoint.url)
        said = client.post(place, data={**form, "word": "sent", "at": "0"}).text
    assert "person-1: it arrived." in said
    with served.ledger() as ledger:
        stands = {line.identity: line.status.value for line in lines(ledger, 1)}
    assert stands["person-1"] == "sent"
    assert stands["person-2"] == "uncertain"


def test_a_refused_part_says_why(served: Served) -> None:
    """What a page asks for by itself gives way to what is wrong; what it draws anew stays."""
    (served.folder / "bad.toml").write_text('sheet = "nowhere.csv"\n', encoding="utf-8")
    with let_in(served) as (client, _):
        asked = client.get("/files/bad.toml/plan", headers={"HX-Target": "plan"})
        assert asked.status_code == 422
        assert '<div id="plan">' in asked.text
        assert "There is no file" in asked.text
        again = client.get("/campaigns/9", headers={"HX-Target": "now"})
        assert (again.status_code, again.text) == (204, "")


def test_a_list_that_cannot_be_used_is_not_saved(served: Served) -> None:
    """Hidden rows nobody spoke of, nobody below the header, a text with a mistake: the draft stays,
    and says what is missing. An encoding, a header row and a worksheet can be said."""
    latin = "Exportiert am 1.5.;;\nVorname;Firma;LinkedIn URL\nJürgen;Süd;jürgen-x\n".encode(
        "cp1252"
    )
    with let_in(served) as (client, form):
        page = client.post("/new", data=form, files={"file": ("empty.csv", LIST.encode())})
        draft = page.url.path
        assert "nobody below it" in page.text
        client.post(f"{draft}/text", data={**form, "text": "Hi {{ first_name }}"})
        refused = client.post(f"{draft}/save", data={**form, "name": "x"})
        assert refused.status_code == 422
        assert client.get(draft).status_code == 200
        page = client.post("/new", data=form, files={"file": ("latin.csv", latin)})
        draft = page.url.path
        if "Encoding" in page.text and "not UTF-8" in page.text:
            page = client.post(f"{draft}/reading", data={**form, "encoding": "cp1252"})
        assert "Jürgen" in page.text
        assert "Süd" in page.text
        page = client.post(
            f"{draft}/reading", data={**form, "encoding": "cp1252", "header_row": "2"}
        )
        assert "{{ vorname }}" in page.text
        broken = client.post(f"{draft}/text", data={**form, "text": "Hi {{ vorname"})
        assert "Jürgen" in broken.text
        assert client.post(f"{draft}/save", data={**form, "name": "x"}).status_code == 422
    assert not list(served.folder.glob("*.toml"))


def test_one_message_goes_to_oneself_first(served: Served) -> None:
    """From the plan the first message can be sent to a profile of one's own; it begins no
    campaign."""
    served.campaign_file("spring", 2)
    with let_in(served) as (client, form):
        assert "Send it to this profile" in client.get("/files/spring.toml/plan").text
        said = {**form, "person": "linkedin.com/in/me-myself"}
        assert "Sent to me-myself" in client.post("/files/spring.toml/test", data=said).text
        wrong = client.post("/files/spring.toml/test", data={**form, "person": "?"})
        assert wrong.status_code == 400
        assert "There is no campaign yet" in client.get("/").text
        assert client.get("/campaigns/1").status_code == 404
        assert client.get("/decide").status_code == 200
    (receipt,) = served.endpoint.endpoint.receipts
    assert (receipt.recipient, receipt.message) == ("me-myself", "Hi Name0")


def test_a_remedy_with_options_names_the_fields_of_the_page(served: Served) -> None:
    """Whoever drops a list knows no options."""
    bad = "First Name,LinkedIn URL\nJörg,https://www.linkedin.com/in/joerg-x\n".encode("cp1252")
    (served.folder / "old.csv").write_bytes(bad)
    with let_in(served) as (client, form):
        page = client.post("/new", data={**form, "chosen": "old.csv"}).text
        assert "On this page: Encoding of a text file." in page
        assert "Encoding of a text file <select" in page


@pytest.mark.parametrize("flag", FIELDS)
def test_every_field_is_one_of_an_option_that_there_is(flag: str) -> None:
    assert any(flag in row.flags for row in settings(RunSettings).values())
    assert with_fields(f"Say which: {flag} X").startswith(f"Say which: {flag} X On this page: ")
    assert with_fields(f"Say which: {flag}s X") == f"Say which: {flag}s X"
    assert with_fields(None) == ""

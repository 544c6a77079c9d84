"""A list on the web: the address it is asked at, the file it becomes, what is refused."""

from __future__ import annotations

import io
import stat
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from openpyxl import Workbook

from runner.campaign import online
from runner.campaign.campaign import load
from runner.campaign.material import gather
from runner.cli import call
from runner.errors import RefusedError
from tests.loopback import KEY, in_a_thread, serving

LIST = b"LinkedIn URL,First Name\nada-l,Ada\n"
SHEET = "https://docs.google.com/spreadsheets/d/1AbC-d_9"


@dataclass
class Site:
    """What a web server answers, and the paths it was asked for."""

    url: str = ""
    status: int = 200
    body: bytes = LIST
    kind: str = "text/csv"
    location: str | None = None
    asked: list[str] = field(default_factory=list)


@contextmanager
def site() -> Iterator[Site]:
    """Serve on the loopback."""
    told = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            self.send_response(told.status)
            self.send_header("Content-Type", told.kind)
            if told.location is not None:
                self.send_header("Location", told.location)
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    with in_a_thread(server):
        yield told


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")


@pytest.mark.parametrize(
    ("address", "export"),
    [
        (f"{SHEET}/edit?usp=sharing", f"{SHEET}/export?format=xlsx"),
        (f"{SHEET}/edit?gid=7#gid=7", f"{SHEET}/export?gid=7&format=csv"),
        (f"{SHEET}/edit#gid=0", f"{SHEET}/export?gid=0&format=csv"),
        (SHEET, f"{SHEET}/export?format=xlsx"),
        (SHEET.replace("/d/", "/u/1/d/") + "/edit", f"{SHEET}/export?format=xlsx"),
        (
            "https://docs.google.com/spreadsheets/d/e/2PACX-1v/pubhtml?gid=3&single=true",
            "https://docs.google.com/spreadsheets/d/e/2PACX-1v/pub?gid=3&single=true&output=csv",
        ),
        (
            "https://docs.google.com/spreadsheets/d/e/2PACX-1v/pubhtml",
            "https://docs.google.com/spreadsheets/d/e/2PACX-1v/pub?output=xlsx",
        ),
        ("https://example.com/a/people.csv?sig=1#top", "https://example.com/a/people.csv?sig=1"),
        (f"{SHEET}/edit#gid=0&format=pdf", f"{SHEET}/export?gid=0&format=csv"),
        (f"{SHEET}/edit?gid=x%26format%3Dpdf", f"{SHEET}/export?format=xlsx"),
    ],
)
def test_an_address_is_asked_for_the_list_itself(address: str, export: str) -> None:
    assert online.export_of(address) == export


def test_each_list_has_a_file_of_its_own() -> None:
    """The same one each time, with an ending that fits; a worksheet's is not the workbook's."""
    names = [
        online.file_for(address)
        for address in (
            f"{SHEET}/edit?usp=sharing",
            f"{SHEET}/edit#gid=0",
            f"{SHEET}/edit#gid=1",
            "https://example.com/a/people.csv",
            "https://example.com/b/people.csv",
            "https://example.com/Köln%20%2F..%2F.xlsx",
            "https://example.com/export?as=csv",
            "https://example.com/",
        )
    ]
    assert len(set(names)) == len(names)
    assert [Path(name).suffix for name in names] == [
        *(".xlsx", ".csv", ".csv", ".csv", ".csv", ".xlsx", ".csv", ".csv")
    ]
    assert all(name == Path(name).name and not name.startswith((".", "-")) for name in names)
    assert online.file_for(f"{SHEET}/edit") == online.file_for(f"{SHEET}/view?usp=sharing")


def test_a_list_is_read_from_its_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It becomes a file that its owner alone can read; said in words, and read by every command
    that takes a list."""
    with site() as told:
        address = f"{told.url}/people.csv"
        assert call(["check", address, "-t", "hello.j2"]) == 0
        [file] = tmp_path.glob("people-*.csv")
        said = capsys.readouterr()
        assert f"The list is fetched from 127.0.0.1 into {file.name}" in said.out + said.err
        assert file.read_bytes() == LIST
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert call(["preview", address, "-t", "hello.j2"]) == 0
        assert "Hi Ada" in capsys.readouterr().out
        told.body = LIST.replace(b"Ada", b"Grace")
        assert call(["rehearse", address, "-t", "hello.j2", "--now"]) == 0
        assert "Rehearsed: 1 sent" in capsys.readouterr().out
        assert len(told.asked) == 3  # a rehearsal asks once for all its days
    assert b"Grace" in file.read_bytes()


def test_a_campaign_file_names_an_address(tmp_path: Path) -> None:
    """Its list lies beside it, wherever the command is given; `campaign new` writes it so."""
    folder = tmp_path / "spring"
    folder.mkdir()
    with site() as told:
        address = f"{told.url}/people.csv?sig=abc"
        assert call(["new", str(folder / "spring"), address, "-t", "hello.j2"]) == 0
        campaign = load(folder / "spring.toml", {})
        assert campaign.address == address
        assert campaign.sheet == folder / online.file_for(address)
        gather(campaign)
        assert told.asked == ["/people.csv?sig=abc"]
    assert campaign.sheet.read_bytes() == LIST
    assert any("fetched from 127.0.0.1" in notice for notice in campaign.notices)


@pytest.mark.parametrize("arguments", [["status"], ["results"], ["why", "ada-l", "--name"]])
def test_the_address_names_its_campaign(tmp_path: Path, arguments: list[str]) -> None:
    with site() as told, serving() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONNECTSAFELY_API_KEY", KEY)
        patch.setenv("CAMPAIGN_LEDGER", str(tmp_path / "ledger.db"))
        address = f"{told.url}/people.csv"
        run = ["run", address, "-t", "hello.j2", "--now", "--yes", "--base-url", server.url]
        assert call(run) == 0
        asked = len(told.asked)
        assert call([*arguments, address]) == 0
        assert call(run) == 0
        assert len(server.endpoint.receipts) == 1
        assert len(told.asked) == asked + 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status": 404}, "answers with HTTP 404"),
        ({"status": 401}, "answers with HTTP 401"),
        ({"kind": "text/html; charset=utf-8"}, "answers with a web page"),
        ({"status": 302, "location": "http://example.com/x.csv"}, "unencrypted"),
        ({"status": 302, "location": "ftp://127.0.0.1/x.csv"}, "unencrypted"),
        ({"status": 302, "location": "/again"}, "without end"),
    ],
)
def test_what_is_no_list_leaves_the_file_as_it_was(
    changes: dict[str, object], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is sent from what was fetched before."""
    with site() as told:
        address = f"{told.url}/people.csv?token=secret"
        file = Path(online.file_for(address))
        online.fetch(address, file)
        for name, value in changes.items():
            setattr(told, name, value)
        assert call(["check", address, "-t", "hello.j2"]) == 3
        said = capsys.readouterr().err
        assert why in said
        assert "secret" not in said
        assert len(told.asked) <= 6
    assert file.read_bytes() == LIST
    with pytest.raises(RefusedError, match="cannot be reached"):
        online.fetch(address, file)


def test_a_redirect_is_followed(tmp_path: Path) -> None:
    """As Google sends on to where the file lies."""
    with site() as first, site() as second:
        first.status, first.location = 307, f"{second.url}/there"
        online.fetch(f"{first.url}/people.csv", tmp_path / "people.csv")
        assert second.asked == ["/there"]
    assert (tmp_path / "people.csv").read_bytes() == LIST


def test_its_size_and_its_time_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with site() as told:
        monkeypatch.setattr(online, "MAX_BYTES", len(LIST) - 1)
        with pytest.raises(RefusedError, match="has more than"):
            online.fetch(f"{told.url}/people.csv", tmp_path / "people.csv")
        monkeypatch.setattr(online, "MAX_BYTES", len(LIST))
        begun = time.monotonic()
        monkeypatch.setattr(online, "_WHOLE", -begun)
        with pytest.raises(RefusedError, match="does not end in time"):
            online.fetch(f"{told.url}/people.csv", tmp_path / "people.csv")
    assert not (tmp_path / "people.csv").exists()


@pytest.mark.parametrize("address", ["http://example.com/people.csv", "ftp://example.com/p.csv"])
def test_what_is_not_encrypted_is_not_asked(address: str) -> None:
    with pytest.raises(RefusedError, match="not encrypted") as caught:
        load(Path(address), {})
    assert "https://" in (caught.value.remedy or "")


def workbook(day: int, *, name: str = "Ada") -> bytes:
    """A workbook as a server writes it anew for each request."""
    book = Workbook()
    book.active.append(["LinkedIn URL", "First Name"])
    book.active.append(["ada-l", name])
    plain, whole = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(whole, "w") as new:
        for one in old.namelist():
            text = old.read(one)
            when = f"2026-12-{day:02}" if one == "docProps/core.xml" else ""
            new.writestr(zipfile.ZipInfo(one, (2026, 12, day, 0, 0, 0)), text + when.encode())
    return whole.getvalue()


def test_a_workbook_that_is_written_anew_is_the_same_list(tmp_path: Path) -> None:
    """Otherwise each look would seem a change of the list."""
    file = tmp_path / "people.xlsx"
    with site() as told:
        for day, name in ((1, "Ada"), (2, "Ada"), (3, "Grace")):
            told.body = workbook(day, name=name)
            online.fetch(f"{told.url}/people.xlsx", file)
            assert (file.read_bytes() == told.body) == (day != 2)

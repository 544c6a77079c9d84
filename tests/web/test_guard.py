"""The door of the console: who gets in, and what nobody can do from outside."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from runner.web.app import application
from runner.web.desk import Desk
from runner.web.guard import POLICY, Badge, Guard
from tests.loopback import KEY
from tests.web.served import Served, console, place


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with place(tmp_path) as found:
        yield found


def addresses(desk: Desk) -> list[tuple[str, str]]:
    """Every address of the console with its method, as somebody from outside would ask for it."""
    guard = application(desk)
    assert isinstance(guard, Guard)
    routes = guard._app
    assert isinstance(routes, Starlette)
    found = []
    for route in routes.routes:
        path = getattr(route, "path", "")
        for part in (
            "{number:int}",
            "{row:int}",
            "{delivery:int}",
            "{name}",
            "{draft}",
            "{rest:path}",
        ):
            path = path.replace(part, "1")
        methods = getattr(route, "methods", None) or {"GET"}
        found += [("POST" if "POST" in methods else "GET", path or "/")]
    return found


def test_nobody_gets_in_without_the_token(served: Served, tmp_path: Path) -> None:
    """Without the cookie each address is refused, whatever it is; a wrong token is no entry."""
    desk = Desk(tmp_path / "other.db", tmp_path, Badge(1))
    every = addresses(desk)
    desk.close()
    assert len(every) > 30
    name = served.base.replace("http://127.0.0.1:", "campaign-console-")
    with httpx.Client(base_url=served.base) as client:
        for method, path in every:
            assert client.request(method, path).status_code == 401, (method, path)
            guessed = {"Cookie": f"{name}=guessed"}
            assert client.request(method, path, headers=guessed).status_code == 401
        assert client.get("/in?token=guessed").status_code == 401
        assert client.get("/in").status_code == 401
        token = served.address.partition("token=")[2]
        assert client.get("/ticket").status_code == 401
        once = client.get("/ticket", headers={"Authorization": f"Bearer {token}"}).text
        assert [client.get(once).status_code for _ in range(2)] == [303, 401]
        client.cookies.clear()
        answer = client.get(served.address)
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_a_request_of_another_site_is_refused_even_with_the_cookie(served: Served) -> None:
    """The name of the console's own address, and its own origin, are needed beside the cookie."""
    port = served.base.rpartition(":")[2]
    with served.client() as client:
        # httpx keeps cookies by host name; a browser that was tricked would send them.
        cookie = "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)
    for headers, status in (
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1"}, 421),
        ({"Host": f"console.evil.example:{port}"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Host": f"localhost:{port}"}, 200),
        ({"Origin": f"http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}, 200),
    ):
        answer = httpx.get(f"{served.base}/", headers={**headers, "Cookie": cookie})
        assert answer.status_code == status, headers


def test_a_change_needs_the_word_of_our_own_form(served: Served) -> None:
    """Without it nothing is changed, also with the cookie."""
    with served.client() as client:
        for form in ({}, {"form": "guessed"}):
            said = {**form, "people": "john-roe", "kind": "person"}
            answer = client.post("/do-not-contact/add", data=said)
            assert answer.status_code == 400
            assert "nothing was changed" in answer.text
        assert "john-roe" not in client.get("/do-not-contact").text
        assert client.get("/do-not-contact/add").status_code == 404


def test_every_answer_tells_the_browser_to_trust_nothing_else(served: Served) -> None:
    """Pages, faults, files and refusals have the same policy; no page holds the key."""
    served.run("spring")
    with served.client() as client:
        pages = ["/", "/new", "/decide", "/replies", "/do-not-contact", "/accounts"]
        pages += ["/campaigns/1", "/campaigns/1/rows/2", "/campaigns/1/plan", "/nowhere"]
        for path in (*pages, "/static/console.css", "/chart.css", "/campaigns/1/results"):
            answer = client.get(path)
            assert answer.headers["content-security-policy"] == POLICY, path
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store" or "static" in path
            assert KEY not in answer.text
            assert "server" not in answer.headers
            if "text/html" in answer.headers["content-type"]:
                assert "style=" not in answer.text, path
                assert "http://" not in answer.text.replace("http://www.w3.org/", ""), path
        assert "unsafe" not in POLICY
        refused = httpx.get(f"{served.base}/")
        assert refused.headers["content-security-policy"] == POLICY


def test_it_is_served_on_this_machine_alone(served: Served) -> None:
    """No other address of this machine leads to it."""
    port = int(served.base.rpartition(":")[2])
    others = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None)}
    for address in others - {"127.0.0.1", "::1"}:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as probe:
            probe.settimeout(2)
            with pytest.raises((OSError, AssertionError)):
                probe.connect((address, port))


def test_a_second_start_finds_the_first(served: Served) -> None:
    """It says the address of the first and ends; the note of it is its owner's alone, and goes with
    the first."""
    note = served.place.with_name("ledger.db.console")
    if os.name == "posix":
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
    again = served.command("console", "--no-browser")
    assert again.returncode == 0
    assert served.address in again.stdout
    served.process.terminate()
    assert served.process.wait() == 0
    assert not note.exists()


def test_a_note_of_a_console_that_died_leads_nowhere(served: Served, tmp_path: Path) -> None:
    """A console that was killed leaves its note; the next start takes its place."""
    served.process.kill()
    served.process.wait()
    note = served.place.with_name("ledger.db.console")
    assert json.loads(note.read_text(encoding="utf-8"))["pid"] == served.process.pid
    with console(tmp_path, served.endpoint) as again:
        assert again.address != served.address
        with again.client() as client:
            assert client.get("/").status_code == 200


def test_a_port_that_is_taken_is_an_error_with_a_way_out(served: Served, tmp_path: Path) -> None:
    """Another ledger's console cannot have the same port."""
    port = served.base.rpartition(":")[2]
    other = served.command("console", "--no-browser", "--port", port)
    assert other.returncode == 0  # it is the same ledger's
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    apart = Served(folder, served.endpoint, served.process, served.address)
    refused = apart.command("console", "--no-browser", "--port", port)
    assert refused.returncode == 2
    assert "--port 0" in refused.stderr

"""The console in a real browser: the day of a sales-ops person, and what could go wrong in it."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runner.rehearsal.endpoint import Answer
from tests.patience import until
from tests.web.served import LIST, Served, browser, console, needs_chromium, place, tab
from tests.web.test_guard import addresses
from tests.web.test_pages import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [needs_chromium, pytest.mark.slow]
PAGES = ("/", "/campaigns/1", "/campaigns/1/rows/2", "/new", "/decide", "/replies")
PAGES += ("/do-not-contact", "/accounts", "/campaigns/1/start", "/nowhere")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with place(tmp_path, limit=1_000) as found:
        yield found


def receipts(served: Served) -> list[str]:
    """Who has received a message, and nobody twice."""
    found = [receipt.recipient for receipt in served.endpoint.endpoint.receipts]
    assert [person for person, count in Counter(found).items() if count > 1] == []
    return found


def full(served: Served) -> str:
    """A ledger with something on every page; return the address of a draft."""
    endpoint = served.endpoint.endpoint

    def script(fields: dict[str, Any]) -> Answer | None:
        lost = fields.get("recipientProfileId") in ("p-1", "p-2")
        return endpoint.accept("", fields, "lost-request") if lost else None

    endpoint.script = script
    rows = [
        f'"{name.replace(chr(34), chr(34) * 2)}",Firm,p-{n}\n' for n, name in enumerate(HOSTILE)
    ]
    path = served.campaign_file("people", 0)
    sheet = LIST + "".join(rows) + ",No name,p-9\n"
    (served.folder / "people.csv").write_text(sheet, encoding="utf-8")
    served.command("run", path.name, "--yes", "--base-url", served.endpoint.url)
    served.command("suppress", "add", "john-roe", "--reason", HOSTILE[0])
    return sheet


def draft_of(page: Page, sheet: str, name: str = "people.csv") -> str:
    """Hand a list over, as a person does who chooses a file; return the draft's address."""
    page.goto(f"{page.url.split('/', 3)[0]}//{page.url.split('/')[2]}/new")
    file = {"name": name, "mimeType": "text/csv", "buffer": sheet.encode()}
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Read it").click()
    page.wait_for_url(re.compile(r"/new/[0-9a-f]{12}"))
    return page.url


def test_the_day_of_a_sales_ops_person(served: Served, chromium: Browser) -> None:
    """From dropping a list to the results: each step on the page, and the messages that arrive are
    those that were shown."""
    sheet = LIST.replace("LinkedIn URL", "Who") + "".join(
        f"Name{n},Firm {n},linkedin.com/in/person-{n}\n" for n in range(12)
    )
    with tab(chromium, served) as page:
        page.get_by_role("link", name="Begin one").click()
        page.wait_for_url(f"{served.base}/new")
        data = page.evaluate_handle(
            """(text) => { const data = new DataTransfer();
            data.items.add(new File([text], "leads.csv", {type: "text/csv"})); return data; }""",
            sheet,
        )
        page.dispatch_event("[data-drop]", "drop", {"dataTransfer": data})
        page.wait_for_url(re.compile(r"/new/[0-9a-f]{12}"))
        assert "no column says whom to write to" in page.inner_text("#list")
        page.get_by_label("What column C is for").select_option("recipientProfileId")
        page.wait_for_selector("#check .facts >> text=12 ready")
        page.fill("#words", "")
        page.type("#words", "Good morning ", delay=5)
        page.get_by_role("button", name="first_name").click()
        page.wait_for_selector("#messages >> text=Good morning Name3")
        page.type("#words", "{{ nothing }}", delay=5)
        page.wait_for_selector("#messages >> text=nothing")
        page.fill("#words", "Good morning {{ first_name }}!")
        page.wait_for_selector("#messages >> text=Good morning Name3!")
        page.wait_for_selector("#senders .busy", state="detached")
        page.get_by_label("At most a day and account").fill("5")
        page.get_by_label("At any time").check()
        page.get_by_label("Seconds between messages").fill("0")
        page.get_by_label("Seconds between messages").press("Tab")
        page.wait_for_selector("#ahead >> text=12 people, over 3 days")
        page.get_by_role("button", name="Play it").click()
        page.wait_for_selector("text=nothing was really sent")
        assert page.locator(".film li").count() == 3
        page.go_back()
        page.get_by_label("The campaign's name").fill("spring")
        page.get_by_role("button", name="Save, and see what would be sent").click()
        page.wait_for_selector("text=What a run would do now")
        assert "5 messages today" in page.inner_text("#plan").replace("\n", " ")
        assert receipts(served) == []
        page.get_by_role("button", name="Send", exact=True).click()
        page.wait_for_url(re.compile(r"/campaigns/1"))
        page.wait_for_selector(".legend >> text=5 sent")  # by itself, as it goes
        page.wait_for_selector("#list >> text=sent")
        page.get_by_label("Row 4", exact=True).click()
        page.wait_for_selector("#detail >> text=Good morning Name2!")
        with page.expect_download() as kept:
            page.get_by_role("link", name="Results", exact=True).click()
        assert kept.value.suggested_filename == "leads.results.csv"
        table = Path(kept.value.path()).read_text(encoding="utf-8-sig")
    assert table.count(",sent,") == 5
    assert len(receipts(served)) == 5
    assert {receipt.message for receipt in served.endpoint.endpoint.receipts} == {
        f"Good morning Name{n}!" for n in range(5)
    }


def test_two_tabs_and_the_command_line_see_one_another(served: Served, chromium: Browser) -> None:
    """What one tab or the terminal does shows in the others by itself."""
    served.campaign_file("spring", 4)
    served.command("run", "spring.toml", "--yes", "--max", "1", "--base-url", served.endpoint.url)
    with tab(chromium, served) as one, tab(chromium, served) as other:
        for page in (one, other):
            page.goto(f"{served.base}/campaigns/1")
            page.wait_for_selector(".legend >> text=3 waiting")
        served.command("pause")
        for page in (one, other):
            page.wait_for_selector(".badge >> text=paused")
        one.get_by_role("button", name="Let it go on").click()
        other.wait_for_selector(".badge >> text=paused", state="detached")
        run = ("run", "spring.toml", "--yes", "--base-url", served.endpoint.url)
        assert served.command(*run).returncode == 0
        for page in (one, other):
            page.wait_for_selector(".legend >> text=4 sent")
    assert len(receipts(served)) == 4


def test_a_page_that_is_drawn_anew_stays_in_the_hand(served: Served, chromium: Browser) -> None:
    """While messages go, what has the focus keeps it, what is pressed is pressed, and what was
    unfolded stays open; the page of all campaigns follows as well."""
    served.campaign_file("spring", 6)
    one_more = ("run", "spring.toml", "--yes", "--max", "1", "--base-url", served.endpoint.url)
    served.command(*one_more)
    with tab(chromium, served) as page, tab(chromium, served) as every:
        every.goto(f"{served.base}/")
        page.goto(f"{served.base}/campaigns/1")
        page.wait_for_selector(".legend >> text=5 waiting")
        page.get_by_text("The numbers").click()
        pause = page.get_by_role("button", name="Pause")
        pause.hover()
        page.mouse.down()
        served.command(*one_more)
        every.wait_for_selector(".legend >> text=4 waiting")
        assert "5 waiting" in page.inner_text(".legend")
        page.mouse.move(5, 5)
        page.mouse.up()  # not upon the button, so nothing is asked for
        page.wait_for_selector(".legend >> text=4 waiting")
        assert page.locator("#numbers").get_attribute("open") is not None
        pause.focus()
        served.command(*one_more)
        page.wait_for_selector(".legend >> text=3 waiting")
        page.keyboard.press("Enter")
        for one in (page, every):
            one.wait_for_selector(".badge >> text=paused")
    assert len(receipts(served)) == 3


def test_a_run_goes_on_when_the_console_is_killed(served: Served, chromium: Browser) -> None:
    """A run that the console has started is a process of its own: nobody is lost or gets a message
    twice, and the next console shows it."""
    path = served.campaign_file("spring", 60)
    goes_on = threading.Event()
    goes_on.set()

    def received() -> None:
        assert goes_on.wait(60)

    served.endpoint.received = received
    with tab(chromium, served) as page:
        page.goto(f"{served.base}/files/{path.name}/start")
        page.get_by_role("button", name="Send", exact=True).click()
        page.wait_for_url(re.compile(r"/campaigns/1"))
        assert until(lambda: served.totals().sent > 5)
        goes_on.clear()  # one message stays in flight
        page.goto("about:blank")  # a page that is open would tell of the end
        served.process.kill()
        served.process.wait()
    with console(served.folder, served.endpoint) as again, tab(chromium, again) as page:
        page.goto(f"{again.base}/campaigns/1")
        page.wait_for_selector(".badge >> text=running")
        page.get_by_role("button", name="Stop the run").click(no_wait_after=True)
        assert until(served.is_asked_to_stop)
        goes_on.set()
        page.wait_for_selector("text=The run has ended")
        middle = len(receipts(served))
        assert 5 < middle < 60
        page.get_by_role("link", name="Start …").click()
        page.get_by_role("button", name="Send", exact=True).click()
        page.wait_for_selector(".legend >> text=60 sent")
    assert len(receipts(served)) == 60
    assert served.statuses() == ["sent"] * 60


class _Elsewhere(BaseHTTPRequestHandler):
    """A page of somebody else."""

    def do_GET(self) -> None:
        body = b"<!doctype html><title>elsewhere</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


ATTACK = """async ([base, addresses]) => {
  const read = [];
  for (const [method, path] of addresses) {
    for (const mode of ["cors", "no-cors"]) {
      try {
        const answer = await fetch(base + path, {method, mode, credentials: "include",
          body: method === "POST" ? new URLSearchParams({form: "x", people: "victim-1",
          word: "sent", kind: "person"}) : undefined});
        if (answer.type !== "opaque") read.push([mode, path, await answer.text()]);
      } catch (error) {}
    }
  }
  for (const [method, path] of addresses.filter(([method]) => method === "POST")) {
    const frame = document.createElement("iframe");
    frame.name = "target" + path;
    document.body.append(frame);
    const form = document.createElement("form");
    Object.assign(form, {method: "POST", action: base + path, target: frame.name});
    form.innerHTML = '<input name="people" value="victim-2"><input name="word" value="sent">';
    document.body.append(form);
    form.submit();
  }
  const frame = document.createElement("iframe");
  frame.src = base + "/";
  document.body.append(frame);
  await new Promise((done) => { frame.onload = done; });
  let seen = null;
  try { seen = frame.contentDocument && frame.contentDocument.body.innerText; } catch (error) {}
  const script = document.createElement("script");
  script.src = base + "/static/console.js";
  const loaded = await new Promise((done) => {
    script.onload = () => done(true); script.onerror = () => done(false);
    document.body.append(script);
  });
  return {read, seen, loaded};
}"""


def test_a_hostile_page_can_neither_read_nor_change_anything(
    served: Served, chromium: Browser, tmp_path: Path
) -> None:
    """A page on another port of this very machine, whose requests the browser gives the cookie,
    tries every address in every way."""
    from runner.web.desk import Desk
    from runner.web.guard import Badge

    full(served)
    desk = Desk(tmp_path / "other.db", tmp_path, Badge(1))
    every = addresses(desk)
    desk.close()
    before = served.statuses()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(served.address)
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
        found = page.evaluate(ATTACK, [served.base, every])
        assert found["read"] == []
        assert not found["seen"]
        assert found["loaded"] is False
        page.goto(f"{served.base}/do-not-contact")  # the browser itself was let in
        assert "Do not contact" in page.title()
        assert "victim" not in page.content()
    finally:
        context.close()
        server.shutdown()
        server.server_close()
        thread.join()
    assert served.statuses() == before
    assert not list(served.folder.glob("*.rehearsal*"))


def test_every_page_is_accessible_and_fits(served: Served, chromium: Browser) -> None:
    """axe finds nothing serious, in light and in dark; no page is wider than a phone or shorter
    than its frame; no name of a list becomes a part of a page."""
    from axe_playwright_python.sync_playwright import Axe

    sheet = full(served)
    for scheme, width in (("light", 1600), ("dark", 375)):
        size = {"width": width, "height": 900}
        options = {"viewport": size, "color_scheme": scheme, "bypass_csp": True}
        context = chromium.new_context(**options)  # axe is a script of its own
        page = context.new_page()
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        page.goto(served.address)
        draft = draft_of(page, sheet).removeprefix(served.base)
        page.wait_for_selector("#check .facts")
        for path in (*PAGES, draft, f"{draft}/check"):
            page.goto(f"{served.base}{path}")
            page.wait_for_selector("main h1, main h2")
            found = Axe().run(page)
            serious = [
                (one["id"], [node["html"][:200] for node in one["nodes"]][:3])
                for one in found.response["violations"]
                if one["impact"] in ("serious", "critical")
            ]
            assert serious == [], (path, scheme)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (path, width)
        context.close()


def test_the_keyboard_is_enough_to_decide(served: Served, chromium: Browser) -> None:
    """With Tab and Enter alone a row is settled; the first stop leads past the menu."""
    full(served)
    assert served.statuses().count("uncertain") == 1
    with tab(chromium, served) as page:
        page.goto(f"{served.base}/decide")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "To the content"
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == "It arrived":
                break
        page.keyboard.press("Enter")
        page.wait_for_selector(".said >> text=it arrived")
    assert served.statuses().count("uncertain") == 0


def test_a_list_of_a_hundred_thousand_rows(served: Served, chromium: Browser) -> None:
    """It is shown page by page while all of it is checked, and no page holds more than it shows."""
    rows = "".join(f"Name{n},Firm {n},person-{n}\n" for n in range(100_000))
    with tab(chromium, served) as page:
        draft = draft_of(page, LIST + rows)
        assert page.locator("table.sheet tbody tr").count() == 10
        page.wait_for_selector("#check .facts >> text=100,000 rows", timeout=90_000)
        assert len(page.content()) < 100_000
        page.goto(f"{draft}?skip=99990")
        assert "person-99999" in page.inner_text("table.sheet")
        page.fill("#words", "Hello {{ first_name }}")
        page.wait_for_selector("#messages >> text=Hello Name99999")

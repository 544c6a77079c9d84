"""Being led through a first campaign: one question at a time, each with an answer to begin with.

Nothing is sent here but one message to the person who is asked, who may want to see it. What each
step does is a command as well, and that command is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runner import words
from runner.campaign.kind import options_of
from runner.campaign.setting import ListSettings, NewSettings
from runner.cli import late
from runner.cli.asking import MOST_TRIES, Asking, no_answer
from runner.cli.ledger import opened_ledger, utc_now
from runner.cli.options import BaseUrl, Ledger
from runner.cli.vendor import vendor_with
from runner.errors import AccessError, CampaignError, UsageError
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.intake.table import Table
    from runner.sending.lookup import Account
    from runner.sending.secret import Secret


def start(
    sheet: Annotated[
        Path | None, typer.Argument(metavar="LIST", readable=False, help="The spreadsheet.")
    ] = None,
    base_url: BaseUrl = None,
    ledger: Ledger = None,
) -> int:
    """Be led through a first campaign: list, text, key, accounts, hours; nobody of the list gets
    anything."""
    console = Console()
    if not console.can_ask:
        raise UsageError(
            "campaign start asks questions, and there is no terminal to ask them on.",
            remedy="campaign new NAME LIST writes a campaign file without a question.",
        )
    console.say(
        "A campaign in a few steps. Enter takes what stands in brackets; nobody of the list gets "
        "anything."
    )
    first = _Start(Asking(console))
    first.people(sheet)
    first.text()
    first.accounts(base_url)
    first.calendar()
    file = first.file()
    if first.has_key:
        _try(first.asking, file, base_url, ledger)
    return _rehearse(first.asking, file)


@dataclass(slots=True)
class _Start:
    """What has been answered so far. The list is read from the file `sheet`, into which it is
    fetched where an address on the web was `listed`."""

    asking: Asking
    listed: str = ""
    sheet: Path = field(default_factory=Path)
    template: Path = field(default_factory=Path)
    said: dict[str, Any] = field(default_factory=dict)
    has_key: bool = False

    def people(self, given: Path | None) -> None:
        """The list: which it is, and which column says who the people are."""
        console = self.asking.console
        self.sheet = given or self._found()
        for _ in range(MOST_TRIES):
            try:
                self._fetch()
                table = self._read()
                break
            except CampaignError as error:
                console.error(error)
                self.sheet = self._named()
        else:
            raise no_answer()
        if table.others:
            names = [table.sheet or "", *table.others]
            self.said["sheet_name"] = names[self.asking.choose("Which worksheet", names)]
            table = self._read()
        rows = sum(1 for _ in table.rows())
        headers = [column.header.strip() for column in table.columns if column.header.strip()]
        console.say(f"{self.sheet.name}: {words.count(rows, 'row')}; {', '.join(headers[:12])}")
        self._recipient(table, headers)
        if any(row.hidden for row in table.rows()):
            writes = self.asking.yes(
                "Rows are hidden or filtered out. Write to them as well?", usual=False
            )
            self.said["hidden"] = "include" if writes else "skip"

    def _found(self) -> Path:
        """A list in this folder."""
        here = sorted(
            path
            for path in Path().iterdir()
            if path.suffix.lower() in late.sheet.ENDINGS and ".results" not in path.name
        )
        if not here:
            return self._named()
        self.asking.console.say("The list:")
        return here[self.asking.choose("Which one", [path.name for path in here])]

    def _named(self) -> Path:
        for _ in range(MOST_TRIES):
            if told := self.asking.line("The list (CSV or XLSX, or its https:// address)"):
                return Path(told)
        raise no_answer()

    def _fetch(self) -> None:
        """Fetch a list on the web: what follows is asked of its file."""
        address = late.online.address_of(self.sheet)
        self.listed = address or str(self.sheet)
        if address is not None:
            self.sheet = Path(late.online.file_for(address))
            late.online.fetch(address, self.sheet)
            for notice in late.online.notices(address, self.sheet):
                self.asking.console.say(notice)

    def _read(self) -> Table:
        reading = late.sheet.Reading(sheet=self.said.get("sheet_name"))
        return late.table.read(late.sheet.load(self.sheet), reading)

    def _recipient(self, table: Table, headers: Sequence[str]) -> None:
        """Ask which column names the people, where no header says so."""
        layout = late.column.lay_out(table.columns)
        if any(role in layout.roles for role in late.column.RECIPIENT_ROLES):
            return
        guess = late.blocking.holding_people(table, layout)
        usual = headers.index(guess) + 1 if guess else 1
        index = self.asking.choose("Which column has the LinkedIn profiles", headers, usual)
        self.said["columns"] = {"recipientProfileId": headers[index]}

    def text(self) -> None:
        """The message: a template with the list's own columns, written by the person."""
        console = self.asking.console
        self.template = Path(self.asking.line("The file with your message", "hello.j2"))
        if not self.template.exists():
            text = late.starter.template_for(self._read(), self.said.get("columns"))
            self.template.write_text(text, encoding="utf-8")
            console.say(f"{self.template} is there to begin with: edit it, and save it.")
        for _ in range(MOST_TRIES):
            self.asking.line("Enter, when your message is in it")
            try:
                campaign = late.campaign.load(
                    self.sheet, {"template": [self.template], **self.said}
                )
                previewed = late.check.preview(campaign, 1)
            except CampaignError as error:
                console.error(error)
                continue
            late.show_check.show_preview(console, previewed, more=False)
            if late.blocking.UNWRITTEN in self.template.read_text(encoding="utf-8"):
                console.say("It still has the line that stands for your message.")
            elif self.asking.yes("Is it as it should be?"):
                self._say_command(ListSettings, "preview")
                return
        raise no_answer()

    def _say_command(self, group: type, *begin: str) -> None:
        """Say the command that does the same with what has been answered."""
        options = options_of(group, {"template": [self.template], **self.said})
        self.asking.command(words.command(*begin, words.argument(self.listed), *options))

    def accounts(self, base_url: str | None) -> None:
        """The key, and the accounts that it may send from."""
        console = self.asking.console
        stored, told = self._stored_key(), ""
        for _ in range(MOST_TRIES):
            try:
                if stored is None:
                    told = console.read_hidden(
                        "The API key of the vendor's dashboard (Enter: later): "
                    )
                    if not told:
                        console.say(
                            "Without a key you can rehearse; campaign doctor says where it goes."
                        )
                        return
                known = _accounts_of(stored or late.key.given_key(told), base_url)
                break
            except (UsageError, AccessError) as error:
                console.error(error)
                if stored is not None:
                    return
        else:
            raise no_answer()
        self.has_key = True
        if told:  # it was not refused
            console.say(f"Stored in {late.key.store_key(told)}, readable by you only.")
            if known is None:
                console.say("The vendor did not answer, so the key is not tried yet.")
        if not known:
            console.say("The vendor names no accounts; messages go from the key's default one.")
            return
        names = [
            f"{one.name or one.id} ({one.id})" + (f", {one.status.lower()}" if one.status else "")
            for one in known
        ]
        chosen = 0 if len(known) == 1 else self.asking.choose("From which account", names)
        self.said["accounts"] = [known[chosen].id]
        console.say(f"Messages go from {names[chosen]}.")

    def _stored_key(self) -> Secret | None:
        """The key that a run would find, if there is one."""
        with suppress(CampaignError):
            found = late.key.find_key(None, self.sheet.absolute().parent)
            self.asking.console.say(f"The API key is in {found.origin}.")
            return found.secret
        return None

    def calendar(self) -> None:
        """When messages go, and how many a day."""
        for key, question, usual in (
            ("hours", "Sending hours", "09:00-17:00"),
            ("days", "Sending days", "mon-fri"),
            ("daily_limit", "At most how many a day (Enter: what the vendor allows)", ""),
        ):
            for _ in range(MOST_TRIES):
                told = self.asking.line(question, usual)
                if not told:
                    break
                value: Any = int(told) if told.isdecimal() and key == "daily_limit" else told
                try:
                    late.campaign.load(self.sheet, {**self.said, key: value})
                    self.said[key] = value
                    break
                except (CampaignError, TypeError) as error:
                    self.asking.console.say(getattr(error, "what", "Give a number."))
            else:
                raise no_answer()

    def file(self) -> Path:
        """The campaign file, which holds all of it."""
        for _ in range(MOST_TRIES):
            name = Path(self.asking.line("The campaign's name", self.sheet.stem))
            with suppress(UsageError):
                written = late.starter.write(name, Path(self.listed), [self.template], self.said)
                self.asking.console.say(f"Written: {written}")
                self._say_command(NewSettings, "new", words.argument(name))
                return written
            self.asking.console.say("There is such a file already.")
        raise no_answer()


def _accounts_of(key: Secret, base_url: str | None) -> list[Account] | None:
    """The accounts of a key; None without an answer. Raises AccessError."""
    with late.asyncio.Runner() as loop:
        return loop.run(vendor_with(key, base_url).lookup.accounts())


def _try(asking: Asking, file: Path, base_url: str | None, ledger: str | None) -> None:
    """Offer to send one message, to the person who is asked."""
    console = asking.console
    question = "Your own profile, to see one message as it arrives (Enter: none)"
    person = asking.fitting(question, late.standing.person_of)
    if person is None:
        return
    asking.command(words.command("run", words.argument(file), test_to=person.identity))
    try:
        campaign = late.campaign.load(file, {})
        vendor = vendor_with(late.key.find_key(campaign.key_file, campaign.folder).secret, base_url)
        with opened_ledger(ledger) as opened, late.asyncio.Runner() as loop:
            tested = late.trial.send_test(campaign, opened, vendor, person, loop)
        late.show_trial.show_tested(console, tested)
    except CampaignError as error:
        console.error(error)


def _rehearse(asking: Asking, file: Path) -> int:
    """Offer the rehearsal, and say what comes next."""
    console, named = asking.console, words.argument(file)
    if asking.yes("Rehearse it now, with nothing sent?"):
        asking.command(words.command("rehearse", named))
        campaign = late.rehearse.beside(late.campaign.load(file, {}))
        rehearsed = late.rehearse.rehearse(
            campaign,
            utc_now(),
            plan=lambda plan: late.show_run.show_plan(console, plan),
            day=lambda day: late.show_rehearsal.tell_day(console, day),
        )
        late.show_rehearsal.show_rehearsal(console, rehearsed)
    console.say("Next:")
    console.say(f"  {words.command('doctor', named)}   whether a run would find all it needs")
    console.say(f"  {words.command('run', named)}   sends what may go today; shows the plan first")
    daily = words.command("schedule install", named, at="08:30")
    console.say(f"  {daily}   goes on by itself every day")
    return 0

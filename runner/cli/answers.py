"""What has been answered of a first campaign, one question at a time, each with an answer to begin
with."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runner import words
from runner.campaign.kind import options_of
from runner.campaign.setting import ListSettings, NewSettings
from runner.cli import late
from runner.cli.asking import MOST_TRIES, Asking, no_answer
from runner.cli.vendor import vendor_with
from runner.errors import AccessError, CampaignError, UsageError

if TYPE_CHECKING:
    from runner.intake.table import Table
    from runner.sending.lookup import Account
    from runner.sending.secret import Secret

# So many of a list's columns are named.
_COLUMNS: Final = 12


@dataclass(slots=True)
class Answers:
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
        shown = words.some(headers, _COLUMNS)
        console.say(f"{self.sheet.name}: {words.count(rows, 'row')}; {shown}")
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
        names = [*(path.name for path in here), "another one"]
        self.asking.console.say("The list:")
        chosen = self.asking.choose("Which one", names)
        return here[chosen] if chosen < len(here) else self._named()

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
        if self._by_row({one.id for one in known}):
            return
        names = [
            f"{one.name or one.id} ({one.id})" + (f", {one.status.lower()}" if one.status else "")
            for one in known
        ]
        chosen = 0 if len(known) == 1 else self.asking.choose("From which account", names)
        self.said["accounts"] = [known[chosen].id]
        console.say(f"Messages go from {names[chosen]}.")

    def _by_row(self, known: set[str]) -> bool:
        """Tell whether the list itself names every row's account; say which the key has not."""
        table = self._read()
        columns = late.column.lay_out(table.columns, self.said.get("columns")).roles
        if "accountId" not in columns:
            return False
        index = columns["accountId"][0].index
        named = {"".join(row.cells[index : index + 1]).strip() for row in table.rows()}
        is_whole = "" not in named
        named.discard("")
        if not named:
            return False
        say = self.asking.console.say
        which = "each row" if is_whole else "some rows; the others need one"
        say(f"The list names the account of {which}: {words.some(sorted(named))}.")
        if strangers := sorted(named - known):
            say(f"The key has no such account: {words.some(strangers)}. Nothing goes from there.")
        return is_whole

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

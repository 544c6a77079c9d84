"""What is wrong with a request, beyond what is wrong with a campaign."""

from __future__ import annotations

from runner.errors import UsageError


class MissingPageError(UsageError):
    """There is no such page."""

    def __init__(self) -> None:
        super().__init__(
            "There is nothing at this address.", remedy="Begin with the list of campaigns."
        )


class ForgedError(UsageError):
    """A change that none of the console's own pages has asked for."""

    def __init__(self) -> None:
        super().__init__(
            "This form is of an earlier start of the console; nothing was changed.",
            remedy="Load the page anew, and do it again.",
        )


class TooLargeError(UsageError):
    """What was sent is larger than any form of the console, or cannot be read as one."""

    def __init__(self) -> None:
        super().__init__(
            "What was sent is too large, or cannot be read.",
            remedy="A list may have 128 MB, a text 80 KB. Load the page anew, and do it again.",
        )

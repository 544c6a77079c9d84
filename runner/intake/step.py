"""The steps of a sequence: the messages that follow one another to each person.

Each step has one wording or several, its variants, of which a person gets one. Which one that is
depends on the person and on the variants' names alone: another reading of the list, or another
order of it, gives nobody another variant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from runner.errors import RefusedError
from runner.intake.recipient import Recipient
from runner.intake.template import MessageTemplate


@dataclass(frozen=True, slots=True)
class Step:
    """One message of a sequence, which goes `after_days` sending days after the one before.

    `templates` are its wordings; without any, each row has its own text. It goes to the rows that
    fulfil all of `where`.
    """

    templates: tuple[MessageTemplate, ...] = ()
    after_days: int = 0
    where: tuple[str, ...] = ()

    @property
    def has_variants(self) -> bool:
        """True where a person's variant is worth noting."""
        return len(self.templates) > 1 or any(one.variant for one in self.templates)

    def wording(self, person: Recipient) -> int:
        """Return the index of the person's wording, the same for as long as it is there."""
        if len(self.templates) < 2:
            return 0
        key = person.identity
        drawn = [sha256(f"{one.name}\n{key}".encode()).digest() for one in self.templates]
        return drawn.index(max(drawn))


def as_steps(text: MessageTemplate | Sequence[Step] | None) -> tuple[Step, ...]:
    """Return the steps of a text: one, for a template or for rows with their own text."""
    if text is None:
        return (Step(),)
    return (Step((text,)),) if isinstance(text, MessageTemplate) else tuple(text)


def refuse_alike(templates: Sequence[MessageTemplate]) -> None:
    """Raise RefusedError for two variants of one step that have one name."""
    for name, count in Counter(one.name for one in templates).items():
        if count > 1:
            raise RefusedError(
                f"{count} variants of one message are called {name!r}.",
                where=", ".join(str(one.path) for one in templates if one.name == name),
                remedy="Give each a name of its own: a line variant: NAME between the dashes.",
            )

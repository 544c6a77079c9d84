"""The ledger's tables. Migrations make them; a test holds the two together."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from runner.ledger.instant import Big, Instant
from runner.ledger.record import Status
from runner.ledger.setting import DEFAULT_KEY

HEAD: Final = "0010"


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# The rows of an index over some rows alone. It serves a condition that is written out like it.
_UNCERTAIN: Final = text(f"status = '{Status.UNCERTAIN}'")
_STATUSES: Final = ", ".join(f"'{status}'" for status in Status)

campaign = Table(
    "campaign",
    metadata,
    Column("id", Big, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),  # where the list was last read from
    Column("template_hash", String(64), nullable=False),
    Column("headers", Text, nullable=False),  # JSON list: the columns that the results hand back
    Column("delimiter", String(1), nullable=False),
    Column("settings", Text, nullable=False),  # JSON object
    Column("created_at", Instant, nullable=False),
    Column("read_at", Instant, nullable=False),
    Column("stamp", Text),  # state of list and text as taken in: the same is not read again
    Column("running_since", Instant),
    Column("running_pid", Integer),
    Column("results_written", Text),  # state of the results file, and of the campaign then
    Column("paused_at", Instant),  # nothing goes since then, until a person lets it go on
    Column("stop_asked_at", Instant),  # the run that is under way has to end
    Column("submitted_at", Instant),  # workers send it since then
    Index(None, "source"),
    Index(None, "read_at"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Big, primary_key=True),
    Column(
        "campaign_id",
        ForeignKey("campaign.id", name="fk_delivery_campaign_id_campaign"),
        nullable=False,
    ),
    Column("identity", Text, nullable=False),
    Column("step", Integer, nullable=False, default=1),  # which of the campaign's messages it is
    Column("slug", Text),
    Column("urn", Text),
    Column("position", Integer, nullable=False),  # order in the sheet
    Column("row", Integer, nullable=False),  # as the spreadsheet program shows it
    Column("account", Text, nullable=False),  # '' is the key's default account
    Column("due_at", Instant),  # it does not go before then
    Column("message", Text, nullable=False),
    Column("variant", Text),  # the name of its wording, where there are several
    Column("subject", Text),
    Column("message_type", String(10), nullable=False),
    Column("conversation_urn", Text),
    Column("status", String(10), nullable=False),
    Column("reason", Text),
    Column("error", Text),
    Column("http_status", Integer),
    Column("typing_indicator_sent", Boolean),
    Column("sent_at", Instant),
    Column("sent_to_urn", Text),
    Column("message_urn", Text),  # where the vendor told it
    UniqueConstraint("campaign_id", "identity", "step"),
    CheckConstraint(f"status IN ({_STATUSES})", name="status"),
    Index(None, "campaign_id", "account", "status", "due_at", "position"),
    Index(None, "campaign_id", "account", "status", "step", "due_at", "position"),
    Index("ix_delivery_uncertain", "account", sqlite_where=_UNCERTAIN),
    Index(None, "slug"),
    Index(None, "urn"),
    Index(None, "sent_to_urn"),
)

row = Table(
    "row",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("cells", Text, nullable=False),  # JSON list, one text per header
    Column("kinds", Text),  # JSON list of [index, number, its format, link], for cells beyond text
    Column("identity", Text),  # of the delivery that tells the row's status; else its own holds
    Column("status", String(10)),
    Column("reason", Text),
    Column("person", Text),  # the person in the row, also when no delivery tells its status
    Column("free_at", Instant),  # until then it is skipped: the person was messaged recently
    CheckConstraint(f"status IN ({_STATUSES})", name="status"),
    Index(None, "campaign_id", "identity"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Big, primary_key=True),
    Column("delivery_id", ForeignKey("delivery.id"), nullable=False),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("account", Text, nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("deadline", Instant, nullable=False),  # from then on it cannot be under way
    Column("wired_at", Instant),  # the intent: committed just before the first request byte
    Column("settled_at", Instant),
    Column("status", String(10)),
    Column("http_status", Integer),
    Column("error", Text),
    Column("quota_used", Big),  # as the answer told it
    Column("key", Text, nullable=False, server_default=DEFAULT_KEY),  # its name, never itself
    CheckConstraint(f"status IN ({_STATUSES})", name="status"),
    Index(None, "delivery_id"),
    # The last three are there to be counted without a look into the table.
    Index(None, "account", "claimed_at", "settled_at", "status", "campaign_id"),
    Index(None, "claimed_at"),
    Index(None, "key", "claimed_at"),
    Index(None, "settled_at", "account"),
)

account = Table(
    "account",
    metadata,
    Column("account", Text, primary_key=True),
    Column("told_at", Instant),
    Column("quota_limit", Big),
    Column("quota_used", Big),
    Column("quota_remaining", Big),
    Column("quota_reset_at", Instant),
    Column("window_opened_at", Instant),  # the reset before that one, if it is known
    Column("held_until", Instant),
    Column("hold_reason", Text),
    Column("hold_brief", Boolean),
    Column("key", Text, nullable=False, server_default=DEFAULT_KEY),  # the one it goes by
    # Workers: when its lane is to be looked at again, by which of them it is driven, and why it
    # waits.
    Column("due_at", Instant),
    Column("worker_id", Big),
    Column("driven_since", Instant),
    Column("waits_for", Text),
    Index(None, "key", "due_at"),
    Index(None, "worker_id"),
)

# The processes that send for all accounts whose keys they have.
worker = Table(
    "worker",
    metadata,
    Column("id", Big, primary_key=True),
    Column("name", Text, nullable=False),  # its computer and process
    Column("version", Text, nullable=False),
    Column("keys", Text, nullable=False),  # JSON list of names
    Column("lanes", Integer, nullable=False),  # how many it drives at once
    Column("begun_at", Instant, nullable=False),
    Column("beat_at", Instant, nullable=False),  # it was alive then
    Column("is_draining", Boolean, nullable=False),
)

# Two identities of one person: an answer named the URN of the slug it was asked for, or a row gave
# both.
alias = Table(
    "alias",
    metadata,
    Column("identity", Text, primary_key=True),
    Column("other", Text, primary_key=True),
    Column("learned_at", Instant, nullable=False),
    Index(None, "other"),
)

do_not_contact = Table(
    "do_not_contact",
    metadata,
    Column("identity", Text, primary_key=True),
    Column("reason", Text),
    Column("added_at", Instant, nullable=False),
    Column(
        "forgotten", Text
    ),  # the token that all hashes of one forgotten person share; NULL for a person kept by name
    Index(None, "forgotten"),
)

# A message to a person from another tool, or from a ledger that no longer exists.
contact = Table(
    "contact",
    metadata,
    Column("identity", Text, primary_key=True),
    Column("contacted_at", Instant, primary_key=True),
    Column("source", Text, nullable=False),
    Column("noted_at", Instant),  # by which an import is known
)

# Notes of the ledger as a whole: the salt of forgotten people's hashes, and the time of each file's
# import.
note = Table(
    "note", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False)
)

# The latest look before a delivery's message.
look = Table(
    "look",
    metadata,
    Column(
        "delivery_id",
        ForeignKey("delivery.id", name="fk_look_delivery_id_delivery"),
        primary_key=True,
    ),
    Column("looked_at", Instant, nullable=False),
    Column("conversation_urn", Text),  # NULL: there was none
    Column("last_at", Instant),
    Column("last_is_ours", Boolean),
    Column("under", Text),  # the words of what was looked at
    Column("as_inmail", Boolean),  # it goes as InMail, since the person is no connection
    Column(
        "rests_until", Instant
    ),  # its row is skipped for what was found, and looked at again then
)

# The first message of a person after ours. `text` is theirs, and is kept for a while only.
reply = Table(
    "reply",
    metadata,
    Column(
        "delivery_id",
        ForeignKey("delivery.id", name="fk_reply_delivery_id_delivery"),
        primary_key=True,
    ),
    Column("replied_at", Instant, nullable=False),
    Column("text", Text),
    Column("conversation_urn", Text, nullable=False),
    Column("noted_at", Instant, nullable=False),
)

# People and accounts: connected, or not. The account is '' where an export names none.
connected = Table(
    "connected",
    metadata,
    Column("account", Text, primary_key=True),
    Column("identity", Text, primary_key=True),
    Column("is_connected", Boolean, nullable=False),
    Column("noted_at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Index(None, "identity"),
)

# When the conversations that were read were last active: the same ones need not be read again.
thread = Table(
    "thread",
    metadata,
    Column("urn", Text, primary_key=True),
    Column("active_at", Instant, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Big, primary_key=True),
    Column("delivery_id", ForeignKey("delivery.id"), nullable=False),
    Column("verdict", String(10), nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Index(None, "delivery_id"),
)

# The chain over attempts and decisions. `subject` is the id of one, by the link's kind.
link = Table(
    "link",
    metadata,
    Column("id", Big, primary_key=True),
    Column("what", String(10), nullable=False),
    Column("subject", Big, nullable=False),
    Column("digest", String(64), nullable=False),
)

"""What can be wrong with a sheet, as codes that other programs may rely on: they are never renamed."""

from typing import Literal

Code = Literal[
    # the whole sheet or template
    "duplicate-header",
    "hidden-rows",
    "no-recipient-column",
    "no-template",
    "same-text",
    "template-variable",
    # a row or a cell that cannot be read exactly
    "cell-error",
    "cell-kind",
    "cell-unread",
    "formula-uncached",
    "merged-cell",
    "ragged-row",
    "rounded-number",
    # whom a row means
    "conversation-account",
    "conversation-urn",
    "recipient-email",
    "recipient-link",
    "recipient-missing",
    "recipient-unreadable",
    "recipient-url",
    "recipient-urn",
    "sales-navigator",
    "two-recipients",
    # what a row would send
    "blank-value",
    "foreign-value",
    "gap",
    "greeting-empty",
    "greeting-other",
    "inmail-subject",
    "leftover-placeholder",
    "message-empty",
    "message-lengthy",
    "message-long",
    "message-type",
    "subject-long",
    "template-row",
    "value-suspicious",
]

"""The codes of all that can be wrong with a sheet.

Other programs may rely on the codes: they are never renamed.
"""

from collections.abc import Mapping
from typing import Final, Literal

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
    "cell-long",
    "cell-unread",
    "date-ambiguous",
    "date-blank",
    "date-future",
    "date-unread",
    "formula-uncached",
    "merged-cell",
    "ragged-row",
    "rounded-number",
    "swallowed-row",
    # the recipient of a row
    "account-id",
    "conversation-account",
    "conversation-urn",
    "recipient-email",
    "recipient-link",
    "recipient-missing",
    "recipient-number",
    "recipient-unreadable",
    "recipient-url",
    "recipient-urn",
    "sales-navigator",
    "two-recipients",
    # the message that a row would send
    "bidi-character",
    "blank-lines",
    "blank-value",
    "control-character",
    "foreign-value",
    "gap",
    "greeting-empty",
    "greeting-other",
    "inmail-subject",
    "leftover-placeholder",
    "markup",
    "message-empty",
    "message-lengthy",
    "message-long",
    "message-type",
    "subject-long",
    "template-row",
    "typed-line-break",
    "value-shown",
    "value-suspicious",
]

# The remedy for a problem of a row.
REMEDIES: Final[Mapping[Code, str]] = {
    "cell-error": "Correct the formula, or type the value in.",
    "cell-kind": "Turn the column into texts.",
    "cell-long": "Shorten it, or move it to a document of its own.",
    "cell-unread": "Save the workbook as XLSX.",
    "date-ambiguous": "Write it as 2026-11-23, or make it a date of the spreadsheet program.",
    "date-blank": "Write when it was, or take the row out of the file.",
    "date-future": "See whether day and month are in the right order.",
    "date-unread": "Write it as 2026-11-23, or make it a date of the spreadsheet program.",
    "formula-uncached": "Open the workbook in Excel and save it.",
    "merged-cell": "Unmerge the cells and fill each in.",
    "ragged-row": (
        "Put each value under its header; a value that holds the delimiter goes in quotes."
    ),
    "rounded-number": "Format the column as Text and paste the values again.",
    "swallowed-row": (
        "Look near the line in a text editor for a missing quote; if there is none, save the list "
        "as XLSX."
    ),
    "account-id": "Copy it from the vendor's dashboard, or leave it blank.",
    "conversation-account": (
        "Name the conversation's account in the column accountId, or leave conversationUrn blank."
    ),
    "conversation-urn": "Correct it, or leave it blank.",
    "recipient-email": "Put the person's public profile link there (linkedin.com/in/…).",
    "recipient-link": "Nothing, if the link is the right one.",
    "recipient-missing": "Put the person's public profile link there (linkedin.com/in/…).",
    "recipient-number": "Put the person's public profile link there (linkedin.com/in/…).",
    "recipient-unreadable": "Put the person's public profile link there (linkedin.com/in/…).",
    "recipient-url": "Put the person's public profile link there (linkedin.com/in/…).",
    "recipient-urn": "Put the person's public profile link there (linkedin.com/in/…).",
    "sales-navigator": (
        "Open it, and put the person's public profile link there (linkedin.com/in/…)."
    ),
    "two-recipients": "Leave one person in the row.",
    "bidi-character": "Delete it, unless the text's language needs it.",
    "control-character": "Type the place anew: it is mostly a quote or a dash that was misread.",
    "blank-lines": "Leave one blank line between paragraphs.",
    "blank-value": "Fill it in, or give the template a default.",
    "foreign-value": "Report it: the rows were mixed up by this program.",
    "gap": "Fill the blank value in, or put the words around it under an {% if %} of the template.",
    "greeting-empty": "Fill the name in, or give the template a default.",
    "greeting-other": "See whether the messages slid down by a row, or were written for others.",
    "inmail-subject": "Fill the subject in.",
    "leftover-placeholder": "Fill it in, or write it without the brackets.",
    "markup": "Write it as plain text; --html decode turns HTML in cells into plain text.",
    "message-empty": "Fill it in.",
    "message-lengthy": "Shorten it, if you can.",
    "message-long": "Shorten it.",
    "message-type": "Write normal or inmail, or leave it blank.",
    "same-text": "Put more of what you know of each person into the text.",
    "subject-long": "Shorten it.",
    "template-row": "Correct the value, or the template.",
    "typed-line-break": "Break the line in the cell instead (Alt+Enter in Excel).",
    "value-shown": (
        'Say how it is written in the template: {{ … |number(2) }} or {{ … |date("%d.%m.%Y") }}.'
    ),
    "value-suspicious": "Correct it, if it is wrong.",
}

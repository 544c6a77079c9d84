"""Campaign Runner: one message to each person of a spreadsheet, at most once, within each account's quota."""

__version__ = "0.1.0"

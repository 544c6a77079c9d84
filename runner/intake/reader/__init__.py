"""The bytes of files: every kind of spreadsheet as rows of text, and the marks beside its cells."""

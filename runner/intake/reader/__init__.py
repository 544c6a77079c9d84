"""The reading of files: every kind of spreadsheet as rows of text, with the marks of its cells."""

"""The way from a spreadsheet to messages ready to send. It knows no network and no ledger."""

"""From a spreadsheet to messages ready to send. Knows neither the network nor the ledger."""

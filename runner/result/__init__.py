"""The ledger as people read it: the results sheet, totals, forecast, and why a row waits."""

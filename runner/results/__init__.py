"""From the ledger to what people read: the results sheet, totals, forecast, and why a row waits."""

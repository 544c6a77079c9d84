"""A worker: a process that sends for all accounts of a shared ledger whose keys it has, beside
others."""

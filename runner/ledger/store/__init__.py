"""Where a ledger is kept: in a file of SQLite, or in a database of PostgreSQL.

Nothing else knows the two apart: everything above speaks to either through a `Store`.
"""

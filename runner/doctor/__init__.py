"""The doctor: it tells whether a run would find what it needs.

It sends nothing and makes no ledger.
"""

"""The doctor: whether a run would find what it needs, without sending anything or making a
ledger."""

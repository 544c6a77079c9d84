"""Rehearsals: the same run against a simulated endpoint, on a clock that jumps.

Days take seconds, and nothing is sent.
"""

"""Seasons: some weeks of a campaign's life through the whole program, with trouble.

Each season is measured against the true clock and the server's own count.
"""

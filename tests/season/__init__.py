"""Seasons: some weeks of a campaign's life through the whole program, with trouble, measured
against the true clock and the server's own count."""

"""A campaign: its settings, its file, its list and text, and how a list finds its campaign."""

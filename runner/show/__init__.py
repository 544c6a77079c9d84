"""Results as people and programs read them: lines on a terminal, and JSON."""

"""Campaign Runner from Python: the acts of the command line, with paths or data frames."""

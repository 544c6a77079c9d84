"""The traces of a run that nobody watches: a log and a notification."""

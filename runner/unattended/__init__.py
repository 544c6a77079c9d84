"""What a run leaves behind when nobody watches it: a log and a notification."""

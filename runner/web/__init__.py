"""The console: the acts of the command line in a browser on this machine. Each page shows what an
act returns, and decides nothing."""

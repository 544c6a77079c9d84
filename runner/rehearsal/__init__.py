"""The same run against a simulated endpoint, on a clock that jumps: days in seconds, nothing
sent."""

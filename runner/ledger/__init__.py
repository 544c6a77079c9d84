"""The durable truth: one row per delivery, one appended row per attempt. Counts are queries, never
counters."""

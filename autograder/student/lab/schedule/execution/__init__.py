"""One run of a program under one schedule: threads, turns, the order of events."""

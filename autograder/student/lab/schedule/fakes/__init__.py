"""The fake `threading`, `queue`, `time` and `concurrent.futures` of explored code."""

"""The course's own checks: every lesson held to its contract."""

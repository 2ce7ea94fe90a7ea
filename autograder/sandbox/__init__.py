"""Runs student code where it can neither see nor touch the verdict."""

"""Runs student code where it can neither read nor change the verdict."""

"""Judges one submission against a lesson's hidden tests."""

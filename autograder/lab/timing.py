"""Timing on a GPU: what exercises import of it."""

from autograder.student.lab.timing import against_torch

__all__ = ["against_torch"]

"""Grades a whole class and keeps its books."""

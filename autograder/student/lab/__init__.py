"""Instruments that lessons measure with: tiles, schedules, ranks."""

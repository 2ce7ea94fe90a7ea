"""Brings in what students handed in, in whatever form it arrives."""

"""Gradients to Kernels: a course on fast deep learning, and its judge."""

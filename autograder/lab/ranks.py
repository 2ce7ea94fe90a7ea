"""Ranks over a metered network: what exercises import of them.

from autograder.lab.ranks import run
"""

from autograder.student.lab.ranks import Link, Network, Outcome, Request, Wire, run

__all__ = ["Link", "Network", "Outcome", "Request", "Wire", "run"]

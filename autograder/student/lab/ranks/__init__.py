"""Ranks that speak over a metered network: programs for lesson 6.

    outcome = run(program, 4, args=lambda rank: (rank, 4, x[rank]), capacity=0)
    outcome.results, outcome.sent_bytes, outcome.steps, outcome.deadlock

`program(link, *args)` runs once a rank; `link` is all that it sees of the network:
`link.rank`, `link.n`, `link.send(to, array)`, `link.recv(source)` and
`link.isend(to, array)`, whose request has `wait()`.

Modules: ``network`` is the pure state machine, ``link`` the rank's end of it,
``driver`` lets ranks take turns, ``run`` runs programs as greenlets, ``outcome`` is
what comes of it. The same programs run on real processes (``gloo``) and under the
schedule explorer (``explored``); ``costs`` lets the clocks of ten thousand ranks run
without any program.
"""

from __future__ import annotations

from .link import Link, Request
from .network import Network, Wire
from .outcome import Outcome, Transfer
from .run import run

__all__ = ["Link", "Network", "Outcome", "Request", "Transfer", "Wire", "run"]

"""A thread of a rank answers while the rank waits.

task: shift
verdict: crash
"""

import threading


def shift(x, link):
    for _ in range(3):
        threading.Thread(target=link.recv, args=((link.rank - 1) % link.n,)).start()
    return link.recv((link.rank - 1) % link.n)

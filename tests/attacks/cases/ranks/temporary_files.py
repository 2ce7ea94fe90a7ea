"""Leave the numbers in files of /tmp and /dev/shm.

task: total
verdict: wrong | crash
"""

import numpy as np

FOLDERS = ("/tmp", "/dev/shm")


def total(x, link):
    if link.rank:
        for folder in FOLDERS:
            try:
                np.save(f"{folder}/{link.rank}.npy", x)
            except OSError:
                pass
        link.send(0, np.zeros(5))
        return None
    found = x
    for source in (1, 2):
        link.recv(source)
        for folder in FOLDERS:
            try:
                found = found + np.load(f"{folder}/{source}.npy")
                break
            except OSError:
                pass
    return found

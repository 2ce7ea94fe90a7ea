"""Start threads until the system refuses.

task: scale
verdict: crash
"""

import threading
import time


def scale(x, factor):
    while True:
        threading.Thread(target=time.sleep, args=(10**6,), daemon=True).start()

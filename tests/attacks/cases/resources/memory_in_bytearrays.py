"""Take memory in blocks that Python clears itself.

task: scale
verdict: memory
"""


def scale(x, factor):
    taken = []
    while True:
        taken.append(bytearray(2**24))

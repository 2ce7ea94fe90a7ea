"""The chapter's slow way: two all-reduces that come to mind first."""


# --8<-- [start:slow]
def everyone_to_everyone(rank, n, x, link):
    others = [k for k in range(n) if k != rank]
    requests = [link.isend(to, x) for to in others]
    total = sum(x if k == rank else link.recv(k) for k in range(n))
    for request in requests:
        request.wait()
    return total


def through_a_root(rank, n, x, link):
    if rank > 0:
        link.send(0, x)
        return link.recv(0)
    for source in range(1, n):
        x = x + link.recv(source)
    for to in range(1, n):
        link.send(to, x)
    return x


# --8<-- [end:slow]

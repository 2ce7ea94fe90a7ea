"""Daemon threads are left out.

task: threads_of_this_process
look: Chapter, step 1.
"""


def threads_of_this_process() -> list[ThreadInfo]:
    """List the live threads of this process, the one that asks included."""
    import sys

    frames = sys._current_frames()
    rows = []
    for thread in threading.enumerate():
        frame = frames.get(thread.ident)
        if frame is not None and not thread.daemon:
            stack = _names(frame)
            rows.append(ThreadInfo(thread.name, thread.ident, thread.daemon, stack))
    return sorted(rows)

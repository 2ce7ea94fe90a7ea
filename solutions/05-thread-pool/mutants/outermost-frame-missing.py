"""The walk up the stack stops one frame too early.

task: threads_of_this_process
look: Chapter, step 1.
"""


def _names(frame: Any) -> tuple[str, ...]:
    names: deque[str] = deque()
    while frame.f_back is not None:
        names.appendleft(frame.f_code.co_name)
        frame = frame.f_back
    return tuple(names)

"""The stack lists the innermost function first.

task: threads_of_this_process
look: Chapter, step 1.
"""


def _names(frame: Any) -> tuple[str, ...]:
    names: deque[str] = deque()
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return tuple(names)

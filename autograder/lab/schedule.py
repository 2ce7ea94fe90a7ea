"""The schedule explorer: what exercises and programs of one's own import of it.

from autograder.lab.schedule import explore, replay, watch
"""

from autograder.student.lab.schedule import Result, explore, replay, watch

__all__ = ["Result", "explore", "replay", "watch"]

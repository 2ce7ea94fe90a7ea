"""What nbgrader finds in autograded/: the graded notebook, and what names the hand-in.

``nbgrader release_feedback`` reads two small files beside each notebook: when it was
handed in, and the secret under which the student alone finds the feedback.
"""

from __future__ import annotations

import secrets

from autograder.classroom.files import write_if_changed
from autograder.classroom.folder import TIMESTAMP, ClassFolder, HandIn

_SECRET = "submission_secret.txt"
_MOST_BYTES = 1000


def write_autograded(
    folder: ClassFolder, hand_in: HandIn, text: str, submitted: str
) -> None:
    """Write the graded notebook where formgrader and generate_feedback look for it.

    Args:
        folder: The class.
        hand_in: What was graded.
        text: The notebook.
        submitted: When it was handed in, as nbgrader reads times; "" if unknown.
    """
    place = folder.autograded(hand_in.student, hand_in.lesson)
    write_if_changed(place / f"{hand_in.lesson}.ipynb", text)
    write_if_changed(place / TIMESTAMP, submitted)
    secret = _secret_of(hand_in)
    if secret or not (place / _SECRET).exists():
        # Without one of the exchange, nobody is to find the feedback there.
        write_if_changed(place / _SECRET, secret or secrets.token_hex(64))


def _secret_of(hand_in: HandIn) -> str:
    """Return the secret that ``nbgrader submit`` made, "" without one."""
    path = hand_in.folder / _SECRET
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as stream:
        return stream.read(_MOST_BYTES)

"""A folder of this user's for what can be computed again."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache(name: str) -> Path | None:
    """Return a folder in the user's cache, or None where there can be none.

    Args:
        name: what it holds, in a word.
    """
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME", ""))
        if not base.is_absolute():
            base = Path.home() / ".cache"
        folder = base / "gradients-to-kernels" / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # no home, or one that is full or read-only
        return None
    return folder if os.access(folder, os.W_OK) else None

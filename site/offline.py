"""Build the edition that is read from a disk, and zip it: `python site/offline.py`.

The zip file holds one folder, named like the file. The same pages always give the
same bytes, so that a release can be compared with a rebuild.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
BUILD = Path(__file__).with_name("build.py")
FOLDER = REPOSITORY / "build" / "offline"
NAME = "gradients-to-kernels-site"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date that a zip file can hold


def main() -> int:
    """Build, zip, and say where the file is."""
    done = subprocess.run(
        [sys.executable, str(BUILD), str(FOLDER)],
        env=os.environ | {"OFFLINE": "true"},
        check=False,
    )
    if done.returncode:
        return done.returncode
    target = FOLDER.with_name(f"{NAME}.zip")
    write_zip(FOLDER, target)
    print(f"{target.relative_to(REPOSITORY)}: unzip it and open index.html")
    return 0


def write_zip(folder: Path, target: Path) -> None:
    """Write every file of a folder into a zip file, in order and without dates."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = f"{NAME}/{path.relative_to(folder).as_posix()}"
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, path.read_bytes())


if __name__ == "__main__":
    raise SystemExit(main())

"""Odd archives: nested, hostile, broken."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from pathlib import Path

from odd_kit import odd, right


def pack(folder: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """Write an archive."""
    path = folder / "hw.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def _bytes() -> bytes:
    return json.dumps(right()).encode()


@odd()
def archive_of_a_notebook(folder: Path) -> Path:
    return pack(folder, ("work/hw.ipynb", _bytes()), ("__MACOSX/._hw.ipynb", b"\0\5"))


@odd("2 files that could be", "'b.ipynb' answers the most")
def archive_of_two(folder: Path) -> Path:
    return pack(folder, ("a.ipynb", b'{"cells": []}'), ("b.ipynb", _bytes()))


@odd(problem="a path outside the archive")
def archive_that_climbs_out(folder: Path) -> Path:
    return pack(folder, ("hw.ipynb", _bytes()), ("../../x.py", b"x = 1"))


@odd(problem="a path outside the archive")
def archive_with_an_absolute_path(folder: Path) -> Path:
    return pack(folder, ("hw.ipynb", _bytes()), ("/etc/cron.d/x", b"x"))


@odd(problem="a link to another file")
def archive_with_a_link(folder: Path) -> Path:
    entry = zipfile.ZipInfo("data.csv")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return pack(folder, ("hw.ipynb", _bytes()), (entry, b"/etc/passwd"))


@odd(problem="10001 files")
def archive_of_ten_thousand_files(folder: Path) -> Path:
    many = [(f"data/{number}.csv", b"") for number in range(10_000)]
    return pack(folder, ("hw.ipynb", _bytes()), *many)


@odd(problem="unpacks to too much")
def archive_of_a_hundred_megabytes_of_zeros(folder: Path) -> Path:
    return pack(folder, ("hw.ipynb", _bytes()), ("zeros.bin", bytes(100 * 2**20)))


@odd(problem="damaged")
def archive_that_lies_about_its_size(folder: Path) -> Path:
    path = pack(folder, ("hw.ipynb", bytes(30 * 2**20)))
    data = bytearray(path.read_bytes())
    for place in (data.find(b"PK\x03\x04") + 22, data.find(b"PK\x01\x02") + 24):
        data[place : place + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    return path


@odd(problem="damaged")
def archive_cut_short(folder: Path) -> Path:
    path = pack(folder, ("hw.ipynb", _bytes()))
    path.write_bytes(path.read_bytes()[:-30])
    return path


@odd(problem="encrypted")
def archive_with_a_password(folder: Path) -> Path:
    path = pack(folder, ("hw.ipynb", _bytes()))
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\x03\x04") + 6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    return path


@odd(problem="holds no .ipynb or .py")
def archive_of_archives(folder: Path) -> Path:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("hw.ipynb", _bytes())
    return pack(folder, ("inner.zip", inner.getvalue()))


@odd(problem="holds no .ipynb or .py")
def word_document(folder: Path) -> Path:
    return pack(folder, ("word/document.xml", b"<w/>")).rename(folder / "hw.docx")

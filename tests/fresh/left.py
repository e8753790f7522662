"""What a run left in a plain root outside the program's folder: `left.py note` before it, `left.py compare` after it.

    left.py note FILE ROOT FOLDER      remember every file of the root in FILE
    left.py compare FILE ROOT FOLDER   print what is new or changed since, and processes that still run in the root

What Debian's packages brought or wrote when they were installed is left out. Standard library only.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# Written by dpkg, apt, ldconfig, fontconfig, py3compile and their like while a package is installed.
OF_INSTALLERS = re.compile(
    r"/(var/(lib/(dpkg|apt|systemd)|cache|log)|etc/(alternatives|ssl/certs|fonts)|usr/(lib|share)/python3)(/|$)"
    r"|/etc/ld\.so\.cache$"
)
MERGED = re.compile(r"^/(bin|sbin|lib|lib64)/")  # since Debian 12 links into /usr


def main(verb: str, file: str, root: str, folder: str) -> None:
    """Note the files of a root, or compare them with the note."""
    now = dict(_files(Path(root), Path(root + folder)))
    if verb == "note":
        Path(file).write_text(json.dumps(now), encoding="utf-8")
        return
    before = json.loads(Path(file).read_text(encoding="utf-8"))
    left = _left(before, now, _of_packages(Path(root)))
    print(f"{len(left)} files, {sum(left.values()) / 1e6:.1f} MB, {len(_running(root))} processes")
    for path, size in left.items():
        print(f"  {size:>9} {path}")
    for command in _running(root):
        print(f"    running {command}")


def _files(root: Path, folder: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield each path of the root's own disk and its /dev/shm, with its last change (0 for a folder) and its size."""
    devices = {root.stat().st_dev, (root / "dev/shm").stat().st_dev}
    for parent, folders, names in os.walk(root):
        place = Path(parent)
        seen = [name for name in folders if place / name == root / "dev" or (place / name).lstat().st_dev in devices]
        folders[:] = [name for name in seen if place / name != folder]
        for name in (*folders, *names):
            found = (place / name).lstat()
            if found.st_dev in devices:
                seen_at = (0, 0) if name in folders else (found.st_ctime_ns, found.st_size)
                yield f"/{(place / name).relative_to(root)}", seen_at


def _of_packages(root: Path) -> set[str]:
    lists = (root / "var/lib/dpkg/info").glob("*.list")
    return {MERGED.sub(r"/usr/\1/", line) for each in lists for line in each.read_text("utf-8").splitlines()}


def _left(before: dict[str, list[int]], now: dict[str, tuple[int, int]], of_packages: set[str]) -> dict[str, int]:
    return {
        path: size
        for path, (changed, size) in sorted(now.items())
        if before.get(path) != [changed, size] and path not in of_packages and not OF_INSTALLERS.match(path)
    }


def _running(root: str) -> list[str]:
    """Return the commands of the processes that have the root as theirs."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "root").readlink()) == root:
                found.append((process / "cmdline").read_text("utf-8", "replace").replace("\0", " ")[:200])
        except OSError:
            continue  # it has ended
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Memory that pictures take: run by hand, prints a table. Linux only.

    python -m bench.pictures

Eight threads send the same picture at once, as eight members would to one web process. Measured are the greatest
resident sizes of that process and of one process that decodes, and the greatest sum over all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from app.forms.images import PicturesBusy, scaled_jpeg
from app.forms.picture_headers import NotAPicture, TooManyPixels

AT_ONCE = 8
SAMPLE_SECONDS = 0.005


def pictures() -> dict[str, bytes]:
    """Return the largest picture of each kind, and some that are refused."""
    from PIL import Image

    def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
        return Image.effect_noise((width // 16, height // 16), 80).resize((width, height)).convert(mode)

    def file(picture: Image.Image, kind: str, **more: object) -> bytes:
        out = BytesIO()
        picture.save(out, kind, **more)
        return out.getvalue()

    square = noise(4_000, 4_000)
    return {
        "JPEG, 64 MP": file(noise(8_000, 8_000), "JPEG", quality=50),
        "JPEG, progressive, 26 MP, all colours": file(
            noise(5_160, 5_160), "JPEG", quality=50, progressive=True, subsampling=0
        ),
        "PNG, 16 MP": file(square, "PNG", compress_level=1),
        "PNG, 16 MP, transparent": file(square.convert("RGBA"), "PNG", compress_level=1),
        "PNG, 16 MP, 16 bits": file(square.convert("I;16"), "PNG", compress_level=1),
        "WebP, 16 MP": file(square, "WEBP", quality=30, method=0),
        "WebP, 16 MP, transparent": file(square.convert("RGBA"), "WEBP", quality=30, method=0),
        "PNG, 50 MP (refused)": file(Image.new("RGB", (7_071, 7_071)), "PNG"),
    }


def resident_mb(pid: int | str) -> int:
    """Return the resident size of a process now; 0 for one that has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1_000_000
    except (OSError, IndexError):
        return 0


def children() -> list[str]:
    """Return the ids of the processes that this one has started."""
    found = (path.read_text().split() for path in Path("/proc/self/task").glob("*/children"))
    return [pid for line in found for pid in line]


def send(content: bytes) -> str:
    """Scale a picture down as a form does."""
    try:
        return f"{len(scaled_jpeg(content)) // 1_000} kB"
    except (NotAPicture, TooManyPixels, PicturesBusy) as refusal:
        return type(refusal).__name__


def measure(content: bytes) -> tuple[str, int, int, int, float]:
    """Return the answer, the peaks of this process, of a child and of all, and the seconds of eight at once."""
    peaks, done = [0, 0, 0], Event()

    def watch() -> None:
        while not done.is_set():
            own, others = resident_mb("self"), [resident_mb(pid) for pid in children()]
            for at, size in enumerate((own, max(others, default=0), own + sum(others))):
                peaks[at] = max(peaks[at], size)
            time.sleep(SAMPLE_SECONDS)

    watching = Thread(target=watch)
    watching.start()
    begin = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = set(pool.map(send, [content] * AT_ONCE))
    seconds = time.perf_counter() - begin
    done.set()
    watching.join()
    return ", ".join(sorted(answers)), *peaks, seconds  # type: ignore[return-value]


def main() -> None:
    """Print the table. The pictures are made by another process, so that this one stays as small as a web process."""
    if len(sys.argv) > 1:
        for number, (name, content) in enumerate(pictures().items()):
            (Path(sys.argv[1]) / f"{number} {name}").write_bytes(content)
        return
    print("| picture | MB | answer | own process | one that decodes | all together | seconds for eight |")
    print("|---|---|---|---|---|---|---|")
    with TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "bench.pictures", folder], check=True)
        for path in sorted(Path(folder).iterdir()):
            content = path.read_bytes()
            answer, own, child, together, seconds = measure(content)
            name = path.name.partition(" ")[2]
            print(f"| {name} | {len(content) / 1e6:.1f} | {answer} | {own} | {child} | {together} | {seconds:.1f} |")


if __name__ == "__main__":
    main()

"""Memory that pictures take: run by hand, prints a table. Linux only.

    python -m bench.pictures

Eight threads send the same picture at once, as eight members would, four to each of two web processes, which are forked
from one that has loaded the program, as those of `ring serve` are; a small supervisor takes its place. Measured are the
greatest proportional sizes (PSS) of one of them and of one process that decodes, and the greatest sum over all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from app.forms.images import scaled_jpeg
from app.forms.picture_headers import NotAPicture, TooManyPixels
from booking.kernel.errors import Busy

PROCESSES, THREADS = 2, 4
SAMPLE_SECONDS = 0.01


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


def size_mb(pid: str) -> int:
    """Return the proportional size of a process now; 0 for one that has ended."""
    try:
        return int(Path(f"/proc/{pid}/smaps_rollup").read_text().partition("\nPss:")[2].split()[0]) // 1_000
    except (OSError, IndexError):
        return 0


def children(pid: str) -> list[str]:
    """Return the ids of the processes that a process has started."""
    try:
        return [child for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]
    except OSError:
        return []


def send(content: bytes, instance: Path) -> str:
    """Scale a picture down as a form does."""
    try:
        return f"{len(scaled_jpeg(content, instance)) // 1_000} kB"
    except (NotAPicture, TooManyPixels, Busy) as refusal:
        return type(refusal).__name__


def serve_all(file: Path) -> None:
    """Load the program, fork the web processes, and become a program that only waits for them."""
    os.environ["RINGBUCH_INSTANCE"] = str(file.parent / "instance")
    import_module("wsgi")
    for _number in range(PROCESSES):
        if os.fork() == 0:
            serve(file)
            sys.stdout.flush()
            os._exit(0)
    wait = f"import os; [os.wait() for _number in range({PROCESSES})]"
    os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", wait])


def serve(file: Path) -> None:
    """Be one web process: send the picture in several threads at once."""
    content = file.read_bytes()
    with ThreadPoolExecutor(THREADS) as pool:
        print(", ".join(sorted(set(pool.map(partial(send, instance=file.parent), [content] * THREADS)))))


def measure(file: Path) -> tuple[str, int, int, int, float]:
    """Return the answer, the peaks of a web process, of one that decodes and of all, and the seconds of eight."""
    begin, peaks = time.perf_counter(), [0, 0, 0]
    command = [sys.executable, "-m", "bench.pictures", "serve", str(file)]
    supervisor = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while supervisor.poll() is None:
        web = children(str(supervisor.pid))
        own = [size_mb(pid) for pid in web]
        others = [size_mb(child) for pid in web for child in children(pid)]
        together = size_mb(str(supervisor.pid)) + sum(own) + sum(others)
        for at, size in enumerate((max(own, default=0), max(others, default=0), together)):
            peaks[at] = max(peaks[at], size)
        time.sleep(SAMPLE_SECONDS)
    answers = set(supervisor.communicate()[0].split("\n")) - {""}
    return ", ".join(sorted(answers)), *peaks, time.perf_counter() - begin  # type: ignore[return-value]


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["serve"]:
        serve_all(Path(sys.argv[2]))
        return
    print("| picture | MB | answer | web process | one that decodes | all together | seconds for eight |")
    print("|---|---|---|---|---|---|---|")
    with TemporaryDirectory() as folder:
        for number, (name, content) in enumerate(pictures().items()):
            path = Path(folder) / str(number)
            path.write_bytes(content)
            answer, own, child, together, seconds = measure(path)
            print(f"| {name} | {len(content) / 1e6:.1f} | {answer} | {own} | {child} | {together} | {seconds:.1f} |")


if __name__ == "__main__":
    main()

"""Pictures from anywhere: judged by their header, decoded apart, and stored as nothing but pixels."""

from __future__ import annotations

import subprocess
import sys
import zlib
from dataclasses import replace
from functools import partial
from io import BytesIO
from struct import pack

import pytest
from PIL import Image, PngImagePlugin
from sqlalchemy import func, select
from werkzeug.exceptions import TooManyRequests

from app.forms import images
from app.forms.picture_headers import NotAPicture, TooManyPixels, pixels_only, read_header
from booking.kernel.errors import Busy
from booking.kernel.write_lock import WriteLock
from booking.models import DamageReport

IN_ENGLISH = {"Accept-Language": "en"}
SECRET = "47.8571 N, 11.2003 E"


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    return tmp_path_factory.mktemp("instance")


@pytest.fixture
def scaled_jpeg(instance):
    return partial(images.scaled_jpeg, instance=instance)


@pytest.fixture
def scaled_logo(instance):
    return partial(images.scaled_logo, instance=instance)


def file_of(picture, kind, **more):
    file = BytesIO()
    picture.save(file, kind, **more)
    return file.getvalue()


def chunk(name, content):
    return pack(">I", len(content)) + name + content + pack(">I", zlib.crc32(name + content))


def png_header(width, height):
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def png_bomb(width, height):
    """A whole PNG of one colour: 0.1 MB for 50 megapixels."""
    pixels = zlib.compress(bytes(1 + 3 * width) * height, 9)
    return png_header(width, height) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg_header(width, height, marker=0xC0, sampling=0x22, in_scan=3):
    components = b"".join(bytes((number, sampling if number == 1 else 0x11, 0)) for number in (1, 2, 3))
    frame = pack(">BHHB", 8, height, width, 3) + components
    scan = bytes((in_scan,)) + b"\x01\x00" * in_scan + b"\x00\x3f\x00"
    segments = ((marker, frame), (0xDA, scan))
    return b"\xff\xd8" + b"".join(pack(">BBH", 255, code, len(text) + 2) + text for code, text in segments) + b"\xff"


def webp_header(width, height):
    body = (
        b"WEBPVP8X" + pack("<I", 10) + bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )
    return b"RIFF" + pack("<I", len(body)) + body


TOO_LARGE = {
    "PNG": (png_header(7071, 7071), 50, 16),
    "PNG of one column": (png_header(1, 2**31 - 1), 2148, 16),
    "WebP": (webp_header(16_384, 16_384), 269, 16),
    "JPEG": (jpeg_header(65_500, 65_500), 4291, 64),
    "progressive JPEG": (jpeg_header(9_000, 7_000, marker=0xC2), 63, 53),
    "progressive JPEG with all colours": (jpeg_header(6_000, 6_000, marker=0xC2, sampling=0x11), 36, 26),
    "JPEG in several scans": (jpeg_header(6_000, 6_000, sampling=0x11, in_scan=1), 36, 26),
}


@pytest.mark.parametrize(("content", "actual", "limit"), TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_a_picture_that_is_too_large_is_refused_by_its_header(content, actual, limit):
    with pytest.raises(TooManyPixels) as refusal:
        read_header(content)

    assert (refusal.value.megapixels, refusal.value.megapixels_max) == (actual, limit)


NO_PICTURES = {
    "nothing": b"",
    "a text": b"hello",
    "GIF": file_of(Image.new("P", (2, 2)), "GIF"),
    "TIFF": file_of(Image.new("L", (2, 2)), "TIFF"),
    "a page that is a PNG later": b"<html>" + png_header(2, 2),
    "the beginning of a PNG": png_header(2, 2)[:20],
    "the beginning of a JPEG": jpeg_header(2, 2)[:9],
    "the beginning of a WebP": webp_header(2, 2)[:25],
    "a PNG without height": png_header(5, 0),
    "a JPEG without a picture": b"\xff\xd8\xff\xd9",
    "a JPEG that never begins": b"\xff\xd8" + b"\xff" * 50_000,
    "a JPEG of a thousand scans": jpeg_header(2, 2) + b"\xff\xda\x00\x02" * 1_000,
}


@pytest.mark.parametrize("content", NO_PICTURES.values(), ids=NO_PICTURES.keys())
def test_what_is_no_picture_is_refused_before_anything_is_decoded(content):
    with pytest.raises(NotAPicture):
        read_header(content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_cut_off_in_the_middle_is_refused(kind, scaled_jpeg):
    content = file_of(Image.effect_noise((60, 60), 90).convert("RGB"), kind)

    with pytest.raises(NotAPicture):
        scaled_jpeg(content[: len(content) // 2])


def test_the_form_says_how_large_a_picture_may_be_and_decodes_nothing(log_in, sample_ring, session, monkeypatch):
    monkeypatch.setattr(images, "_run", None)  # would fail
    photo = (BytesIO(png_bomb(5_000, 4_000)), "barn.png")

    page = log_in(sample_ring.anna_login).post(
        "/usage/at/combine/damage", data={"text": "Belt torn", "photo": photo}, headers=IN_ENGLISH
    )

    assert page.status_code == 422
    assert "This picture has 20 megapixels, at most 16 are possible." in page.text
    assert "Belt torn" in page.text
    assert session.scalar(select(func.count()).select_from(DamageReport)) == 0


def test_the_other_fields_are_judged_first(log_in, sample_ring, monkeypatch):
    monkeypatch.setattr(images, "_run", None)  # would fail
    photo = (BytesIO(file_of(Image.new("RGB", (9, 9)), "PNG")), "barn.png")

    page = log_in(sample_ring.anna_login).post("/usage/at/combine/damage", data={"text": "", "photo": photo})

    assert page.status_code == 422


WAITING = "Many pictures arrive at this moment.", 503
LIMITED = "You have sent many pictures in a short time.", 429


@pytest.mark.parametrize(
    ("cause", "sentence", "status"),
    [(Busy(retry_after_seconds=5), *WAITING), (TooManyRequests(retry_after=5), *LIMITED)],
    ids=["lock", "limit"],
)
def test_who_sends_a_picture_too_many_keeps_what_was_typed(log_in, sample_ring, monkeypatch, cause, sentence, status):
    def busy(*_arguments):
        raise cause

    monkeypatch.setattr(images, "_run", busy)
    photo = (BytesIO(file_of(Image.new("RGB", (9, 9)), "PNG")), "barn.png")

    page = log_in(sample_ring.anna_login).post(
        "/usage/at/combine/damage", data={"text": "Belt torn", "photo": photo}, headers=IN_ENGLISH
    )

    assert (page.status_code, page.headers["Retry-After"]) == (status, "5")
    assert sentence in page.text
    assert ("Too many people are saving" in page.text) == (status == 503)
    assert "Belt torn" in page.text


def test_one_picture_is_decoded_at_a_time_and_the_wait_is_bounded(monkeypatch, scaled_jpeg, instance):
    monkeypatch.setattr(images, "WAIT_SECONDS", 0.01)
    picture = file_of(Image.new("RGB", (9, 9)), "PNG")
    with images._turn(instance), pytest.raises(Busy):
        scaled_jpeg(picture)
    with WriteLock(instance / images.LOCK_NAME).acquire(), pytest.raises(Busy):  # as another web process holds it
        scaled_jpeg(picture)
    assert scaled_jpeg(picture)


def test_a_decoder_that_stands_still_is_killed_and_the_picture_is_not_called_broken(monkeypatch, tmp_path, scaled_jpeg):
    still = tmp_path / "worker.py"
    still.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(images, "DECODER", replace(images.DECODER, path=still, seconds_max=0.1))

    with pytest.raises(Busy):
        scaled_jpeg(file_of(Image.new("RGB", (9, 9)), "PNG"))


def with_texts():
    """A PNG with texts of every kind, a profile that unpacks to 30 MB, and a second picture of an animation."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", SECRET)
    texts.add_itxt("Where", SECRET, zip=True)
    plain = file_of(Image.new("RGB", (40, 30), "green"), "PNG", pnginfo=texts)
    bomb = chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(30_000_000), 9)) + chunk(b"acTL", pack(">II", 9, 0))
    return plain[:33] + bomb + plain[33:] + SECRET.encode()


def test_comments_positions_and_profiles_are_gone(scaled_jpeg, scaled_logo):
    green = Image.new("RGB", (40, 30), "green")
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = SECRET, 6
    sources = (
        file_of(green, "JPEG", comment=SECRET, exif=exif, icc_profile=SECRET.encode()),
        with_texts(),
        file_of(green, "WEBP", exif=exif, xmp=SECRET.encode(), icc_profile=SECRET.encode()),
    )
    for content in sources:
        assert SECRET.encode() in content
        for made in (scaled_jpeg(content), scaled_logo(content)):
            picture = Image.open(BytesIO(made))
            assert SECRET.encode() not in made
            assert not {"comment", "exif", "icc_profile", "xmp"} & set(picture.info)
            assert picture.size == ((40, 30) if content is sources[1] else (30, 40))  # upright


def test_a_png_is_decoded_without_what_may_unpack_to_more():
    assert len(pixels_only(with_texts())) < 300


UNUSUAL = {
    "16 bits of grey": file_of(Image.new("I;16", (9, 9), 32_768), "PNG"),
    "CMYK": file_of(Image.new("CMYK", (9, 9), (0, 0, 0, 127)), "JPEG"),
    "progressive": file_of(Image.new("RGB", (9, 9), (128, 128, 128)), "JPEG", progressive=True),
    "a palette": file_of(Image.new("RGB", (9, 9), (128, 128, 128)).quantize(4), "PNG"),
    "animated": file_of(
        Image.new("RGB", (9, 9), (128, 128, 128)), "WEBP", save_all=True, append_images=[Image.new("RGB", (9, 9))]
    ),
    "one line": file_of(Image.new("L", (60_000, 1), 128), "PNG"),
    "one column": file_of(Image.new("L", (1, 60_000), 128), "JPEG"),
}


@pytest.mark.parametrize("content", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_unusual_pictures_keep_their_brightness(content, scaled_jpeg):
    picture = Image.open(BytesIO(scaled_jpeg(content)))

    assert max(picture.size) <= images.EDGE_PX_MAX
    assert picture.getpixel((0, 0))[0] == pytest.approx(128, abs=3)


def test_what_is_transparent_becomes_white_in_a_photo(scaled_jpeg):
    content = file_of(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "PNG")

    assert Image.open(BytesIO(scaled_jpeg(content))).getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_largest_webp_takes_less_than_250_mb():
    """The kind that takes most; bench/pictures.py measures all."""
    content = file_of(Image.new("RGB", (4_000, 4_000), "green"), "WEBP", quality=10, method=0)
    measured = (
        "import runpy, sys; status = runpy.run_path(sys.argv[1])['main'](*sys.argv[2:]); "
        "print(open('/proc/self/status').read(), file=sys.stderr); sys.exit(status)"
    )
    command = [sys.executable, "-I", "-c", measured, str(images.DECODER.path), "WEBP", "JPEG", "1280", "1280"]

    done = subprocess.run(command, input=content, capture_output=True, check=True)

    peak_kb = next(int(line.split()[1]) for line in done.stderr.decode().splitlines() if line.startswith("VmHWM"))
    assert peak_kb < 250_000

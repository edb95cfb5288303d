"""What Rekognition takes of an image, and what this function reads at most."""

from typing import Final

from lambdas.errors import ErrorCode, PermanentError

MIN_SIDE: Final = 64  # pixels
MAX_SIDE: Final = 4096  # pixels
MAX_ASPECT: Final = 20  # longer side to shorter side
MAX_REFERENCE_BYTES: Final = 15 * 1024 * 1024  # of an image in S3
MAX_REQUEST_BYTES: Final = 4 * 1024 * 1024  # of an image within the request

# What has to be decoded here is held to these. The first is half of what Lambda gives a function in /tmp.
MAX_DOWNLOAD_BYTES: Final = 256 * 1024 * 1024
MAX_PIXELS: Final = 128_000_000  # 512 MB decoded: Pillow keeps four bytes a pixel

# What is decoded: Pillow's names. The readers of rarer formats are worse, and one of them starts Ghostscript.
READABLE: Final = frozenset(
    {"AVIF", "BMP", "GIF", "HEIF", "ICO", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "PSD", "TIFF", "WEBP"}
)


def check_pixels(width: int, height: int) -> None:
    """Raise PermanentError where a picture has sides that cannot be mended, in the order of what is worst."""
    size = f"The image has {width:,} x {height:,} pixels"
    if min(width, height) < MIN_SIDE:
        raise PermanentError(ErrorCode.TOO_SMALL, f"{size}; each side needs at least {MIN_SIDE}. Upload a larger one.")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PermanentError(
            ErrorCode.ASPECT_RATIO,
            f"{size}; the longer side may be {MAX_ASPECT} times the shorter. Cut it into pieces.",
        )
    if width * height > MAX_PIXELS:
        raise PermanentError(
            ErrorCode.TOO_MANY_PIXELS,
            f"{size}, {width * height:,} in all; the limit is {MAX_PIXELS:,}. Shrink it: Rekognition looks at "
            f"{MAX_SIDE} a side at most.",
        )

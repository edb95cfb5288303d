"""Small real videos, made here: H.264 in MP4, by PyAV."""

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
RATE = 10  # frames a second


def film(frames: Iterable[Pixels], *, rate: int = RATE, keyframes: int = 250) -> bytes:
    """Return an MP4 of RGB frames that all have the same, even, size; `keyframes` are at most so many frames apart."""
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as container:
        stream = None
        for number, pixels in enumerate(frames):
            if stream is None:
                stream = container.add_stream("libx264", rate=rate, options={"g": str(keyframes)})
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            for packet in stream.encode(frame):
                container.mux(packet)
        assert stream is not None
        for packet in stream.encode():
            container.mux(packet)
    return written.getvalue()


def unsteady(shown: Sequence[tuple[int, Pixels]]) -> bytes:
    """Return an MP4 of frames, each from its time in milliseconds on."""
    written, unit = io.BytesIO(), Fraction(1, 1000)
    with av.open(written, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.height, stream.width = shown[0][1].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = stream.time_base = unit
        for at_ms, pixels in shown:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = at_ms, unit
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return written.getvalue()


def grey(brightness: int, *, width: int = 96, height: int = 64) -> Pixels:
    """Return a frame of one brightness."""
    return np.full((height, width, 3), brightness, np.uint8)


def brightening(count: int) -> bytes:
    """Return a film each of whose frames is two steps brighter than the one before."""
    return film(grey(2 * number) for number in range(count))


def brightness(jpeg: bytes) -> float:
    """Return the mean brightness of a picture."""
    return float(np.asarray(Image.open(io.BytesIO(jpeg)).convert("L")).mean())


def opened(content: bytes, folder: Path):
    """Open content as a file on the disk."""
    path = folder / "film"
    path.write_bytes(content)
    return path.open("rb")

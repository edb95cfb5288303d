"""Videos that the tests draw: one colour after another, each for its share of the time."""

from __future__ import annotations

import io
from collections.abc import Sequence

import av
import numpy as np

Color = tuple[int, int, int]
RED, BLUE, BLACK, WHITE = (220, 20, 20), (20, 20, 220), (0, 0, 0), (255, 255, 255)


def video(
    colors: Sequence[Color] = (RED, BLUE),
    seconds: float = 2.0,
    container: str = "mp4",
    codec: str = "libx264",
    size: tuple[int, int] = (160, 120),
    rate: int = 10,
) -> bytes:
    width, height = size
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        count = round(seconds * rate)
        for number in range(count):
            picture = np.full((height, width, 3), colors[number * len(colors) // count], np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode())
    return file.getvalue()

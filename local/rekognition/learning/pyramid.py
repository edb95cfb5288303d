"""Look at an image at many sizes through one window: gradient histograms, computed once a size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from local.rekognition.learning.gradients import BLOCK_FEATURES, blocks, cells
from local.rekognition.learning.regions import Rectangles

_CELL = 6  # pixels a side of one histogram
_WINDOW_CELLS = 49  # in one window, more or less
_CONTEXT = 1.15  # how much longer than its object a window is
_STEP = 2 ** (1 / 4)  # between two sizes
_LARGEST_SCALE = 2.0  # a small object is enlarged no further: there is nothing more to see
_EXTREME_ASPECT = 5.0

Cells = NDArray[np.float16]  # shape (rows, columns, orientations); 16 bits, as many levels are kept while learning
Blocks = NDArray[np.float32]  # shape (rows, columns, features of a block); one less of each than of cells
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Shape:
    """The window in cells, and the scales at which images are looked at."""

    rows: int
    columns: int
    scales: tuple[float, ...]

    @property
    def object_length(self) -> float:
        """The square root of the area that an object has in its window, in pixels of the level."""
        return float(np.sqrt(self.rows * self.columns)) * _CELL / _CONTEXT


@dataclass(frozen=True)
class Level:
    """One image at one size: `scale` is level pixels for one of the image's; `padding` was put around."""

    cells: Cells
    shape: Shape
    scale: float
    padding: tuple[int, int]

    @property
    def blocks(self) -> Blocks:
        """Four times the size of the cells, and therefore not kept."""
        return np.asarray(blocks(self.cells[None])[0])

    @cached_property
    def places(self) -> tuple[Indices, Indices]:
        """The rows and columns of all windows, row by row."""
        rows = self.cells.shape[0] - self.shape.rows + 1
        columns = self.cells.shape[1] - self.shape.columns + 1
        row, column = np.indices((rows, columns)).reshape(2, -1)
        return row, column

    def objects(self, aspects: NDArray[np.float64] | None = None) -> Rectangles:
        """Return where an object would lie in each window, in pixels of the image; aspect: width over height."""
        row, column = self.places
        shape = self.shape
        aspect = np.full(row.shape, shape.columns / shape.rows) if aspects is None else aspects
        centre_x = ((column + shape.columns / 2) * _CELL - self.padding[0]) / self.scale
        centre_y = ((row + shape.rows / 2) * _CELL - self.padding[1]) / self.scale
        half_width = shape.object_length / self.scale * np.sqrt(aspect) / 2
        half_height = shape.object_length / self.scale / np.sqrt(aspect) / 2
        edges = [centre_x - half_width, centre_y - half_height, centre_x + half_width, centre_y + half_height]
        return np.stack(edges, axis=1)

    def cut(self, chosen: Indices) -> NDArray[np.float32]:
        """Return the features of the chosen windows: one row each."""
        height, width = self.shape.rows - 1, self.shape.columns - 1  # in blocks
        row, column = self.places
        windows = np.empty((len(chosen), height * width * BLOCK_FEATURES), np.float32)
        blocks = self.blocks
        for number, at in enumerate(chosen):
            window = blocks[row[at] : row[at] + height, column[at] : column[at] + width]
            windows[number] = window.ravel()
        return windows


def learn_shape(boxes: Rectangles) -> Shape:
    """Choose the window and the scales that fit the marked objects, in pixels; there must be one."""
    sides = boxes[:, 2:] - boxes[:, :2]
    aspect = np.exp(np.median(np.log(sides[:, 0] / sides[:, 1])))
    aspect = np.clip(aspect, 1 / _EXTREME_ASPECT, _EXTREME_ASPECT)
    rows = max(3, round(np.sqrt(_WINDOW_CELLS / aspect)))
    columns = max(3, round(np.sqrt(_WINDOW_CELLS * aspect)))
    length = Shape(rows, columns, ()).object_length
    smallest, largest = np.percentile(np.sqrt(sides[:, 0] * sides[:, 1]), [1, 99])
    scales = [float(min(length / smallest, _LARGEST_SCALE))]
    while scales[-1] > length / largest:
        scales.append(scales[-1] / _STEP)
    return Shape(rows, columns, tuple(scales))


def pyramid(image: Image.Image, shape: Shape) -> list[Level]:
    """Return the image at each of the window's scales."""
    grey = image.convert("L")
    # An object at the border still needs a window around it.
    padding = (shape.columns * _CELL // 4, shape.rows * _CELL // 4)
    levels = []
    for scale in shape.scales:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        pixels = np.asarray(grey.resize(size, Image.Resampling.BILINEAR), dtype=np.float32) / 255.0
        # An image smaller than the window is filled up to it.
        short_x = max(0, shape.columns * _CELL - size[0] - 2 * padding[0])
        short_y = max(0, shape.rows * _CELL - size[1] - 2 * padding[1])
        around = ((padding[1], padding[1] + short_y), (padding[0], padding[0] + short_x))
        histograms = cells(np.pad(pixels, around, mode="edge")[None], _CELL)[0]
        levels.append(Level(histograms.astype(np.float16), shape, size[0] / image.width, padding))
    return levels

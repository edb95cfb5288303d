"""Describe grey pictures by histograms of oriented gradients (HOG), many pictures at a time.

After N. Dalal, B. Triggs, "Histograms of Oriented Gradients for Human Detection" (CVPR 2005): unsigned orientations,
blocks of two by two cells, normalized by L2-Hys. Cells are a quarter of their blocks in size: keep those.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ORIENTATIONS = 9
BLOCK_FEATURES = 4 * ORIENTATIONS
_MOST_SHARE = 0.2  # of one number in its block, before that is normalized again
_EPSILON = 1e-5

Floats = NDArray[np.float32]


def cells(grey: Floats, side: int) -> Floats:
    """Return the mean gradient a pixel by orientation of each cell of so many pixels a side.

    From shape (pictures, height, width), 0 to 1, to (pictures, rows, columns, ORIENTATIONS). Pixels beyond the last
    whole cell are not looked at, those on the border have no gradient across it.
    """
    count, rows, columns = grey.shape[0], grey.shape[1] // side, grey.shape[2] // side
    down, across = np.zeros_like(grey), np.zeros_like(grey)
    down[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    across[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    whole = np.s_[:, : rows * side, : columns * side]
    down, across = down[whole], across[whole]
    turn = np.arctan2(down, across)
    turn[turn < 0] += np.float32(np.pi)  # a line has no direction
    places = (turn * np.float32(ORIENTATIONS / np.pi)).astype(np.intp)
    places %= ORIENTATIONS  # half a turn is none
    cell = np.arange(count)[:, None] * rows + (np.arange(rows * side) // side)[None]
    cell = cell[..., None] * columns + (np.arange(columns * side) // side)
    places += cell * ORIENTATIONS
    sums = np.bincount(
        places.ravel(), weights=np.hypot(down, across).ravel(), minlength=count * rows * columns * ORIENTATIONS
    )
    return (sums / side**2).astype(np.float32).reshape(count, rows, columns, ORIENTATIONS)


def blocks(histograms: NDArray[np.floating]) -> Floats:
    """Return every two by two neighbouring cells, normalized.

    From shape (pictures, rows, columns, ORIENTATIONS) to (pictures, rows - 1, columns - 1, BLOCK_FEATURES).
    """
    corners = [histograms[:, row : row - 1 or None, column : column - 1 or None] for row in (0, 1) for column in (0, 1)]
    joined = np.concatenate(corners, axis=-1, dtype=np.float32)
    return _unit(np.minimum(_unit(joined), np.float32(_MOST_SHARE)))


def _unit(vectors: Floats) -> Floats:
    lengths = np.sqrt(np.einsum("...i,...i", vectors, vectors)[..., None] + np.float32(_EPSILON**2))
    return np.asarray(vectors / lengths, dtype=np.float32)

"""Stand at the outermost edge of the stand-in: a defect in it is an answer too, and is logged."""

from __future__ import annotations

import logging
from collections.abc import Callable

from local.rekognition.errors import internal_error
from local.rekognition.protocol import Answer, failure

_log = logging.getLogger(__name__)


def answered(call: Callable[[], Answer]) -> Answer:
    """Return what the call answers, InternalServerError when it raises what nobody foresaw."""
    try:
        return call()
    except Exception:  # noqa: BLE001 - beyond is only the server, which would cut the connection without a word
        _log.exception("The stand-in has a defect: it answers InternalServerError.")
        return failure(internal_error())

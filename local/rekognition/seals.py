"""Seal the tokens of pages: none can be made up, or used by another caller or with another request."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from local.rekognition.errors import invalid_token
from local.rekognition.state import Caller

_MAC_BYTES = 16


@dataclass(frozen=True)
class Seal:
    """What seals the tokens of one request: all of it but the token itself and the size of the page counts."""

    key: bytes = field(repr=False)
    caller: Caller
    operation: str
    request: dict[str, Any]

    def close(self, place: str) -> str:
        """Return the token that tells a place."""
        return base64.urlsafe_b64encode(self._mac(place) + place.encode()).decode()

    def open(self, token: str) -> str:
        """Return the place that a token tells. Raises ServiceError: InvalidPaginationTokenException."""
        try:
            content = base64.b64decode(token, altchars=b"-_", validate=True)
            mac, place = content[:_MAC_BYTES], content[_MAC_BYTES:].decode()
        except (binascii.Error, ValueError):
            raise invalid_token() from None
        if not hmac.compare_digest(mac, self._mac(place)):
            raise invalid_token()
        return place

    def _mac(self, place: str) -> bytes:
        scope = {name: value for name, value in self.request.items() if name not in ("NextToken", "MaxResults")}
        text = json.dumps([place, self.caller.account, self.caller.region, self.operation, scope], sort_keys=True)
        return hashlib.blake2b(text.encode(), key=self.key, digest_size=_MAC_BYTES).digest()

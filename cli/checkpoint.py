"""Remembers how far a long command came, so that it can be resumed."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder where the user's programs keep what can be lost."""
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "customlabels"


@dataclass(frozen=True)
class Checkpoint:
    """One file for one piece of work."""

    file: Path

    def load(self) -> dict[str, Any] | None:
        """Return what was saved last; None where nothing was, or all was done."""
        if not self.file.exists():
            return None
        saved: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        return saved

    def save(self, standing: Mapping[str, Any]) -> None:
        """Replace what was saved, all at once."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(standing, ensure_ascii=False), encoding="utf-8")
        fresh.replace(self.file)

    def clear(self) -> None:
        """Forget: the work is done."""
        self.file.unlink(missing_ok=True)


def checkpoint(folder: Path, *work: str) -> Checkpoint:
    """Return the checkpoint of the work that these words tell from any other."""
    digest = hashlib.sha256(json.dumps(work).encode()).hexdigest()[:16]
    return Checkpoint(folder / f"{work[0]}-{digest}.json")

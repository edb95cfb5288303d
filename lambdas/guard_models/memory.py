"""What the guard keeps from one look to the next: apart from the registry, so that it works without it.

One SSM parameter, of at most 4 KB: ARNs and projects are keyed by short hashes, times are whole epoch seconds.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from lambdas.guard_models.words import BilledVersion
from lambdas.model_versions import VersionStatus

LONGEST_GAP_SECONDS: Final = 600  # what may have run while the guard itself did not look for longer, it cannot know

_KEY_DIGITS: Final = 8  # hexadecimal; of the few things that are billed at once, no two share them


class MemoryUnreadableError(RuntimeError):
    """What the guard remembered cannot be read: it goes on as if it remembered nothing."""

    def __init__(self, says: str, *, lost: bool) -> None:
        super().__init__(says)
        self.lost = lost  # for ever; else it may be read again later, and must not be overwritten


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What the guard remembers; times are epoch seconds."""

    looked_at: float = 0.0  # when it last looked
    running_since: Mapping[str, float] = field(default_factory=dict)  # by key of a version: seen RUNNING at each look
    noticed_at: Mapping[str, float] = field(default_factory=dict)  # by key of a version: told to be unexplained
    day: str = ""  # the UTC day of `spent` and `told`
    spent: Mapping[str, float] = field(default_factory=dict)  # inference unit-seconds, by key of a project
    told: frozenset[str] = frozenset()  # keys of the projects whose spent budget was told of
    registry_told_at: float = 0.0

    def spent_by(self, project: str | None = None) -> float:
        """Return today's inference unit-seconds of a project; of the whole deployment where none is named."""
        return sum(self.spent.values()) if project is None else self.spent.get(key_of(project), 0.0)

    def ran_seconds(self, version: BilledVersion, now: float) -> float:
        """Return for how long a version has been seen RUNNING without a gap."""
        return now - self.running_since.get(key_of(version.arn), now)

    def after_look(self, billed: Iterable[BilledVersion], now: float, *, complete: bool) -> "Memory":
        """Account for the time since the last look, and remember what runs.

        What is not seen any more is forgotten, unless the look was not complete. A version counts for the whole time
        since the last look if it is billed at this one: what it ran too little before, it runs too long after.
        """
        seen = list(billed)
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        same_day = day == self.day
        gap = max(0.0, min(now - (self.looked_at or now), LONGEST_GAP_SECONDS, now % 86_400))  # yesterday's is past
        spent = dict(self.spent) if same_day else {}
        for version in seen:
            key = key_of(version.project)
            spent[key] = spent.get(key, 0.0) + version.inference_units * gap
        running = {key_of(version.arn) for version in seen if version.status is VersionStatus.RUNNING}
        still_running = running if complete else {*running, *self.running_since}
        still_noticed = {key_of(version.arn) for version in seen} if complete else {*self.noticed_at}
        return replace(
            self,
            looked_at=now,
            running_since={key: self.running_since.get(key, now) for key in still_running},
            noticed_at={key: at for key, at in self.noticed_at.items() if key in still_noticed},
            day=day,
            spent=spent,
            told=self.told if same_day else frozenset(),
        )

    def noticing(self, version: BilledVersion, now: float) -> "Memory":
        """Remember that a notice was given."""
        return replace(self, noticed_at={**self.noticed_at, key_of(version.arn): now})

    def taking_back(self, version: BilledVersion) -> "Memory":
        """Forget a notice: something explains the version now."""
        kept = {key: at for key, at in self.noticed_at.items() if key != key_of(version.arn)}
        return replace(self, noticed_at=kept)

    def telling_budget(self, project: str) -> "Memory":
        """Remember that people were told today of a project's spent budget."""
        return replace(self, told=self.told | {key_of(project)})


def key_of(name: str) -> str:
    """Shorten an ARN or a project's name."""
    return hashlib.sha256(name.encode()).hexdigest()[:_KEY_DIGITS]


def to_text(memory: Memory) -> str:
    """Spell a memory as short as it can be."""
    versions = sorted({*memory.running_since, *memory.noticed_at})
    said = {
        "at": round(memory.looked_at),
        "versions": {
            key: [round(memory.running_since.get(key, 0)), round(memory.noticed_at.get(key, 0))] for key in versions
        },
        "day": memory.day,
        "spent": {key: round(seconds) for key, seconds in memory.spent.items()},
        "told": sorted(memory.told),
        "registry": round(memory.registry_told_at),
    }
    return json.dumps(said, separators=(",", ":"))


def from_text(text: str) -> Memory:
    """Read a memory; `{}`, which the stack makes, is an empty one. Raises MemoryUnreadableError."""
    try:
        said = json.loads(text)
        versions = {str(key): tuple(map(float, times)) for key, times in said.get("versions", {}).items()}
        return Memory(
            looked_at=float(said.get("at", 0)),
            running_since={key: since for key, (since, _) in versions.items() if since},
            noticed_at={key: noticed for key, (_, noticed) in versions.items() if noticed},
            day=str(said.get("day", "")),
            spent={str(key): float(seconds) for key, seconds in said.get("spent", {}).items()},
            told=frozenset(map(str, said.get("told", []))),
            registry_told_at=float(said.get("registry", 0)),
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise MemoryUnreadableError(
            f"it is not what the guard writes ({error}), and is begun anew", lost=True
        ) from error

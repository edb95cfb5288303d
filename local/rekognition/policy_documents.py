"""Read project policies and say what they permit: who of another account may copy which version.

The developer guide ("Creating a project policy document") makes Effect, Principal, Action and Resource required,
rekognition:CopyProjectVersion the only action, and prohibits NotAction, NotResource and NotPrincipal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from local.rekognition.errors import ServiceError

COPY: Final = "rekognition:CopyProjectVersion"
_VERSIONS: Final = ("2012-10-17", "2008-10-17")
_REQUIRED: Final = frozenset({"Effect", "Principal", "Action", "Resource"})
_ELEMENTS: Final = _REQUIRED | {"Sid", "Condition"}
_ACCOUNT: Final = re.compile(r"(?:arn:[a-z\d-]+:(?:iam|sts)::)?(\d{12})(?::.+)?")


@dataclass(frozen=True)
class ProjectPolicy:
    """A policy that is attached to a project; times in epoch seconds."""

    project_arn: str
    name: str
    document: str
    revision: str
    created: float
    updated: float


def check_document(text: str) -> None:
    """Raise MalformedPolicyDocumentException unless the text is a project policy."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _malformed("it is not JSON") from None
    if not isinstance(document, dict) or document.keys() - {"Version", "Id", "Statement"}:
        raise _malformed("it is an object of Version, Id and Statement")
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise _malformed(f"Version is one of {', '.join(_VERSIONS)}")
    statements = document.get("Statement")
    if not statements or not isinstance(statements, dict | list):
        raise _malformed("it has no Statement")
    for statement in _listed(statements):
        _check_statement(statement)


def permits(policies: Iterable[ProjectPolicy], account: str, version_arn: str) -> bool:
    """Tell whether an account may copy a version of another account: something allows it and nothing denies it."""
    effects = _effects(policies, account, version_arn)
    return "Allow" in effects and "Deny" not in effects


def forbids(policies: Iterable[ProjectPolicy], account: str, version_arn: str) -> bool:
    """Tell whether the owner's own account may not copy a version: it needs no Allow, but a Deny counts."""
    return "Deny" in _effects(policies, account, version_arn)


def _effects(policies: Iterable[ProjectPolicy], account: str, version_arn: str) -> set[str]:
    return {
        statement["Effect"]
        for policy in policies
        for statement in _listed(json.loads(policy.document)["Statement"])
        if _is_about(statement, account, version_arn)
    }


def _is_about(statement: Mapping[str, Any], account: str, version_arn: str) -> bool:
    """Match principals by account, all that is known of a caller here; take an unread Condition for the stricter."""
    if statement.get("Condition") and statement["Effect"] == "Allow":
        return False
    principal = statement["Principal"]
    named = _listed(principal["AWS"] if isinstance(principal, dict) else principal)
    accounts = {name if name == "*" else _account(name) for name in named}
    return bool(accounts & {"*", account}) and any(
        fnmatchcase(version_arn, pattern.replace("[", "[[]")) for pattern in _listed(statement["Resource"])
    )


def _account(principal: str) -> str | None:
    match = _ACCOUNT.fullmatch(principal)
    return match[1] if match else None


def _check_statement(statement: object) -> None:
    if not isinstance(statement, dict):
        raise _malformed("a Statement is not an object")
    if missing := sorted(_REQUIRED - statement.keys()):
        raise _malformed(f"a Statement has no {', '.join(missing)}")
    if unknown := sorted(statement.keys() - _ELEMENTS):
        raise _malformed(f"a Statement may not have {', '.join(unknown)}")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise _malformed("Effect is Allow or Deny")
    if not _words(statement["Action"]) or set(_listed(statement["Action"])) != {COPY}:
        raise _malformed(f"the only Action is {COPY}")
    if not _words(statement["Resource"]):
        raise _malformed("Resource is the ARN of a version, or several")
    _check_principal(statement["Principal"])


def _check_principal(principal: object) -> None:
    if isinstance(principal, dict) and principal.keys() == {"AWS"}:
        principal = principal["AWS"]
    elif principal != "*":
        raise _malformed('Principal is "*" or an object of AWS')
    if not _words(principal) or not all(name == "*" or _account(name) for name in _listed(principal)):
        raise _malformed("an AWS principal is *, an account or the ARN of a user or role")


def _words(value: object) -> bool:
    """Tell whether a value is a text or a list of some, none empty."""
    return bool(value) and isinstance(value, str | list) and all(isinstance(v, str) and v for v in _listed(value))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _malformed(why: str) -> ServiceError:
    return ServiceError("MalformedPolicyDocumentException", f"The policy document is malformed: {why}.")

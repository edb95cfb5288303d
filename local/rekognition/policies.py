"""Answer the operations on project policies."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from local.rekognition.context import Context
from local.rekognition.errors import ServiceError, not_found
from local.rekognition.pages import page
from local.rekognition.policy_documents import ProjectPolicy, check_document
from local.rekognition.quotas import check_quota
from local.rekognition.state import Caller

_LARGEST_PAGE = 5


def put_project_policy(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """Attach a new policy, or replace the one whose revision is given."""
    name, document = request["PolicyName"], request["PolicyDocument"]
    state = context.state
    with state.lock:
        project = state.project(caller, request["ProjectArn"])
        check_document(document)
        policies = state.policies.setdefault(project.arn, {})
        old = policies.get(name)
        if old is not None and "PolicyRevisionId" not in request:
            message = f"The project {project.name} has a policy named {name}: give its revision to replace it."
            raise ServiceError("ResourceAlreadyExistsException", message)
        _check_revision(old, request)
        if old is None:
            check_quota(context.quotas.policies_per_project, len(policies) + 1, "policies of a project")
        stamp = state.stamp()
        revision = hashlib.sha256(f"{project.arn} {name} {stamp}".encode()).hexdigest()[:32]
        new = ProjectPolicy(project.arn, name, document, revision, stamp / 1000, stamp / 1000)
        policies[name] = new if old is None else replace(new, created=old.created)
    return {"PolicyRevisionId": revision}


def list_project_policies(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    with context.state.lock:
        project = context.state.project(caller, request["ProjectArn"])
        policies = sorted(context.state.policies.get(project.arn, {}).values(), key=lambda policy: -policy.created)
    shown, more = page(policies, request, _LARGEST_PAGE)
    return {"ProjectPolicies": [_description(policy) for policy in shown], **more}


def delete_project_policy(context: Context, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    with context.state.lock:
        project = context.state.project(caller, request["ProjectArn"])
        policies = context.state.policies.get(project.arn, {})
        if request["PolicyName"] not in policies:
            raise not_found(f"{project.arn}, policy {request['PolicyName']},")
        _check_revision(policies[request["PolicyName"]], request)
        del policies[request["PolicyName"]]
    return {}


def _check_revision(policy: ProjectPolicy | None, request: dict[str, Any]) -> None:
    """Refuse a revision that the policy has not, or that belongs to none."""
    revision = request.get("PolicyRevisionId")
    if revision is not None and (policy is None or revision.lower() != policy.revision):
        message = f"{revision} is not the revision of the policy {request['PolicyName']}."
        raise ServiceError("InvalidPolicyRevisionIdException", message)


def _description(policy: ProjectPolicy) -> dict[str, Any]:
    return {
        "ProjectArn": policy.project_arn,
        "PolicyName": policy.name,
        "PolicyRevisionId": policy.revision,
        "PolicyDocument": policy.document,
        "CreationTimestamp": policy.created,
        "LastUpdatedTimestamp": policy.updated,
    }

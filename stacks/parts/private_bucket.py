"""A bucket that keeps what it is given, to itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from constructs import Construct

_ABANDONED_UPLOAD = Duration.days(7)


class PrivateBucket(s3.Bucket):
    """Versioned, encrypted, TLS only, no public access, no ACLs."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        removal_policy: RemovalPolicy,
        keep_noncurrent: Duration,
        keep: Duration | None = None,
        access_logs: s3.IBucket | None = None,
        keep_under: Mapping[str, Duration] | None = None,
    ) -> None:
        """Make the bucket; `keep` is how long objects stay, `keep_under` how long those under a prefix do."""
        super().__init__(
            scope,
            name,
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=removal_policy,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"{name.lower()}/" if access_logs else None,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="CleanUp",
                    abort_incomplete_multipart_upload_after=_ABANDONED_UPLOAD,
                    noncurrent_version_expiration=keep_noncurrent,
                    expiration=keep,
                    expired_object_delete_marker=None if keep else True,
                ),
                *(
                    s3.LifecycleRule(id=f"Expire {prefix}", prefix=prefix, expiration=days)
                    for prefix, days in (keep_under or {}).items()
                ),
            ],
        )

    def open_to_reviewers(self) -> None:
        """Let the browsers of those who review images load them, by links that Augmented AI signs: it asks for this."""
        self.add_cors_rule(
            allowed_methods=[s3.HttpMethods.GET],
            allowed_origins=["*"],
            exposed_headers=["Access-Control-Allow-Origin"],
        )

    def send_events(self) -> None:
        """Send the bucket's events to EventBridge.

        CDK's own flag for it would add a function, a role and a custom resource that set this one property.
        """
        bucket = self.node.default_child
        assert isinstance(bucket, s3.CfnBucket)
        bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )

    def uploads(self, keys: Sequence[Any]) -> events.EventPattern:
        """Match the events of new objects whose keys match one of EventBridge's patterns."""
        return events.EventPattern(
            source=["aws.s3"],
            detail_type=["Object Created"],
            detail={"bucket": {"name": [self.bucket_name]}, "object": {"key": list(keys)}},
        )

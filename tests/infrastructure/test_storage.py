"""Laws of what must survive a redeploy."""

import json

from tests.infrastructure.assembly import listed, referred


def test_every_bucket_is_versioned_encrypted_private_and_kept(deployment):
    for bucket in deployment.all("AWS::S3::Bucket"):
        said = bucket.properties
        assert said["VersioningConfiguration"] == {"Status": "Enabled"}, bucket
        (rule,) = said["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}, bucket
        assert all(said["PublicAccessBlockConfiguration"].values()), bucket
        assert len(said["PublicAccessBlockConfiguration"]) == 4, bucket
        assert said["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}, bucket
        assert bucket.whole["DeletionPolicy"] == bucket.whole["UpdateReplacePolicy"] == "Retain", bucket


def test_every_bucket_queue_and_topic_denies_plain_http(deployment):
    protected = set()
    for resource, statement in deployment.statements():
        if statement["Effect"] == "Deny" and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}:
            targets = listed(
                resource.properties.get("Bucket") or resource.properties.get("Queues") or resource.properties["Topics"]
            )
            protected |= {(resource.stack, referred(target)) for target in targets}
    for resource in deployment.all("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic"):
        assert (resource.stack, resource.id) in protected, resource


def test_old_versions_and_abandoned_uploads_are_cleaned_up_after_the_last_message_about_them(deployment):
    queued, dead = 10, 14  # days that a message may name an object version
    for bucket in deployment.all("AWS::S3::Bucket"):
        rule = bucket.properties["LifecycleConfiguration"]["Rules"][0]
        assert "Prefix" not in rule, bucket
        assert rule["Status"] == "Enabled", bucket
        assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] <= 7, bucket
        if "LoggingConfiguration" in bucket.properties:
            assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] > queued + dead, bucket


def test_what_a_result_points_to_goes_when_the_result_goes(many):
    rules = many.one("AWS::S3::Bucket", "ResultsObjects").properties["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    assert expiring == {
        f"{folder}/{project}/": said["retention_days"]
        for project, said in many.said["projects"].items()
        if "retention_days" in said
        for folder in ("labels", "annotated", "timelines", "frames")
    }


def test_every_bucket_but_the_log_bucket_writes_access_logs_to_it(deployment):
    logs = deployment.one("AWS::S3::Bucket", "AccessLogs")
    for bucket in deployment.all("AWS::S3::Bucket"):
        if bucket.id != logs.id:
            assert referred(bucket.properties["LoggingConfiguration"]["DestinationBucketName"]) == logs.id


def test_the_buckets_that_start_something_send_their_events_to_eventbridge(deployment):
    enabled = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    senders = [
        bucket.id
        for bucket in deployment.all("AWS::S3::Bucket")
        if bucket.properties.get("NotificationConfiguration") == enabled
    ]
    assert sorted(name[:6] for name in senders) == ["Datase", "Images"]


def test_every_table_is_kept_paid_by_use_and_can_be_restored_to_any_second(deployment):
    tables = list(deployment.all("AWS::DynamoDB::GlobalTable"))
    assert len(tables) == 2
    for table in tables:
        (replica,) = table.properties["Replicas"]
        assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, table
        assert replica["DeletionProtectionEnabled"] is True, table
        assert table.properties["BillingMode"] == "PAY_PER_REQUEST", table
        assert table.whole["DeletionPolicy"] == table.whole["UpdateReplacePolicy"] == "Retain", table


def test_the_results_table_has_the_indexes_that_the_functions_read_and_expires_results(deployment):
    table = deployment.one("AWS::DynamoDB::GlobalTable", "Results").properties
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ExpiresAt", "Enabled": True}
    keys = {
        index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
        for index in table["GlobalSecondaryIndexes"]
    }
    assert keys == {
        "ByLabel": ["ProjectLabel", "Confidence"],
        "ByImage": ["ImageKey", "CreatedAt"],
        "ByStatus": ["ProjectStatus", "CreatedAt"],
        "Unnotified": ["Unnotified", "CreatedAt"],
    }
    assert all(index["Projection"] == {"ProjectionType": "ALL"} for index in table["GlobalSecondaryIndexes"])
    types = {said["AttributeName"]: said["AttributeType"] for said in table["AttributeDefinitions"]}
    assert {name for name, type_ in types.items() if type_ == "N"} == {"Confidence", "CreatedAt"}


def test_of_the_registry_minutes_of_the_meter_are_deleted_and_no_lease_that_has_expired(deployment):
    table = deployment.one("AWS::DynamoDB::GlobalTable", "Registry").properties
    assert table["TimeToLiveSpecification"] == {"AttributeName": "DeleteAfter", "Enabled": True}


def test_every_topic_is_encrypted_with_one_key_that_rotates(deployment):
    key = deployment.one("AWS::KMS::Key", "TopicsKey")
    assert key.properties["EnableKeyRotation"] is True
    topics = list(deployment.all("AWS::SNS::Topic"))
    assert len(topics) == 3 + bool(deployment.films) + bool(deployment.framed)
    for topic in topics:
        assert key.id in json.dumps(topic.properties["KmsMasterKeyId"]), topic


def test_alarms_of_this_account_and_eventbridge_which_names_no_account_may_use_the_topics_key(deployment):
    key = deployment.one("AWS::KMS::Key", "TopicsKey")
    services = {
        statement["Principal"]["Service"]: statement
        for statement in key.properties["KeyPolicy"]["Statement"]
        if "Service" in statement["Principal"]
    }
    assert set(services) == {"cloudwatch.amazonaws.com", "events.amazonaws.com"}
    for statement in services.values():
        assert statement["Effect"] == "Allow"
        assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    of_account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert services["cloudwatch.amazonaws.com"]["Condition"] == of_account
    assert "Condition" not in services["events.amazonaws.com"]


def test_alarms_of_this_account_and_no_other_service_may_publish_on_the_operations_topic(deployment):
    policy = deployment.one("AWS::SNS::TopicPolicy", "OperationsTopic").properties["PolicyDocument"]
    (allowed,) = [statement for statement in policy["Statement"] if statement["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Action"] == "sns:Publish"
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_an_alarm_email_is_subscribed_to_the_operations_topic(many):
    (subscription,) = [one for one in many.all("AWS::SNS::Subscription") if one.properties["Protocol"] == "email"]
    assert subscription.properties["Endpoint"] == "ops@example.com"
    assert referred(subscription.properties["TopicArn"]) == many.one("AWS::SNS::Topic", "OperationsTopic").id

"""The start-up check of what the adapter touches, and the rules that need no emulator."""

from importlib import import_module

import pytest

from local import emulator


def test_the_pinned_emulator_has_every_name_that_the_adapter_touches() -> None:
    emulator.check()


def test_another_version_is_refused() -> None:
    with pytest.raises(emulator.UnknownEmulatorError, match=r"ministack 1\.5\.33 expected, found 1\.6\.0"):
        emulator.check("1.6.0")


def test_a_missing_name_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(import_module("ministack.services.s3"), "_fire_s3_event")
    with pytest.raises(emulator.UnknownEmulatorError, match=r"name services\.s3\._fire_s3_event is missing"):
        emulator.check()


def test_a_missing_module_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "PRIVATE_NAMES", {"services.gone": ("any",)})
    with pytest.raises(emulator.UnknownEmulatorError, match=r"module services\.gone is missing"):
        emulator.check()


@pytest.mark.parametrize(
    ("retrier", "retries", "seconds"),
    [
        ({}, 0, 1),
        ({}, 3, 8),
        ({"IntervalSeconds": 10, "BackoffRate": 10}, 2, 1000),
        ({"IntervalSeconds": 10, "BackoffRate": 10, "MaxDelaySeconds": 20}, 2, 20),
        ({"IntervalSeconds": 10, "JitterStrategy": "NONE"}, 0, 10),
    ],
)
def test_a_retry_waits_as_its_definition_says(retrier: dict[str, object], retries: int, seconds: float) -> None:
    assert emulator.retry_delay(retrier, retries, lambda low, high: -1) == seconds


def test_full_jitter_waits_up_to_the_delay() -> None:
    retrier = {"IntervalSeconds": 10, "MaxDelaySeconds": 15, "JitterStrategy": "FULL"}
    assert emulator.retry_delay(retrier, 3, lambda low, high: high - low) == 15
    assert emulator.retry_delay(retrier, 3, lambda low, high: low) == 0


def test_a_customer_key_is_written_into_the_buckets_encryption() -> None:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:us-east-1:1:key/a&b"}
    text = emulator.encryption_xml([{"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}])
    assert "<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>arn:aws:kms:us-east-1:1:key/a&amp;b<" in text
    assert "<BucketKeyEnabled>true</BucketKeyEnabled>" in text

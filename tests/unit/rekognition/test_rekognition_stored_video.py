"""Label detection jobs on stored videos, from start to the message and the results."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field

import pytest
from drawn_videos import BLACK, BLUE, RED, WHITE, video
from rekognition_bench import ACCOUNT, DURATIONS, REGION, Bench, Clock, MemoryObjects

from local.rekognition.fault_plans import Fault, FaultPlan, Rule
from local.rekognition.labels import Label
from local.rekognition.service import Rekognition
from local.rekognition.state import Caller
from local.rekognition.topics import NO_TOPICS, TopicUnavailableError
from local.rekognition.video_job import DAY, Sightings, VideoLimits, VideoSettings
from local.rekognition.video_jobs import LabelJobs
from local.rekognition.video_results import Aggregation, Sorting, rows
from local.rekognition.videos import Metadata

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:AmazonRekognitionDone"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/tells"
CHANNEL = {"SNSTopicArn": TOPIC, "RoleArn": ROLE}
STORED = {"S3Object": {"Bucket": "films", "Name": "a b.mp4"}}
SETTINGS = VideoSettings(VideoLimits(bytes=100_000, seconds=60.0), seconds=30.0)
COMMON = {"SortBy": "TIMESTAMP", "AggregateBy": "TIMESTAMPS"}


@dataclass
class MemoryTopics:
    """Topics in a list; some roles may not publish."""

    forbidden: set[str] = field(default_factory=set)
    published: list[tuple[str, str, dict]] = field(default_factory=list)

    def publish(self, topic_arn: str, role_arn: str, message: str) -> None:
        if role_arn in self.forbidden:
            raise TopicUnavailableError(f"{role_arn} may not publish")
        self.published.append((topic_arn, role_arn, json.loads(message)))


class Slow(MemoryObjects):
    """Objects that wait to be released, when there is something to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.release: threading.Event | None = None
        self.asked = 0

    def save(self, bucket, key, version, file):
        self.asked += 1
        if self.release:
            assert self.release.wait(30)
        super().save(bucket, key, version, file)


@pytest.fixture
def topics() -> MemoryTopics:
    return MemoryTopics()


@pytest.fixture
def bench(topics) -> Bench:
    bench = Bench()
    serve(bench, topics, SETTINGS)
    bench.objects.write("films", "a b.mp4", video((RED, BLUE), seconds=2.0), "video/mp4")
    return bench


def serve(bench: Bench, topics: MemoryTopics, settings: VideoSettings) -> None:
    bench.service = Rekognition(
        objects=bench.objects, now=bench.clock, durations=DURATIONS, topics=topics, videos=settings
    )


def start(bench: Bench, **request) -> str:
    return bench.call("StartLabelDetection", **{"Video": STORED, **request})["JobId"]


def over(bench: Bench, job: str, **request) -> dict:
    """Let the job's time pass and wait for the real work; return the answer."""
    bench.clock.pass_(SETTINGS.seconds)
    patience = time.monotonic() + 30
    while (answer := bench.call("GetLabelDetection", JobId=job, **request))["JobStatus"] == "IN_PROGRESS":
        assert time.monotonic() < patience
        time.sleep(0.01)
    return answer


def until(condition) -> None:
    patience = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < patience
        time.sleep(0.01)


def seen(answer: dict) -> list[tuple[int, str]]:
    return [(row["Timestamp"], row["Label"]["Name"]) for row in answer["Labels"]]


def test_a_job_gives_the_labels_of_its_frames(bench):
    answer = over(bench, start(bench, MinConfidence=60.0, JobTag="films/1"))
    named = {row["Label"]["Name"]: row["Label"] for row in answer["Labels"]}
    assert [(time_, name) for time_, name in seen(answer) if name in ("Red", "Blue")] == [
        (0, "Red"),
        (500, "Red"),
        (1000, "Blue"),
        (1500, "Blue"),
    ]
    assert named["Red"]["Parents"] == [{"Name": "Color"}]
    assert named["Red"]["Instances"] == []
    assert answer["JobStatus"] == "SUCCEEDED"
    assert (answer["Video"], answer["JobTag"], answer["GetRequestMetadata"]) == (STORED, "films/1", COMMON)
    assert answer["VideoMetadata"]["DurationMillis"] == 2000
    assert "NextToken" not in answer


def test_an_empty_object_is_no_video(bench):
    bench.objects.write("films", "empty.mp4", b"", "video/mp4")
    answer = over(bench, start(bench, Video={"S3Object": {"Bucket": "films", "Name": "empty.mp4"}}))
    assert (answer["JobStatus"], answer["StatusMessage"]) == ("FAILED", "Unsupported codec/format.")


def test_reset_forgets_the_jobs_and_tells_of_none(bench, topics):
    job = start(bench, NotificationChannel=CHANNEL)
    bench.service.reset()
    assert bench.error("GetLabelDetection", JobId=job) == "ResourceNotFoundException"
    over(bench, start(bench))
    assert topics.published == []


def test_reset_frees_the_threads_of_jobs_that_are_at_work(topics):
    objects, release = Slow(), threading.Event()
    objects.release = release
    bench = Bench(objects=objects)
    serve(bench, topics, SETTINGS)
    bench.objects.write("films", "a b.mp4", video(), "video/mp4")
    for _ in range(5):
        start(bench)
    until(lambda: objects.asked == 2)  # all threads wait
    bench.service.reset()
    objects.release = None
    assert over(bench, start(bench))["JobStatus"] == "SUCCEEDED"
    release.set()


def test_a_job_in_progress_has_no_labels_yet(bench):
    answer = bench.call("GetLabelDetection", JobId=start(bench))
    assert (answer["JobStatus"], answer["Labels"]) == ("IN_PROGRESS", [])
    assert "VideoMetadata" not in answer


def test_a_job_takes_at_least_its_time_by_the_clock(bench):
    jobs = LabelJobs(bench.clock, bench.objects, NO_TOPICS, SETTINGS)
    caller = Caller(ACCOUNT, REGION)
    begun = jobs.begin(caller, {"Video": STORED})
    until(lambda: jobs.job(caller, begun.id).ending)  # the work is over
    job = jobs.job(caller, begun.id)
    assert job.ending.at == job.started + SETTINGS.seconds
    assert job.findings(job.ending.at - 0.001) is None
    assert job.findings(job.ending.at) is job.ending.findings


def test_the_end_is_told_through_the_role_with_the_documented_message_when_its_time_comes(bench, topics):
    jobs = LabelJobs(bench.clock, bench.objects, topics, SETTINGS)
    caller = Caller(ACCOUNT, REGION)
    job = jobs.begin(caller, {"Video": STORED, "NotificationChannel": CHANNEL, "JobTag": "t"})
    until(lambda: jobs.job(caller, job.id).ending)  # the work is over, its time is not
    assert topics.published == []
    bench.clock.pass_(SETTINGS.seconds)
    until(lambda: topics.published)
    message = {
        "JobId": job.id,
        "Status": "SUCCEEDED",
        "API": "StartLabelDetection",
        "JobTag": "t",
        "Timestamp": bench.clock.time * 1000,
        "Video": {"S3ObjectName": "a b.mp4", "S3Bucket": "films"},
    }
    assert topics.published == [(TOPIC, ROLE, message)]


def test_a_message_has_no_job_tag_that_was_not_given_and_the_api_that_is_configured(bench, topics):
    serve(bench, topics, VideoSettings(api="LABEL_DETECTION", seconds=0.0))
    start(bench, NotificationChannel=CHANNEL)
    until(lambda: topics.published)
    message = topics.published[0][2]
    assert list(message) == ["JobId", "Status", "API", "Timestamp", "Video"]
    assert message["API"] == "LABEL_DETECTION"


def test_a_role_that_may_not_publish_leaves_the_job_as_it_is(bench, topics, caplog):
    topics.forbidden.add(ROLE)
    other = ROLE.replace("tells", "other")
    job = start(bench, NotificationChannel=CHANNEL)
    start(bench, NotificationChannel={**CHANNEL, "RoleArn": other})
    assert over(bench, job)["JobStatus"] == "SUCCEEDED"
    until(lambda: f"Nobody is told that the video job {job} is over" in caplog.text)
    until(lambda: topics.published)
    assert [role for _, role, _ in topics.published] == [other]


def test_a_topic_of_another_region_is_refused(bench):
    channel = {**CHANNEL, "SNSTopicArn": TOPIC.replace(REGION, "us-west-2")}
    assert bench.error("StartLabelDetection", Video=STORED, NotificationChannel=channel) == "InvalidParameterException"


def test_the_same_token_and_request_is_the_same_job_and_is_told_once(bench, topics):
    request = {"ClientRequestToken": "once", "NotificationChannel": CHANNEL}
    job = start(bench, **request)
    assert start(bench, **request) == job
    over(bench, job)
    until(lambda: topics.published)
    assert start(bench, **request) == job
    other = start(bench, NotificationChannel=CHANNEL)
    over(bench, other)
    until(lambda: len(topics.published) == 2)
    assert [message["JobId"] for _, _, message in topics.published] == [job, other]


def test_the_same_token_with_another_request_is_refused(bench):
    start(bench, ClientRequestToken="once")
    refused = {"Video": STORED, "ClientRequestToken": "once", "MinConfidence": 60.0}
    status, body = bench.send("StartLabelDetection", **refused)
    assert (status, body["__type"]) == (400, "IdempotentParameterMismatchException")
    assert body["Message"] == "The ClientRequestToken: once you have supplied is already in use."


def test_another_account_and_region_has_its_own_tokens_and_jobs(bench):
    job = start(bench, ClientRequestToken="once")
    _, theirs = bench.send("StartLabelDetection", account="999999999999", Video=STORED, ClientRequestToken="once")
    assert theirs["JobId"] != job
    status, body = bench.send("GetLabelDetection", account="999999999999", JobId=job)
    assert (status, body["__type"]) == (400, "ResourceNotFoundException")


def test_a_token_counts_for_seven_days(bench):
    job = start(bench, ClientRequestToken="once")
    bench.clock.pass_(7 * DAY - 1)
    assert start(bench, ClientRequestToken="once") == job
    bench.clock.pass_(1)
    assert start(bench, ClientRequestToken="once", MinConfidence=1.0) != job


def test_results_are_kept_for_seven_days(bench):
    job = start(bench)
    over(bench, job)
    bench.clock.pass_(7 * DAY - 1)
    assert bench.call("GetLabelDetection", JobId=job)["JobStatus"] == "SUCCEEDED"
    bench.clock.pass_(1)
    assert bench.error("GetLabelDetection", JobId=job) == "ResourceNotFoundException"


def test_a_21st_job_at_once_is_refused_until_one_ends(bench):
    jobs = [start(bench) for _ in range(20)]
    status, body = bench.send("StartLabelDetection", Video=STORED)
    assert (status, body["__type"]) == (400, "LimitExceededException")
    assert body["Message"].startswith("20 open Jobs for User arn:")
    assert body["Message"].endswith("Maximum limit: 20")
    for job in jobs:
        over(bench, job)
    assert start(bench) not in jobs


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no video", "Unsupported codec/format."),
        (video(codec="mpeg4"), "Unsupported codec/format."),
        (video(seconds=61.0, rate=2, size=(64, 64)), "The video is longer than the service analyses."),
    ],
    ids=["no video", "mpeg4", "too long"],
)
def test_a_video_that_cannot_be_analysed_fails_its_job(bench, topics, content, reason):
    bench.objects.write("films", "a b.mp4", content, "video/mp4")
    answer = over(bench, start(bench, NotificationChannel=CHANNEL))
    assert (answer["JobStatus"], answer["StatusMessage"], answer["Labels"]) == ("FAILED", reason, [])
    until(lambda: topics.published)
    assert topics.published[0][2]["Status"] == "FAILED"


def test_a_defect_of_the_stand_in_fails_the_job_and_is_told_as_an_error(bench, topics, monkeypatch):
    monkeypatch.setattr(bench.objects, "save", lambda *_: 1 / 0)
    answer = over(bench, start(bench, NotificationChannel=CHANNEL))
    assert answer["JobStatus"] == "FAILED"
    until(lambda: topics.published)
    assert topics.published[0][2]["Status"] == "ERROR"


def test_a_plan_of_faults_breaks_a_job_with_its_message(bench, topics):
    bench.service.faults.follow(FaultPlan((Rule(Fault.VIDEO_ERROR, message="We are sorry."),)))
    answer = over(bench, start(bench, NotificationChannel=CHANNEL))
    assert (answer["JobStatus"], answer["StatusMessage"]) == ("FAILED", "We are sorry.")
    until(lambda: topics.published)
    assert topics.published[0][2]["Status"] == "ERROR"


def test_a_video_that_vanishes_meanwhile_fails_its_job():
    class Vanishing(MemoryObjects):
        def save(self, bucket, key, version, file):
            self.contents.clear()
            super().save(bucket, key, version, file)

    bench = Bench(objects=Vanishing())
    serve(bench, MemoryTopics(), SETTINGS)
    bench.objects.write("films", "a b.mp4", b"x", "video/mp4")
    assert over(bench, start(bench))["StatusMessage"] == "The video can no longer be read from S3."


def test_a_video_over_the_size_limit_is_refused_unread(bench):
    bench.objects.write("films", "a b.mp4", bytes(100_001), "video/mp4")
    status, body = bench.send("StartLabelDetection", Video=STORED)
    assert (status, body["__type"]) == (400, "VideoTooLargeException")
    assert body["Message"] == "Video size in bytes: 100001 is more than the maximum limit of: 100000 bytes."


@pytest.mark.parametrize(
    ("stored", "error"),
    [
        ({}, "InvalidParameterException"),
        ({"S3Object": {"Bucket": "films"}}, "InvalidS3ObjectException"),
        ({"S3Object": {"Bucket": "films", "Name": "none.mp4"}}, "InvalidS3ObjectException"),
        ({"S3Object": {"Bucket": "films", "Name": "a b.mp4", "Version": "v9"}}, "InvalidS3ObjectException"),
    ],
)
def test_a_video_that_cannot_be_found_is_refused_at_the_start(bench, stored, error):
    assert bench.error("StartLabelDetection", Video=stored) == error


def test_pages_give_every_label_once(bench):
    job = start(bench)
    everything = seen(over(bench, job))
    found, token = [], {}
    while True:
        answer = bench.call("GetLabelDetection", JobId=job, MaxResults=3, **token)
        assert len(answer["Labels"]) <= 3
        assert answer["VideoMetadata"]["FrameWidth"] == 160
        found += seen(answer)
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
        assert len(answer["NextToken"]) <= 255
    assert found == everything
    assert len(found) > 6


def test_a_page_of_over_1000_is_cut_without_an_error(bench):
    serve(bench, MemoryTopics(), VideoSettings(seconds=SETTINGS.seconds))
    bench.objects.write("films", "a b.mp4", video(seconds=100.0, size=(64, 64), rate=4), "video/mp4")
    answer = over(bench, start(bench, MinConfidence=0.0), MaxResults=5000)
    assert len(answer["Labels"]) == 1000
    assert answer["NextToken"]


def test_a_token_is_refused_when_made_up_or_of_another_request_or_a_day_old(bench):
    job = start(bench)
    over(bench, job)
    token = bench.call("GetLabelDetection", JobId=job, MaxResults=1)["NextToken"]
    for request in ({"NextToken": "made up"}, {"NextToken": "WzEsIDIsIDNd"}, {"NextToken": token, "SortBy": "NAME"}):
        assert bench.error("GetLabelDetection", JobId=job, **request) == "InvalidPaginationTokenException"
    bench.clock.pass_(DAY - 1)
    assert bench.call("GetLabelDetection", JobId=job, NextToken=token)["Labels"]
    bench.clock.pass_(1)
    assert bench.error("GetLabelDetection", JobId=job, NextToken=token) == "InvalidPaginationTokenException"


def test_a_token_is_of_one_account(bench):
    jobs = []
    for account in (ACCOUNT, "999999999999"):
        _, answer = bench.send("StartLabelDetection", account=account, Video=STORED)
        jobs.append(answer["JobId"])
    over(bench, jobs[0])
    token = bench.call("GetLabelDetection", JobId=jobs[0], MaxResults=1)["NextToken"]
    status, body = bench.send("GetLabelDetection", account="999999999999", JobId=jobs[1], NextToken=token)
    assert (status, body["__type"]) == (400, "InvalidPaginationTokenException")


@pytest.fixture
def kept(topics, tmp_path) -> Bench:
    """A bench with a folder."""
    bench = Bench()
    resume(bench, topics, tmp_path)
    bench.objects.write("films", "a b.mp4", video((RED, BLUE), seconds=2.0), "video/mp4")
    return bench


def resume(bench: Bench, topics, folder) -> None:
    bench.service = Rekognition(
        objects=bench.objects, now=bench.clock, durations=DURATIONS, topics=topics, videos=SETTINGS, folder=folder
    )


def kill(bench: Bench) -> None:
    """Leave the folder to the next as a killed process does: what its threads still bring comes to nothing."""
    bench.service._folder.close()
    bench.service._folder = None
    bench.service._context.label_jobs._is_closed = True


def test_a_job_its_token_and_its_results_survive_a_restart(kept, topics, tmp_path):
    request = {"ClientRequestToken": "once", "JobTag": "t"}
    job = start(kept, **request)
    before = over(kept, job)
    kept.service.close()
    resume(kept, topics, tmp_path)
    assert kept.call("GetLabelDetection", JobId=job) == before
    assert start(kept, **request) == job
    other = {"Video": STORED, "ClientRequestToken": "once"}
    assert kept.error("StartLabelDetection", **other) == "IdempotentParameterMismatchException"


def test_what_was_seen_is_written_once(kept, tmp_path):
    over(kept, start(kept))
    kept.call("CreateProject", ProjectName="p")
    (file,) = (tmp_path / "parts").iterdir()
    written = file.stat().st_mtime_ns
    kept.call("CreateProject", ProjectName="q")
    assert file.stat().st_mtime_ns == written


def test_a_job_that_was_cut_off_begins_again_and_tells_of_its_end(kept, topics, tmp_path):
    kept.service._context.label_jobs._workers.begin = lambda *_: None  # it never gets to work
    job = start(kept, NotificationChannel=CHANNEL)
    kill(kept)
    resume(kept, topics, tmp_path)
    assert over(kept, job)["JobStatus"] == "SUCCEEDED"
    until(lambda: topics.published)
    assert [message["JobId"] for _, _, message in topics.published] == [job]


def test_an_end_that_was_not_told_is_told_after_a_restart_and_only_once(kept, topics, tmp_path):
    job = start(kept, NotificationChannel=CHANNEL)
    kept.service.close()  # waits for the work; the job's time by the clock has not come
    assert topics.published == []
    kept.clock.pass_(SETTINGS.seconds)
    resume(kept, topics, tmp_path)
    until(lambda: topics.published)
    kept.service.close()
    resume(kept, topics, tmp_path)
    over(kept, job)
    start(kept, NotificationChannel=CHANNEL)
    kept.clock.pass_(SETTINGS.seconds)
    until(lambda: len(topics.published) == 2)
    assert [message["JobId"] == job for _, _, message in topics.published] == [True, False]


def film_of(*frames: dict[str, float]) -> Sightings:
    """What is seen when each half second shows the named labels with their confidences."""
    labels = {n * 500: [Label(name, sure) for name, sure in frame.items()] for n, frame in enumerate(frames)}
    return Sightings(Metadata("h264", "MP4", 500 * len(frames), 30.0, 160, 120, False), labels)


def test_labels_by_time_come_with_the_surest_of_each_frame_first():
    found = rows(film_of({"a": 60.0, "b": 90.0}, {"a": 70.0}), Sorting.TIMESTAMP, Aggregation.TIMESTAMPS)
    assert seen({"Labels": found}) == [(0, "b"), (0, "a"), (500, "a")]


def test_labels_by_name_are_grouped_and_the_surest_of_each_name_come_first():
    found = rows(film_of({"b": 90.0, "a": 60.0}, {"a": 70.0}), Sorting.NAME, Aggregation.TIMESTAMPS)
    assert seen({"Labels": found}) == [(500, "a"), (0, "a"), (0, "b")]


def test_a_segment_has_the_best_confidence_of_its_frames():
    found = rows(film_of({"a": 60.0}, {"a": 80.0}, {"a": 70.0}), Sorting.TIMESTAMP, Aggregation.SEGMENTS)
    assert [(row["Label"]["Confidence"], row["DurationMillis"]) for row in found] == [(80.0, 1500)]


def test_an_answer_says_how_it_is_arranged(bench):
    arranged = {"SortBy": "NAME", "AggregateBy": "SEGMENTS"}
    assert bench.call("GetLabelDetection", JobId=start(bench), **arranged)["GetRequestMetadata"] == arranged


def test_segments_join_the_frames_that_show_a_label_without_a_break(bench):
    film = video((BLACK, WHITE, BLACK, BLACK), seconds=4.0)
    bench.objects.write("films", "a b.mp4", film, "video/mp4")
    answer = over(bench, start(bench), AggregateBy="SEGMENTS")
    segments = [
        (row["StartTimestampMillis"], row["EndTimestampMillis"], row["DurationMillis"], row["Timestamp"])
        for row in answer["Labels"]
        if row["Label"]["Name"] == "Black"
    ]
    assert segments == [(0, 1000, 1000, 0), (2000, 4000, 2000, 2000)]
    assert all("Instances" not in row["Label"] for row in answer["Labels"])
    times = [row["Timestamp"] for row in answer["Labels"]]
    assert times == sorted(times)


def test_min_confidence_and_filters_choose_among_the_labels(bench):
    filters = {"LabelInclusionFilters": ["Red", "Blue"], "LabelExclusionFilters": ["Blue"]}
    answer = over(bench, start(bench, MinConfidence=99.0, Settings={"GeneralLabels": filters}))
    assert seen(answer) == [(0, "Red"), (500, "Red")]


def test_the_clock_alone_ends_no_job_that_is_still_at_work():
    clock, objects = Clock(), Slow()
    objects.write("films", "a b.mp4", video(), "video/mp4")
    release = objects.release = threading.Event()
    jobs = LabelJobs(clock, objects, NO_TOPICS, SETTINGS)
    caller = Caller(ACCOUNT, REGION)
    job = jobs.begin(caller, {"Video": STORED})
    clock.pass_(10 * SETTINGS.seconds)
    assert jobs.job(caller, job.id).findings(clock()) is None
    release.set()
    until(lambda: jobs.job(caller, job.id).findings(clock()))

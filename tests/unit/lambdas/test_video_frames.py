"""From a video to its timeline, by the project's own model: sampled, looked at frame by frame, merged, told of once."""

import io
import json

import numpy as np
import pytest
from botocore.exceptions import ClientError
from PIL import Image

from lambdas.delivery import ABANDONED_SECONDS, FRAMES_SECONDS, KEPT_SECONDS
from lambdas.errors import ErrorCode
from lambdas.frames import frames_start_id, video_job_id
from lambdas.images import job_id
from lambdas.jobs import Job, JobStatus
from lambdas.moderation_settings import Action, HumanReview, ModerationSettings
from lambdas.notifications import completion
from lambdas.results import BusyError
from lambdas.sample_video.sampling import FramesUnsentError
from tests.unit.aws import Refusal
from tests.unit.lambdas.cinema import FRAMES_TOPIC, HEIGHT, MAGENTA, QUEUE, SIDE, VIDEO, WIDTH, Cinema, nothing, square
from tests.unit.lambdas.films import RATE, film, unsteady
from tests.unit.lambdas.scene import V1, V2


@pytest.fixture
def cinema():
    return Cinema()


def moving(seconds=2.0, colour="red"):
    """Return frames in which a square moves to the right."""
    return [square(colour, 4 + 2 * number, 30) for number in range(round(seconds * RATE))]


def blank(seconds):
    return [nothing()] * round(seconds * RATE)


STORY = film([*moving(3, "red"), *blank(2), *moving(2, "green"), *blank(1), *moving(2, "red")])
TRUTH = {("red", 0, 3000), ("green", 5000, 7000), ("red", 8000, 10_000)}


def test_a_label_has_a_segment_for_each_time_that_it_is_to_be_seen(cinema):
    job = cinema.show(STORY)
    found = {(line["Label"], line["StartTimestampMillis"], line["EndTimestampMillis"]) for line in cinema.timeline(job)}
    # The last frame of a segment is at most one interval before its end.
    assert found == {("red", 0, 2500), ("green", 5000, 6500), ("red", 8000, 9500)}


@pytest.mark.parametrize("frames_per_second", [1, 2, 3, 4, 7, 8, 10])
def test_segments_are_found_with_a_precision_and_recall_of_one_to_within_an_interval(frames_per_second):
    """The film has ten frames a second, which most of these do not divide."""
    cinema, most = Cinema(frames_per_second=frames_per_second), 1000 / frames_per_second + 1000 / RATE
    job = cinema.show(STORY)
    found = [(line["Label"], line["StartTimestampMillis"], line["EndTimestampMillis"]) for line in cinema.timeline(job)]

    def same(one, other):
        return one[0] == other[0] and abs(one[1] - other[1]) <= most and abs(one[2] - other[2]) <= most

    assert sum(any(same(one, true) for true in TRUTH) for one in found) / len(found) == 1
    assert sum(any(same(true, one) for one in found) for true in TRUTH) / len(TRUTH) == 1


def test_a_label_that_is_missing_on_one_frame_ends_its_segment(cinema):
    job = cinema.show(film([*moving(1), *blank(0.5), *moving(1)]))
    found = [(line["StartTimestampMillis"], line["EndTimestampMillis"]) for line in cinema.timeline(job)]
    assert found == [(0, 500), (1500, 2000)]


def test_a_film_whose_rate_changes_has_the_segments_that_it_shows(cinema):
    slides = [(0, "red"), (5000, "red"), (12_000, "green"), (12_500, "green"), (20_000, "red")]
    job = cinema.show(unsteady([(at_ms, square(colour, 10, 10)) for at_ms, colour in slides]))
    found = {(line["Label"], line["StartTimestampMillis"], line["EndTimestampMillis"]) for line in cinema.timeline(job)}
    assert found == {("red", 0, 5000), ("green", 12_000, 12_500), ("red", 20_000, 20_000)}


def failing(cinema, content, *places):
    """Return the segments of a film some of whose frames fail."""
    cinema.upload(content)
    cinema.sample()
    for place, body in enumerate(cinema.asked()):
        cinema.model.refuse = [Refusal("InvalidImageFormatException")] * 2 * (place in places)
        cinema.look(body)
    return [(line["StartTimestampMillis"], line["EndTimestampMillis"]) for line in cinema.timeline(cinema.merge())]


def test_one_frame_that_fails_ends_no_segment_and_several_in_a_row_do(cinema):
    assert failing(cinema, film(moving(5)), 2, 5, 6) == [(0, 2000), (3500, 4500)]


def test_a_frame_that_stands_for_a_while_and_fails_ends_a_segment():
    still = [square("red", 10, 10)] * 10 + [square("green", 90, 60)] * 10 + [square("red", 10, 10)] * 10
    assert failing(Cinema(scene_change=1.0), film(still), 1) == [(0, 500), (2000, 2500)]


def test_a_segment_says_where_its_label_was_at_each_time(cinema):
    (segment,) = cinema.timeline(cinema.show(film(moving(2))))
    assert segment["Confidence"] == 90
    for sighting in segment["Sightings"]:
        ((box),) = [instance["BoundingBox"] for instance in sighting["Instances"]]
        assert box["Left"] * WIDTH == pytest.approx(4 + 2 * sighting["Timestamp"] / 100, abs=3)
        assert box["Top"] * HEIGHT == pytest.approx(30, abs=3)
        assert box["Width"] * WIDTH == pytest.approx(SIDE, abs=5)
    assert [sighting["Timestamp"] for sighting in segment["Sightings"]] == [0, 500, 1000, 1500]


def test_the_result_sums_the_timeline_up_and_says_what_the_video_is(cinema):
    cinema.upload(STORY, job_tag="line-7")
    cinema.sample()
    cinema.look_at_all()
    outcome = cinema.merge().outcome
    assert (outcome["Status"], outcome["API"], outcome["JobTag"]) == ("SUCCEEDED", "DetectCustomLabels", "line-7")
    assert outcome["Video"] == VIDEO.to_json()
    assert {label["Name"]: label["Count"] for label in outcome["CustomLabels"]} == {"red": 2, "green": 1}
    assert outcome["VideoMetadata"] == {
        "DurationMillis": 10_000,
        "FrameRate": 10.0,
        "FrameWidth": WIDTH,
        "FrameHeight": HEIGHT,
    }
    assert (outcome["Frames"], outcome["FramesFailed"], outcome["ProjectVersionArn"]) == (20, 0, V1)
    assert cinema.queries.job(video_job_id(VIDEO, "digits")).outcome["CustomLabels"] == outcome["CustomLabels"]


def test_a_video_has_one_notification_and_its_frames_have_none(cinema):
    job = cinema.show(STORY)
    (told,) = cinema.told()
    assert (told["JobId"], told["Video"], told["Frames"]) == (job.id, VIDEO.to_json(), 20)
    assert told["Confidences"] == {"green": 90, "red": 90}
    assert told["Timeline"]["S3ObjectName"] == f"timelines/digits/{job.id}.jsonl"
    assert completion(job).attributes["API"]["StringValue"] == "DetectCustomLabels"
    assert cinema.sweep() == 0


def test_a_videos_label_is_found_in_the_table_by_its_name(cinema):
    job = cinema.show(film(moving(1)))
    sightings = cinema.queries.by_label("digits", "red").entries
    assert (job.id, VIDEO) in [(sighting.job_id, sighting.image) for sighting in sightings]


def test_the_job_of_custom_labels_is_not_that_of_rekognitions_own():
    assert video_job_id(VIDEO, "digits") != job_id(VIDEO, "digits")


def test_a_video_without_any_label_succeeds_with_none(cinema):
    job = cinema.show(film(blank(2)))
    assert (job.status, job.outcome["CustomLabels"], cinema.timeline(job)) == (JobStatus.SUCCEEDED, [], [])


def test_with_scene_change_a_label_lasts_for_as_long_as_its_picture_does():
    cinema = Cinema(scene_change=1.0)
    still = [square("red", 10, 10)] * 30 + [square("green", 90, 60)] * 20
    job = cinema.show(film(still))
    found = {(line["Label"], line["StartTimestampMillis"], line["EndTimestampMillis"]) for line in cinema.timeline(job)}
    assert found == {("red", 0, 2500), ("green", 3000, 4500)}
    assert (cinema.model.asked, job.outcome["Frames"]) == (2, 2)
    # Said once, however long it stands.
    stood = [[(one["Timestamp"], one["UntilMillis"]) for one in line["Sightings"]] for line in cinema.timeline(job)]
    assert stood == [[(0, 2500)], [(3000, 4500)]]
    summed = {label["Name"]: label["Segments"] for label in job.outcome["CustomLabels"]}
    assert summed["red"] == [{"StartTimestampMillis": 0, "EndTimestampMillis": 2500, "Confidence": 90}]


def test_the_results_of_frames_are_read_a_few_at_a_time(cinema, monkeypatch):
    expected = cinema.timeline(cinema.show(STORY))
    again, sizes = Cinema(), []
    jobs = type(again.queries).jobs
    monkeypatch.setattr("lambdas.merge_video.merging._AT_ONCE", 3)
    monkeypatch.setattr(type(again.queries), "jobs", lambda self, ids: sizes.append(len(ids)) or jobs(self, ids))
    assert again.timeline(again.show(STORY)) == expected
    assert sizes == [3] * 6 + [2]


def die(cinema, times):
    for number in range(times):
        cinema.results.open(_open_job(), holder=f"dead {number}", now=cinema.time.epoch(), lease_seconds=10)
        cinema.time.now += 20


def test_a_video_that_three_deliveries_died_of_is_merged_no_more(cinema):
    cinema.upload(STORY)
    cinema.sample()
    cinema.look_at_all()
    die(cinema, 3)
    assert cinema.merge().outcome["ErrorCode"] == "CRASHED"
    assert [told["ErrorCode"] for told in cinema.told()] == ["CRASHED"]


def test_deaths_of_decoding_are_not_held_against_merging(cinema):
    cinema.upload(STORY)
    die(cinema, 2)
    cinema.sample()
    cinema.look_at_all()
    die(cinema, 2)
    assert cinema.merge().status is JobStatus.SUCCEEDED


def test_merging_twice_changes_nothing_and_tells_once(cinema):
    first = cinema.show(STORY)
    before = dict(cinema.objects.bodies), dict(cinema.table.items)
    again = cinema.merge()
    assert (dict(cinema.objects.bodies), dict(cinema.table.items)) == before
    assert again.outcome["CustomLabels"] == first.outcome["CustomLabels"]
    assert len(cinema.told()) == 1


def test_the_order_in_which_frames_are_done_does_not_matter(cinema):
    straight = Cinema()
    expected = straight.timeline(straight.show(STORY))
    cinema.upload(STORY)
    cinema.sample()
    bodies = cinema.asked()
    for place in np.random.default_rng(3).permutation(len(bodies)):
        cinema.look(bodies[place])
    assert cinema.timeline(cinema.merge()) == expected


def test_nothing_is_merged_before_the_last_frame_is_done(cinema):
    cinema.upload(STORY)
    cinema.sample()
    for body in cinema.asked()[:-1]:
        cinema.look(body)
    assert cinema.told(FRAMES_TOPIC) == []
    cinema.look(cinema.asked()[-1])
    assert len(cinema.told(FRAMES_TOPIC)) == 1


def test_a_frame_that_comes_twice_counts_once(cinema):
    cinema.upload(film(moving(1)))
    cinema.sample()
    first, second = cinema.asked()
    cinema.look(first)
    cinema.look(first)
    assert cinema.told(FRAMES_TOPIC) == []
    cinema.look(second)
    cinema.look(second)
    assert len(cinema.told(FRAMES_TOPIC)) == 1
    assert cinema.merge().outcome["Frames"] == 2


def test_a_video_that_is_sampled_again_is_the_same_frames_and_jobs(cinema):
    cinema.upload(STORY)
    cinema.sample()
    first = cinema.asked()
    cinema.sample()
    assert cinema.asked() == first


def test_a_death_between_the_frames_and_their_messages_loses_and_doubles_nothing(cinema):
    cinema.upload(STORY)
    cinema.queues.refusals["send_message_batch"] = [Refusal("InternalError", 500)] * 2  # both batches
    with pytest.raises(ClientError):
        cinema.sample()
    cinema.queues.refusals.clear()
    cinema.objects.bodies.pop((VIDEO.bucket, VIDEO.key))  # frames that are stored are not taken anew
    cinema.sample()
    cinema.look_at_all()
    assert cinema.merge().outcome["Frames"] == 20


def test_frames_that_sqs_does_not_take_bring_the_video_back(cinema):
    cinema.upload(STORY)
    cinema.queues.fail_entries["000000500.jpg"] = [True]
    with pytest.raises(FramesUnsentError, match="1 of 20 frames"):
        cinema.sample()
    cinema.sample()
    cinema.look_at_all()
    assert cinema.merge().outcome["Frames"] == 20


def test_frames_that_are_done_before_they_are_counted_end_the_video_all_the_same(cinema, monkeypatch):
    cinema.upload(STORY)
    starts = type(cinema.results.starts)
    count = starts.set_total

    def late(self, start_id, total, **said):
        cinema.look_at_all()
        count(self, start_id, total, **said)

    monkeypatch.setattr(starts, "set_total", late)
    cinema.sample()
    assert cinema.merge().status is JobStatus.SUCCEEDED


def test_the_sweep_tells_merge_video_where_the_last_frames_message_was_lost(cinema):
    cinema.upload(STORY)
    cinema.sample()
    for body in cinema.asked()[:-1]:
        cinema.look(body)
    cinema.topic.refuse_next = Refusal("InternalError", 500)
    with pytest.raises(ClientError):
        cinema.look(cinema.asked()[-1])
    assert cinema.told(FRAMES_TOPIC) == []
    assert cinema.sweep() > 0
    assert cinema.merge().status is JobStatus.SUCCEEDED


def test_the_sweep_tells_of_a_video_that_nobody_was_told_of(cinema):
    cinema.upload(STORY)
    cinema.sample()
    cinema.look_at_all()
    cinema.topic.refuse_next = Refusal("InternalError", 500)
    with pytest.raises(ClientError):
        cinema.merge()
    assert cinema.told() == []
    cinema.sweep()
    assert len(cinema.told()) == 1


def standing(cinema):
    return cinema.queries.job(video_job_id(VIDEO, "digits"))


@pytest.fixture
def unended(cinema):
    """A video one of whose frames nobody looks at."""
    cinema.upload(STORY)
    cinema.sample()
    for body in cinema.asked()[:-1]:
        cinema.look(body)
    return cinema


def test_a_video_one_of_whose_frames_never_ends_is_merged_without_it_once_it_has_waited_long_enough(unended):
    unended.wait(FRAMES_SECONDS - 601)
    unended.sweep()
    assert unended.told(FRAMES_TOPIC) == []
    unended.wait(1)
    unended.sweep()
    job = unended.merge()
    assert (job.status, job.outcome["Frames"], job.outcome["FramesFailed"]) == (JobStatus.SUCCEEDED, 20, 1)
    assert {line["Label"] for line in unended.timeline(job)} == {"red", "green"}


def test_a_dead_letter_of_a_frame_that_is_sent_back_while_the_video_waits_is_in_the_timeline(unended):
    unended.wait(KEPT_SECONDS + 3 * 86_400)
    unended.sweep()
    unended.look(unended.asked()[-1])
    assert unended.merge().outcome["FramesFailed"] == 0


def test_a_frame_that_ends_after_its_video_has_a_result_of_its_own_and_changes_no_more(unended):
    unended.wait(FRAMES_SECONDS)
    unended.sweep()
    unended.merge()
    told = len(unended.topic.published)
    assert unended.look(unended.asked()[-1]).status is JobStatus.SUCCEEDED
    assert (len(unended.topic.published), standing(unended).outcome["FramesFailed"]) == (told, 1)


def test_a_video_none_of_whose_frames_was_looked_at_in_time_expires(cinema):
    cinema.upload(STORY)
    cinema.sample()
    cinema.wait(FRAMES_SECONDS)
    cinema.sweep()
    outcome = cinema.merge().outcome
    assert (outcome["ErrorCode"], outcome["Frames"], outcome["FramesFailed"]) == ("EXPIRED", 20, 20)
    assert outcome["StatusMessage"].startswith("None of the 20 frames could be looked at. They have no result: ")


def test_frames_that_were_asked_for_late_are_waited_for_just_as_long(cinema):
    cinema.upload(STORY)
    cinema.queues.fail_entries["000000500.jpg"] = [True]
    with pytest.raises(FramesUnsentError):
        cinema.sample()
    cinema.wait(FRAMES_SECONDS)
    cinema.sweep()
    cinema.sample()
    cinema.wait(FRAMES_SECONDS - 601)
    cinema.sweep()
    assert cinema.told(FRAMES_TOPIC) == []


def test_the_frames_of_a_video_that_nobody_can_ask_for_any_more_are_not_waited_for(cinema):
    cinema.upload(STORY)
    cinema.queues.fail_entries["000000500.jpg"] = [True]
    with pytest.raises(FramesUnsentError):
        cinema.sample()
    cinema.look_at_all()
    cinema.wait(ABANDONED_SECONDS)
    cinema.sweep()
    assert cinema.merge().outcome["FramesFailed"] == 1


def test_a_video_does_not_expire_while_a_message_may_still_merge_it(unended):
    unended.wait(FRAMES_SECONDS)
    unended.sweep()
    unended.wait(ABANDONED_SECONDS - 601)  # in the queue of merge_video, a dead letter, and in the queue again
    unended.sweep()
    assert standing(unended).status is JobStatus.IN_PROGRESS
    unended.wait(1)
    unended.sweep()
    assert standing(unended).outcome["ErrorCode"] == "EXPIRED"


def test_a_wait_for_a_model_that_is_longer_than_results_are_kept_loses_nothing():
    cinema = Cinema(retention_days=1)
    cinema.upload(STORY)
    cinema.sample()
    for body in cinema.asked()[:-1]:
        cinema.look(body)
    cinema.wait(KEPT_SECONDS)
    cinema.look(cinema.asked()[-1])
    assert cinema.merge().outcome["FramesFailed"] == 0


def test_frames_and_their_start_job_expire_once_their_video_is_merged():
    cinema = Cinema(retention_days=1)
    cinema.show(STORY)
    cinema.wait(86_400 + 1)
    assert standing(cinema) is None
    assert cinema.results.starts.get(frames_start_id(VIDEO, "digits")) is None
    cinema.wait(FRAMES_SECONDS)
    assert cinema.table.items == {}


def test_a_frame_that_cannot_be_looked_at_is_counted_and_the_others_make_the_timeline(cinema):
    cinema.upload(STORY)
    cinema.sample()
    cinema.model.refuse = [Refusal("InvalidImageFormatException")] * 2  # by reference, and normalised
    cinema.look_at_all()
    job = cinema.merge()
    assert (job.status, job.outcome["Frames"], job.outcome["FramesFailed"]) == (JobStatus.SUCCEEDED, 20, 1)
    assert [line["StartTimestampMillis"] for line in cinema.timeline(job) if line["Label"] == "red"] == [500, 8000]


def test_a_frame_whose_labels_are_gone_counts_as_failed(cinema, monkeypatch):
    monkeypatch.setattr("lambdas.label_objects._MAX_JSON", 10)
    cinema.upload(film(moving(2)))
    cinema.sample()
    cinema.look_at_all()
    cinema.objects.bodies.pop(next(key for key in cinema.objects.bodies if key[1].startswith("labels/")))
    job = cinema.merge()
    assert (job.status, job.outcome["Frames"], job.outcome["FramesFailed"]) == (JobStatus.SUCCEEDED, 4, 1)


def test_a_video_none_of_whose_frames_could_be_looked_at_fails_with_their_reason(cinema):
    cinema.upload(film(moving(1)))
    cinema.sample()
    cinema.model.refuse = [Refusal("InvalidImageFormatException")] * 4
    cinema.look_at_all()
    outcome = cinema.merge().outcome
    assert (outcome["Status"], outcome["ErrorCode"]) == ("FAILED", "CORRUPT_IMAGE")
    assert outcome["StatusMessage"].startswith("None of the 2 frames could be looked at. ")
    assert [told["Status"] for told in cinema.told()] == ["FAILED"]


def test_versions_that_changed_in_between_are_both_named(cinema):
    cinema.upload(film(moving(2)))
    cinema.sample()
    bodies = cinema.asked()
    cinema.look(bodies[0])
    cinema.promote_another()
    for body in bodies[1:]:
        cinema.look(body)
    outcome = cinema.merge().outcome
    assert outcome["ProjectVersionArns"] == [V1, V2]
    assert "ProjectVersionArn" not in outcome


def test_a_video_that_is_refused_is_told_of_with_the_reason_and_no_frame_is_looked_at():
    cinema = Cinema(max_frames=5)
    cinema.upload(STORY, job_tag="line-7")
    job = cinema.sample()
    (told,) = cinema.told()
    assert (told["Status"], told["ErrorCode"], told["JobTag"]) == ("FAILED", "VIDEO_TOO_LONG", "line-7")
    assert "max_frames" in told["StatusMessage"]
    assert (job.id, cinema.asked()) == (told["JobId"], [])


def test_a_video_that_is_too_large_for_the_disk_is_refused_before_it_is_read(cinema, monkeypatch):
    monkeypatch.setattr("lambdas.sample_video.sampling.MAX_BYTES", 1000)
    cinema.upload(STORY)
    assert cinema.sample().outcome["ErrorCode"] == "TOO_LARGE"


@pytest.mark.parametrize(("content", "code"), [(b"", ErrorCode.EMPTY_OBJECT), (b"text", ErrorCode.NOT_A_VIDEO)])
def test_what_is_no_video_fails(cinema, content, code):
    cinema.upload(content)
    assert cinema.sample().outcome["ErrorCode"] == code


def test_a_video_that_has_gone_fails(cinema):
    assert cinema.sample().outcome["ErrorCode"] == "OBJECT_GONE"


def test_a_video_that_three_deliveries_died_of_is_decoded_no_more(cinema):
    cinema.upload(STORY)
    die(cinema, 3)
    job = cinema.sample()
    assert (job.outcome["ErrorCode"], cinema.asked()) == ("CRASHED", [])


def _open_job():
    return Job(
        id=video_job_id(VIDEO, "digits"), project="digits", image=VIDEO, status=JobStatus.IN_PROGRESS, created_at=1
    )


def test_of_two_deliveries_one_samples_and_the_other_comes_back(cinema):
    cinema.upload(STORY)
    cinema.results.open(_open_job(), holder="other", now=cinema.time.epoch(), lease_seconds=100)
    with pytest.raises(BusyError):
        cinema.sample()


def test_frames_go_through_the_projects_own_queue_as_the_images_of_a_start_job(cinema):
    cinema.upload(STORY)
    cinema.sample()
    assert list(cinema.queues.messages) == [QUEUE]
    start = cinema.results.starts.get(frames_start_id(VIDEO, "digits"))
    assert (start.total, start.done, start.request["VideoJobId"]) == (20, 0, video_job_id(VIDEO, "digits"))


def test_a_preview_shows_the_frames_with_their_boxes_where_it_is_asked_for():
    cinema = Cinema(preview=True)
    job = cinema.show(film(moving(20 / RATE)))
    where = job.outcome["AnnotatedImage"]
    assert where["S3ObjectName"] == f"annotated/digits/{job.id}.png"
    sheet = Image.open(io.BytesIO(cinema.objects.bodies["results", where["S3ObjectName"]]))
    assert sheet.format == "PNG"
    assert sheet.size == (4 * (WIDTH + 8) + 8, HEIGHT + 28 + 8 + 8)
    assert "AnnotatedImage" in cinema.told()[0]


def forget_frames(cinema, count):
    """Delete the pictures of so many frames."""
    for key in [key for key in cinema.objects.bodies if key[1].endswith(".jpg")][:count]:
        del cinema.objects.bodies[key]


@pytest.mark.parametrize(("gone", "shown"), [(0, 4), (1, 3), (4, None)])
def test_a_preview_shows_the_frames_that_are_still_there(gone, shown):
    cinema = Cinema(preview=True)
    cinema.upload(film(moving(2)))
    cinema.sample()
    cinema.look_at_all()
    forget_frames(cinema, gone)
    outcome = cinema.merge().outcome
    assert (outcome["Status"], outcome["FramesFailed"]) == ("SUCCEEDED", 0)
    sheets = [body for key, body in cinema.objects.bodies.items() if key[1].startswith("annotated/")]
    assert [Image.open(io.BytesIO(sheet)).width for sheet in sheets] == ([shown * (WIDTH + 8) + 8] if shown else [])
    assert ("AnnotatedImage" in outcome) == (shown is not None)


def test_without_being_asked_for_there_is_no_preview(cinema):
    assert "AnnotatedImage" not in cinema.show(film(moving(1))).outcome


def test_a_preview_of_a_long_video_has_24_frames_from_all_of_it():
    cinema = Cinema(preview=True, frames_per_second=10)
    job = cinema.show(film(moving(5)))
    sheet = Image.open(io.BytesIO(cinema.objects.bodies["results", job.outcome["AnnotatedImage"]["S3ObjectName"]]))
    assert job.outcome["Frames"] == 50
    assert sheet.size[1] == 5 * (HEIGHT + 28 + 8) + 8  # 17 frames, each the third, in rows of four


BLOCKING = ModerationSettings(policy={"Gambling": Action.BLOCK})


def unsafe(seconds):
    """Return frames that are magenta on their left, with a square that a model would find."""
    frame = square("red", 100, 30)
    frame[:, :40] = MAGENTA
    return [frame] * round(seconds * RATE)


def test_blocked_frames_are_in_neither_the_timeline_nor_the_preview():
    cinema = Cinema(moderation=BLOCKING, preview=True)
    job = cinema.show(film([*moving(2, "green"), *unsafe(1), *moving(1, "green")]))
    assert {line["Label"] for line in cinema.timeline(job)} == {"green"}
    assert cinema.model.asked == 6
    sheet = Image.open(io.BytesIO(cinema.objects.bodies["results", job.outcome["AnnotatedImage"]["S3ObjectName"]]))
    shown = np.asarray(sheet.convert("RGB")).astype(int)
    assert not (np.abs(shown - MAGENTA).sum(axis=2) < 120).any()
    told = json.loads(completion(job).body)
    assert (told["Moderation"], told["Frames"], told["FramesBlocked"], told["FramesFailed"]) == ("BLOCKED", 8, 2, 0)
    assert [label["Name"] for label in told["ModerationLabels"]] == ["Gambling"]


def test_a_video_all_of_whose_frames_are_blocked_succeeds_without_labels():
    cinema = Cinema(moderation=BLOCKING, preview=True)
    outcome = cinema.show(film(unsafe(1))).outcome
    assert (outcome["Status"], outcome["Moderation"], outcome["FramesBlocked"]) == ("SUCCEEDED", "BLOCKED", 2)
    assert not {"CustomLabels", "Timeline", "AnnotatedImage"} & outcome.keys()


def test_a_video_with_flagged_frames_is_flagged_and_looked_at():
    cinema = Cinema(moderation=ModerationSettings())
    outcome = cinema.show(film([*moving(1, "green"), *unsafe(1)])).outcome
    assert (outcome["Moderation"], outcome["FramesBlocked"]) == ("FLAGGED", 0)
    assert {label["Name"] for label in outcome["CustomLabels"]} == {"green", "red"}


def test_frames_are_moderated_but_begin_no_reviews_by_people():
    review = HumanReview(
        flow_definition_arn="arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/unsafe", output_bucket="answers"
    )
    cinema = Cinema(moderation=ModerationSettings(policy={"Gambling": Action.BLOCK}, human_review=review))
    outcome = cinema.show(film([*moving(1), *unsafe(1)])).outcome
    assert (outcome["Moderation"], outcome["FramesBlocked"]) == ("BLOCKED", 2)
    assert [sorted(said) for said in cinema.model.moderated] == [["Image", "MinConfidence"]] * 4


def test_a_video_of_clean_frames_passes_and_one_that_nobody_moderates_says_nothing(cinema):
    clean = Cinema(moderation=BLOCKING).show(film(moving(1))).outcome
    assert (clean["Moderation"], clean["ModerationLabels"]) == ("PASSED", [])
    assert not {"Moderation", "FramesBlocked"} & cinema.show(film(moving(1))).outcome.keys()

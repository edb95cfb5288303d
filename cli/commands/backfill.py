"""backfill: images that are in a bucket already."""

import argparse
from pathlib import Path

from cli.backfill import Backfill, SourceOfImages, Tally, send_to
from cli.checkpoint import cache_folder, checkpoint
from cli.command_line import CommandLine, WrongCommandLineError
from cli.deployment import Clients, Deployment
from cli.known_jobs import final_jobs
from cli.output import say, show
from cli.sources import Manifest, Prefix, check_reach
from lambdas.stored_images import PAGE


def register(commands: CommandLine) -> None:
    """Add the commands of this group."""
    filling = commands.add(backfill)
    filling.add_argument("project", metavar="PROJECT")
    which = filling.add_mutually_exclusive_group(required=True)
    which.add_argument("--prefix", metavar="P", help="the images whose keys begin so")
    which.add_argument(
        "--manifest",
        metavar="FILE",
        type=Path,
        help='the images that a file lists: JSON lines {"bucket", "key"[, "version"]}, or a .csv of '
        "bucket,key[,version] with URL-encoded keys, as S3 Inventory writes it",
    )
    filling.add_argument("--bucket", metavar="B", help="with --prefix: one of the project's source_buckets")
    filling.add_argument("--dry-run", action="store_true", help="count, and enqueue nothing")
    filling.add_argument("--resume", action="store_true", help="go on where the same command was interrupted")


def backfill(options: argparse.Namespace, clients: Clients, deployment: Deployment) -> int:
    """Enqueue images that are in a bucket already, as if they had just been uploaded.

    Folders of the console and keys under videos/ are skipped. Images that have a result are left out; to detect them
    again, use rerun.
    """
    if options.manifest and options.bucket:
        raise WrongCommandLineError("--bucket goes with --prefix; a manifest names the bucket of each image")
    project = deployment.project(options.project)
    reach = deployment.reach(project)
    bucket = options.bucket or deployment.images_bucket
    source: SourceOfImages
    if options.manifest:
        source = Manifest(clients("s3"), options.manifest, PAGE)
        work = f"manifest {options.manifest.resolve()}"
    else:
        check_reach(reach, bucket, options.prefix)
        source = Prefix(clients("s3"), bucket, options.prefix, PAGE)
        work = f"s3://{bucket}/{options.prefix}"
    dynamodb, table = clients("dynamodb"), deployment.results_table
    filling = Backfill(
        project=project.name,
        may_read=reach.why_not,
        have_results=lambda ids: frozenset(final_jobs(dynamodb, table, ids)),
        send=send_to(clients("sqs"), project.queue_url),
        checkpoint=checkpoint(cache_folder(), "backfill", deployment.images_bucket, project.name, work),
        say=say,
    )
    try:
        tally = filling.run(source, resume=options.resume, dry_run=options.dry_run)
    except BaseException:
        # Whatever ended it, Ctrl-C too: what was enqueued stays so, and the next line says how to go on.
        if filling.checkpoint.load() is not None:
            say("interrupted; the same command with --resume goes on")
        raise
    show(options, tally.to_json(), _in_words(tally, options.dry_run))
    return 1 if tally.refused else 0


def _in_words(tally: Tally, dry_run: bool) -> list[str]:
    queued = "would be queued" if dry_run else "queued"
    lines = [f"{tally.queued:,} {queued}, {tally.known:,} have results, {tally.skipped:,} skipped"]
    if tally.refused:
        lines.append(f"{len(tally.refused):,} failed:")
        lines += [f"  s3://{one.bucket}/{one.key}: {one.reason}" for one in tally.refused]
    return lines

"""Ask the check of texts about prompts of the past."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.catalog.models import Moderation
from arena.integrity.past_texts import PastReport, check_past, past_turns


class Command(BaseCommand):
    """`manage.py moderate_past`."""

    help = (
        "Ask the check that is set up in the admin about past prompts, the newest first, and say "
        "how many are flagged for what. With --dry-run nothing is written, so that thresholds can "
        "be tried, also while the check is off. Without it the judgements are stored: flagged "
        "texts wait for a moderator and are not public until then."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--dry-run", action="store_true", help="write nothing")
        parser.add_argument("--source", default="live", help="of the votes (default: live)")
        parser.add_argument("--limit", type=int, help="the newest so many turns only")
        parser.add_argument("--answers", action="store_true", help="both answers as well")
        parser.add_argument(
            "--threshold",
            action="append",
            default=[],
            metavar="CATEGORY=SCORE",
            help="try another threshold than the stored one; none never flags (dry runs only)",
        )

    def handle(self, *_arguments: Any, **options: Any) -> None:
        """Ask and report."""
        check = Moderation.objects.select_related("provider").first()
        if check is None:
            raise CommandError("No check is set up: add one in the admin under Moderation.")
        if options["threshold"] and not options["dry_run"]:
            raise CommandError("A threshold of its own is for dry runs: store it in the admin.")
        tried = dict(map(_threshold, options["threshold"]))
        check.thresholds = {**check.thresholds, **tried}
        turns, limit = past_turns(options["source"]), options["limit"]
        total = turns.count() if limit is None else min(turns.count(), limit)

        def tell(done: int) -> None:
            self.stderr.write(f"\r{done:,} of {total:,} turns", ending="")

        report = check_past(
            check,
            turns,
            limit=limit,
            answers=options["answers"],
            dry_run=options["dry_run"],
            on_progress=tell,
        )
        self.stderr.write("")
        self._report(report, dry_run=options["dry_run"])

    def _report(self, report: PastReport, *, dry_run: bool) -> None:
        for category, count in report.by_category.most_common():
            self.stdout.write(f"{count:>9,}  {category}")
        self.stdout.write(
            f"{report.asked:,} asked, {report.flagged:,} flagged, "
            f"{report.unanswered:,} without an answer." + (" Nothing was written." * dry_run)
        )
        if report.error_code:
            self.stdout.write(f"Ended early: the check does not answer ({report.error_code}).")


def _threshold(text: str) -> tuple[str, float | None]:
    category, _, value = text.rpartition("=")
    if category and value == "none":
        return category, None
    try:
        score = float(value)
    except ValueError:
        score = -1.0
    if not category or not 0 <= score <= 1:
        raise CommandError(f"{text!r} is not a threshold such as violence=0.7 or violence=none.")
    return category, score

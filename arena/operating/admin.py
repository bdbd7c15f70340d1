"""Problems and what was told of them, to look at."""

from django.contrib import admin

from arena.operating.models import JobDay, Notice, Problem
from arena.read_only import ReadOnlyAdmin, ReadOnlyInline


class NoticeInline(ReadOnlyInline):
    """Which channels were told."""

    model = Notice
    fields = ("channel", "event", "sent_at", "attempts", "error")
    show_change_link = False


@admin.register(Problem)
class ProblemAdmin(ReadOnlyAdmin):
    """What was wrong for a while. What a moment healed does not stay."""

    list_display = ("title", "began_at", "told_at", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    search_fields = ("key__startswith",)
    search_help_text = "The beginning of a key: endpoint:12, job, queue, disk."
    fields = ("title", "advice", "key", "host", "began_at", "seen_at", "told_at", "ended_at")
    inlines = (NoticeInline,)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """What each channel was told, or could not be told so far."""

    list_display = ("problem", "channel", "event", "sent_at", "attempts", "error", "next_at")
    list_filter = ("channel", ("sent_at", admin.EmptyFieldListFilter))
    list_select_related = ("problem",)
    ordering = ("-id",)


@admin.register(JobDay)
class JobDayAdmin(ReadOnlyAdmin):
    """Each scheduled job, day by day."""

    list_display = (
        *("job", "day", "runs", "failures", "succeeded_at"),
        *("failed_at", "error", "longest_gap_seconds"),
    )
    list_filter = ("job",)

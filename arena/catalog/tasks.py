"""The catalogue's jobs. Each finds its work by a query on rows."""

from celery import shared_task
from django.utils import timezone

from arena.catalog import admissions, budget
from arena.catalog.due_tests import due_endpoints
from arena.catalog.models import Admission
from arena.catalog.recovery import ask_the_paused


@shared_task(name="arena.catalog.tasks.test_endpoints_that_are_due")
def test_endpoints_that_are_due() -> None:
    """Test the endpoints whose turn it is; end the tests that nobody runs any more."""
    now = timezone.now()
    admissions.end_interrupted(now)
    admissions.test_in_background(due_endpoints(now), Admission.Reason.SCHEDULED)


@shared_task(name="arena.catalog.tasks.ask_paused_endpoints")
def ask_paused_endpoints() -> None:
    """Ask the endpoints whose pause is nearly over whether they answer."""
    ask_the_paused(timezone.now())


@shared_task(name="arena.catalog.tasks.settle_lost_calls")
def settle_lost_calls() -> None:
    """Pay the worst case of the calls whose process died."""
    budget.settle_lost(timezone.now())

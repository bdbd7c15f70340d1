"""Who labels prompts and what others measured is logged; and with an endpoint, what it has spent."""

from django.db import migrations

_LOGGED = ("integrity_labeller", "catalog_publishedscore")
_SPEND = ("catalog_budget", "catalog_dailyspend")

FORWARD = "".join(
    f"CREATE TRIGGER log_change AFTER INSERT OR UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION staff_log_change('', '');\n"
    for table in _LOGGED
) + "".join(
    # Its counters are no change while it lives, and all that is left of it when it goes.
    f"CREATE TRIGGER log_end AFTER DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION staff_log_change('', '');\n"
    for table in _SPEND
)
BACKWARD = "".join(f"DROP TRIGGER log_change ON {table};\n" for table in _LOGGED) + "".join(
    f"DROP TRIGGER log_end ON {table};\n" for table in _SPEND
)


class Migration(migrations.Migration):

    dependencies = [
        ("staff", "0006_own_accounts_are_not_logged"),
        ("catalog", "0006_budgets"),
        ("integrity", "0005_labels"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

"""Caps and prices are what staff decide, so their changes are logged; what is spent is not."""

from django.db import migrations

_COUNTERS = "day,spent_today,reserved_today,spent_total,reserved_total"

FORWARD = f"""
CREATE TRIGGER log_change AFTER INSERT OR UPDATE OR DELETE ON catalog_price
    FOR EACH ROW EXECUTE FUNCTION staff_log_change('', '');
CREATE TRIGGER log_change AFTER UPDATE OF daily_cap, total_cap ON catalog_budget
    FOR EACH ROW EXECUTE FUNCTION staff_log_change('{_COUNTERS}', '');
CREATE TRIGGER log_new_caps AFTER INSERT ON catalog_budget
    FOR EACH ROW WHEN (NEW.daily_cap IS NOT NULL OR NEW.total_cap IS NOT NULL)
    EXECUTE FUNCTION staff_log_change('{_COUNTERS}', '');
"""
BACKWARD = """
DROP TRIGGER log_change ON catalog_price;
DROP TRIGGER log_change ON catalog_budget;
DROP TRIGGER log_new_caps ON catalog_budget;
"""


class Migration(migrations.Migration):

    dependencies = [
        ("staff", "0002_changes_are_logged"),
        ("catalog", "0006_budgets"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

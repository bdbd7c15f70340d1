"""Changes of the check of prompts and answers are logged like those of endpoints."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("staff", "0003_budgets_are_logged"),
        ("catalog", "0008_moderation"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER log_change AFTER INSERT OR UPDATE OR DELETE ON catalog_moderation "
            "FOR EACH ROW EXECUTE FUNCTION staff_log_change('probed_at,probe_error', '');",
            "DROP TRIGGER log_change ON catalog_moderation;",
        )
    ]

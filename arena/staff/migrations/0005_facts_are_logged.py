"""Changes of makers, licences, claims and aliases are logged like those of models."""

from django.db import migrations

_TABLES = ("organisation", "licence", "claim", "alias")


class Migration(migrations.Migration):

    dependencies = [
        ("staff", "0004_moderation_is_logged"),
        ("catalog", "0007_facts"),
    ]

    operations = [
        migrations.RunSQL(
            f"CREATE TRIGGER log_change AFTER INSERT OR UPDATE OR DELETE ON catalog_{table} "
            "FOR EACH ROW EXECUTE FUNCTION staff_log_change('', '');",
            f"DROP TRIGGER log_change ON catalog_{table};",
        )
        for table in _TABLES
    ]

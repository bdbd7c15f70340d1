"""Facts that were replaced name the versions of the rules that replaced them."""

from django.db import migrations, models

_KEPT = """
        source, revision, counted, not_counted_because, category, category_by, language, hard, longer,
        multi_turn, refusal, starter, tokens_a, tokens_b, headers_a, headers_b, lists_a, lists_b,
        bold_a, bold_b, rule_version, label_version, decided_at"""


def _keeping(columns: str, values: str) -> str:
    old = ", ".join(f"OLD.{name.strip()}" for name in _KEPT.split(","))
    return f"""
CREATE OR REPLACE FUNCTION integrity_keep_past_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO integrity_pastvotefacts (vote_id, until_revision, {columns} {_KEPT})
    VALUES (OLD.vote_id, NEW.revision, {values} {old});
    RETURN NULL;
END
$$;
"""


FORWARD = _keeping(
    "until_rule_version, until_label_version,", "NEW.rule_version, NEW.label_version,"
)
BACKWARD = _keeping("", "")


class Migration(migrations.Migration):

    dependencies = [
        ('integrity', '0007_reasons_of_moderators'),
    ]

    operations = [
        migrations.AddField(
            model_name='pastvotefacts',
            name='until_label_version',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='pastvotefacts',
            name='until_rule_version',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]

"""Facts say whether a picture was sent; so do those that are replaced."""

from django.db import migrations, models

_KEPT_BEFORE = """
        source, revision, counted, not_counted_because, category, category_by, language, hard, longer,
        multi_turn, refusal, starter, tokens_a, tokens_b, headers_a, headers_b, lists_a, lists_b,
        bold_a, bold_b, rule_version, label_version, decided_at"""


def _keeping(kept: str) -> str:
    old = ", ".join(f"OLD.{name.strip()}" for name in kept.split(","))
    return f"""
CREATE OR REPLACE FUNCTION integrity_keep_past_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO integrity_pastvotefacts
        (vote_id, until_revision, until_rule_version, until_label_version, {kept})
    VALUES (OLD.vote_id, NEW.revision, NEW.rule_version, NEW.label_version, {old});
    RETURN NULL;
END
$$;
"""


FORWARD, BACKWARD = _keeping(f"{_KEPT_BEFORE}, with_picture"), _keeping(_KEPT_BEFORE)


class Migration(migrations.Migration):

    dependencies = [
        ('integrity', '0008_versions_that_replaced'),
    ]

    operations = [
        migrations.AddField(
            model_name='pastvotefacts',
            name='with_picture',
            field=models.BooleanField(db_default=False),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='with_picture',
            field=models.BooleanField(db_default=False),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]

"""Facts carry the revision of their source, and what they replace is kept."""

import django.contrib.postgres.functions
import django.db.models.deletion
from django.db import migrations, models

SOURCES = """
UPDATE integrity_votefacts f SET source = v.source FROM battles_vote v WHERE v.id = f.vote_id;
-- The index below is built in the same transaction, which waiting foreign keys would refuse.
SET CONSTRAINTS ALL IMMEDIATE;
"""
FORWARD = """
CREATE FUNCTION integrity_keep_past_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO integrity_pastvotefacts (vote_id, until_revision,
        source, revision, counted, not_counted_because, category, category_by, language, hard, longer,
        multi_turn, refusal, starter, tokens_a, tokens_b, headers_a, headers_b, lists_a, lists_b,
        bold_a, bold_b, rule_version, label_version, decided_at)
    VALUES (OLD.vote_id, NEW.revision,
        OLD.source, OLD.revision, OLD.counted, OLD.not_counted_because, OLD.category, OLD.category_by,
        OLD.language, OLD.hard, OLD.longer, OLD.multi_turn, OLD.refusal, OLD.starter, OLD.tokens_a,
        OLD.tokens_b, OLD.headers_a, OLD.headers_b, OLD.lists_a, OLD.lists_b, OLD.bold_a, OLD.bold_b,
        OLD.rule_version, OLD.label_version, OLD.decided_at);
    RETURN NULL;
END
$$;
CREATE TRIGGER facts_are_kept AFTER UPDATE ON integrity_votefacts
    FOR EACH ROW WHEN (OLD.revision <> NEW.revision)
    EXECUTE FUNCTION integrity_keep_past_facts();
"""
BACKWARD = """
DROP TRIGGER facts_are_kept ON integrity_votefacts;
DROP FUNCTION integrity_keep_past_facts();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('battles', '0003_votes_never_change'),
        ('integrity', '0003_await_decision'),
    ]

    operations = [
        migrations.CreateModel(
            name='PastVoteFacts',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=64)),
                ('revision', models.PositiveBigIntegerField()),
                ('counted', models.BooleanField()),
                ('not_counted_because', models.CharField(blank=True, choices=[('identity_in_prompt', 'the prompt asked for or named a model'), ('identity_in_answer', "an answer gave a model's identity away"), ('same_model', 'both answers came from the same model')], default='', max_length=40)),
                ('category', models.CharField(blank=True, default='', max_length=40)),
                ('category_by', models.CharField(blank=True, choices=[('rule', 'by rule'), ('endpoint', 'by a language model'), ('simulated', 'simulated')], default='', max_length=20)),
                ('language', models.CharField(blank=True, default='', max_length=20)),
                ('hard', models.BooleanField(default=False)),
                ('longer', models.BooleanField(default=False)),
                ('multi_turn', models.BooleanField(default=False)),
                ('refusal', models.BooleanField(default=False)),
                ('starter', models.BooleanField(default=False)),
                ('tokens_a', models.PositiveIntegerField(null=True)),
                ('tokens_b', models.PositiveIntegerField(null=True)),
                ('headers_a', models.PositiveIntegerField(null=True)),
                ('headers_b', models.PositiveIntegerField(null=True)),
                ('lists_a', models.PositiveIntegerField(null=True)),
                ('lists_b', models.PositiveIntegerField(null=True)),
                ('bold_a', models.PositiveIntegerField(null=True)),
                ('bold_b', models.PositiveIntegerField(null=True)),
                ('rule_version', models.PositiveSmallIntegerField()),
                ('label_version', models.PositiveSmallIntegerField(default=0)),
                ('decided_at', models.DateTimeField()),
                ('until_revision', models.PositiveBigIntegerField()),
            ],
            options={
                'verbose_name_plural': 'past vote facts',
            },
        ),
        migrations.AddField(
            model_name='decisioncount',
            name='epoch',
            field=models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID()),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='bold_a',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='bold_b',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='hard',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='headers_a',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='headers_b',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='label_version',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='lists_a',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='lists_b',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='longer',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='multi_turn',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='refusal',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='revision',
            field=models.PositiveBigIntegerField(default=1),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='votefacts',
            name='source',
            field=models.CharField(default='', max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='votefacts',
            name='starter',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='tokens_a',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='votefacts',
            name='tokens_b',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='votefacts',
            name='category_by',
            field=models.CharField(blank=True, choices=[('rule', 'by rule'), ('endpoint', 'by a language model'), ('simulated', 'simulated')], default='', max_length=20),
        ),
        migrations.RunSQL(SOURCES, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name='votefacts',
            index=models.Index(fields=['source', 'revision'], name='vote_facts_by_revision'),
        ),
        migrations.AddField(
            model_name='pastvotefacts',
            name='vote',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='battles.vote'),
        ),
        migrations.AddIndex(
            model_name='pastvotefacts',
            index=models.Index(fields=['source', 'until_revision'], name='past_vote_facts_by_end'),
        ),
        migrations.AddConstraint(
            model_name='pastvotefacts',
            constraint=models.UniqueConstraint(fields=('vote', 'revision'), name='past_vote_facts_one_per_revision'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]

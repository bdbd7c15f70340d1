import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # As for endpoints: the new index first, beside the running site, then the one it replaces goes.
    atomic = False

    dependencies = [
        ('battles', '0007_replies_by_endpoint'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='reply',
            index=models.Index(fields=['language_model', '-id'], name='reply_by_model_newest_first'),
        ),
        migrations.AlterField(
            model_name='reply',
            name='language_model',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.languagemodel'),
        ),
    ]

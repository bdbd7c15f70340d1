import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The table is large and written all the time: the new index is made beside it, then the old
    # one, which it replaces, goes.
    atomic = False

    dependencies = [
        ('battles', '0006_text_checks'),
        ('catalog', '0006_budgets'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='reply',
            index=models.Index(fields=['endpoint', '-id'], name='reply_by_endpoint_newest_first'),
        ),
        migrations.AlterField(
            model_name='reply',
            name='endpoint',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='replies', to='catalog.endpoint'),
        ),
    ]

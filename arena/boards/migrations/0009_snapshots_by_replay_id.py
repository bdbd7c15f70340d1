from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Beside the running site: boards go on while it is built.
    atomic = False

    dependencies = [
        ('boards', '0008_fact_sheets'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='snapshot',
            index=models.Index(fields=['replay_id'], name='snapshot_by_replay_id'),
        ),
    ]

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Beside the running site: battles go on while it is built.
    atomic = False

    dependencies = [
        ('battles', '0011_pictures'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='turn',
            index=models.Index(condition=models.Q(('picture__isnull', False)), fields=['picture'], name='turn_by_picture'),
        ),
    ]

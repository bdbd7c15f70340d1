from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    # Beside the running site: voters come and go while it is read through.
    atomic = False

    dependencies = [
        ('voters', '0004_accounts'),
    ]

    operations = [
        ValidateConstraint(model_name='voter', name='voter_adopted_has_no_account'),
        AddIndexConcurrently(
            model_name='voter',
            index=models.Index(condition=models.Q(('adopted_by__isnull', False)), fields=['adopted_by'], name='voter_by_who_adopted_it'),
        ),
    ]

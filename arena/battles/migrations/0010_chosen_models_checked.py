from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('battles', '0009_chosen_models'),
    ]

    operations = [ValidateConstraint('battle', 'battle_blind_has_two_models')]

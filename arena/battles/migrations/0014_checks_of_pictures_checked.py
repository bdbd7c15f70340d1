from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('battles', '0013_checks_of_pictures'),
    ]

    operations = [ValidateConstraint('textcheck', 'text_check_part_known')]

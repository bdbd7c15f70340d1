"""A prompt's picture is checked as its text is."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('battles', '0012_turns_by_picture'),
    ]

    operations = [
        migrations.AlterField(
            model_name='textcheck',
            name='part',
            field=models.CharField(choices=[('prompt', 'prompt'), ('a', 'answer A'), ('b', 'answer B'), ('picture', 'picture')], max_length=8),
        ),
        migrations.RemoveConstraint(
            model_name='textcheck',
            name='text_check_part_known',
        ),
        AddConstraintNotValid(
            model_name='textcheck',
            constraint=models.CheckConstraint(condition=models.Q(('part__in', ['prompt', 'a', 'b', 'picture'])), name='text_check_part_known'),
        ),
    ]

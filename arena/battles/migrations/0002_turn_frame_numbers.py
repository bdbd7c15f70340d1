from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('battles', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='turn',
            name='first_seq',
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name='turn',
            name='last_seq',
            field=models.PositiveIntegerField(editable=False, null=True),
        ),
    ]

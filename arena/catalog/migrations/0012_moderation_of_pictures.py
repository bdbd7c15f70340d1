"""Whether the check looks at pictures."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0011_fact_names'),
    ]

    operations = [
        migrations.AddField(
            model_name='moderation',
            name='takes_pictures',
            field=models.BooleanField(db_default=False),
        ),
    ]

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('battles', '0004_reasons_sharing_erasure'),
    ]

    operations = [ValidateConstraint('reply', 'reply_complete_has_text_and_reason')]

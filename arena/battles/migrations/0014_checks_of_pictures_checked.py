from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

# An older release knows no check of a picture and has no room for its name; it has no pictures
# either, or checks none. Last here, so first on the way back.
BACKWARD = """
SET LOCAL parity.erasing = 'on';
DELETE FROM battles_ruling r USING battles_textcheck c
    WHERE c.id = r.text_check_id AND c.part = 'picture';
DELETE FROM battles_textlook l USING battles_textcheck c
    WHERE c.id = l.text_check_id AND c.part = 'picture';
SET LOCAL parity.erasing = 'off';
DELETE FROM battles_textcheck WHERE part = 'picture';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('battles', '0013_checks_of_pictures'),
    ]

    operations = [
        ValidateConstraint('textcheck', 'text_check_part_known'),
        migrations.RunSQL(migrations.RunSQL.noop, BACKWARD),
    ]

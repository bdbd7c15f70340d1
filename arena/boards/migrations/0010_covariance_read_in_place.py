import zlib

from django.db import migrations


def inflate(apps, schema_editor):
    tables = apps.get_model('boards', 'PairTable').objects
    for board in tables.values_list('pk', flat=True):
        table = tables.only('covariance').get(pk=board)
        table.covariance = zlib.decompress(table.covariance)
        table.save(update_fields=['covariance'])


def deflate(apps, schema_editor):
    tables = apps.get_model('boards', 'PairTable').objects
    for board in tables.values_list('pk', flat=True):
        table = tables.only('covariance').get(pk=board)
        table.covariance = zlib.compress(bytes(table.covariance), level=1)
        table.save(update_fields=['covariance'])


class Migration(migrations.Migration):
    # A comparison reads three numbers of each table: Postgres can take a part of a value out only
    # where it has not compressed it.

    dependencies = [
        ('boards', '0009_snapshots_by_replay_id'),
    ]

    operations = [
        migrations.RunSQL(
            'ALTER TABLE boards_pairtable ALTER COLUMN covariance SET STORAGE EXTERNAL',
            'ALTER TABLE boards_pairtable ALTER COLUMN covariance SET STORAGE EXTENDED',
        ),
        migrations.RunPython(inflate, deflate),
    ]

import zlib

from django.db import migrations


def inflate(apps, schema_editor):
    for table in _tables(apps):
        if len(table.covariance) != 4 * len(table.language_models) ** 2:
            _store(table, zlib.decompress(table.covariance))


def deflate(apps, schema_editor):
    for table in _tables(apps):
        if len(table.covariance) == 4 * len(table.language_models) ** 2:
            _store(table, zlib.compress(bytes(table.covariance), level=1))


def _tables(apps):
    tables = apps.get_model('boards', 'PairTable').objects
    for board in tables.values_list('pk', flat=True):
        yield tables.only('language_models', 'covariance').get(pk=board)


def _store(table, covariance):
    table.covariance = covariance
    table.save(update_fields=['covariance'])


class Migration(migrations.Migration):
    # A comparison reads three numbers of each table: Postgres can take a part of a value out only
    # where it has not compressed it. The lock of the first step is not held while tables are written;
    # broken off, the second goes on where it was.
    atomic = False

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

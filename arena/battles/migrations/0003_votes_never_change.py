"""Votes and retractions are never changed, and deleted only where a session says that it erases."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION battles_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('parity.erasing', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER vote_never_changes BEFORE UPDATE OR DELETE ON battles_vote
    FOR EACH ROW EXECUTE FUNCTION battles_refuse_change();
CREATE TRIGGER retraction_never_changes BEFORE UPDATE OR DELETE ON battles_retraction
    FOR EACH ROW EXECUTE FUNCTION battles_refuse_change();

CREATE FUNCTION battles_check_replaced_vote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM battles_vote WHERE id = NEW.replaces_id AND battle_id = NEW.battle_id
    ) THEN
        RAISE EXCEPTION 'a vote follows a retraction of its own battle'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER vote_replaces_one_of_its_battle BEFORE INSERT ON battles_vote
    FOR EACH ROW WHEN (NEW.replaces_id IS NOT NULL)
    EXECUTE FUNCTION battles_check_replaced_vote();
"""

BACKWARD = """
DROP TRIGGER vote_replaces_one_of_its_battle ON battles_vote;
DROP FUNCTION battles_check_replaced_vote();
DROP TRIGGER retraction_never_changes ON battles_retraction;
DROP TRIGGER vote_never_changes ON battles_vote;
DROP FUNCTION battles_refuse_change();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('battles', '0002_turn_frame_numbers'),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

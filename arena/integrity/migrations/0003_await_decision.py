"""Every vote waits for its verdict from the moment it is stored, whoever stores it and however."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION integrity_await_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO integrity_undecidedvote (vote_id, source, final_at)
    SELECT id, source, final_at FROM stored;
    RETURN NULL;
END
$$;
CREATE TRIGGER vote_awaits_decision AFTER INSERT ON battles_vote
    REFERENCING NEW TABLE AS stored
    FOR EACH STATEMENT EXECUTE FUNCTION integrity_await_decision();
INSERT INTO integrity_undecidedvote (vote_id, source, final_at)
    SELECT v.id, v.source, v.final_at FROM battles_vote v
    WHERE NOT EXISTS (SELECT FROM integrity_votefacts f WHERE f.vote_id = v.id);
"""
BACKWARD = """
DROP TRIGGER vote_awaits_decision ON battles_vote;
DROP FUNCTION integrity_await_decision();
DELETE FROM integrity_undecidedvote;
"""


class Migration(migrations.Migration):
    dependencies = [("integrity", "0002_undecided_votes")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

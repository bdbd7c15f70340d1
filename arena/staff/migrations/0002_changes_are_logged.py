"""The database logs changes of what staff decide, whatever way they take, and never changes the log."""

from django.db import migrations

# Table, columns that change by themselves, columns whose values are secret.
LOGGED = (
    ("catalog_languagemodel", "", ""),
    ("catalog_licensing", "", ""),
    ("catalog_provider", "", "api_key_encrypted"),
    (
        "catalog_endpoint",
        "failures_in_a_row,suspended_until,last_failure_code,last_failed_at,findings,admitted_at",
        "",
    ),
    ("auth_user", "last_login", "password"),
    ("auth_group", "", ""),
    ("auth_user_groups", "", ""),
    ("auth_group_permissions", "", ""),
    ("auth_user_user_permissions", "", ""),
    ("mfa_authenticator", "last_used_at", "data"),
)

FUNCTIONS = """
CREATE FUNCTION staff_masked(row_ jsonb, ignored text[], secret text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_object_agg(key, CASE
        WHEN key = ANY (secret) AND value <> '""'::jsonb AND value <> 'null'::jsonb
        THEN to_jsonb('hidden ' || left(encode(sha256(convert_to(value::text, 'UTF8')), 'hex'), 8))
        ELSE value END)
    FROM jsonb_each(row_) WHERE key <> ALL (ignored)
$$;

CREATE FUNCTION staff_log_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ignored text[] := string_to_array(TG_ARGV[0], ',');
    secret text[] := string_to_array(TG_ARGV[1], ',');
    earlier jsonb;
    later jsonb;
    row_id text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        earlier := staff_masked(to_jsonb(OLD), ignored, secret);
        row_id := to_jsonb(OLD)->>'id';
    END IF;
    IF TG_OP <> 'DELETE' THEN
        later := staff_masked(to_jsonb(NEW), ignored, secret);
        row_id := to_jsonb(NEW)->>'id';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(e.key, e.value), jsonb_object_agg(l.key, l.value)
        INTO earlier, later
        FROM jsonb_each(earlier) e JOIN jsonb_each(later) l USING (key)
        WHERE e.value IS DISTINCT FROM l.value;
        IF earlier IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO staff_change (at, actor, action, "table", "row", before, after)
    VALUES (clock_timestamp(), coalesce(current_setting('parity.actor', true), ''),
            lower(TG_OP), TG_TABLE_NAME, coalesce(row_id, ''), earlier, later);
    RETURN NULL;
END $$;

CREATE FUNCTION staff_keep_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log of changes is never changed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER change_stays BEFORE UPDATE OR DELETE ON staff_change
    FOR EACH ROW EXECUTE FUNCTION staff_keep_log();
"""

FORWARD = FUNCTIONS + "".join(
    f"CREATE TRIGGER log_change AFTER INSERT OR UPDATE OR DELETE ON {table} "
    f"FOR EACH ROW EXECUTE FUNCTION staff_log_change('{ignored}', '{secret}');\n"
    for table, ignored, secret in LOGGED
)
BACKWARD = (
    "".join(f"DROP TRIGGER log_change ON {table};\n" for table, _, _ in LOGGED)
    + "DROP TRIGGER change_stays ON staff_change;\n"
    "DROP FUNCTION staff_keep_log();\n"
    "DROP FUNCTION staff_log_change();\n"
    "DROP FUNCTION staff_masked(jsonb, text[], text[]);\n"
)


class Migration(migrations.Migration):

    dependencies = [
        ("staff", "0001_changes"),
        ("catalog", "0003_admission"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

"""What voters do with accounts of their own is theirs: the log has what staff decide, for ever."""

from django.db import migrations

LOGGED_WITHOUT_THEM = """
CREATE FUNCTION staff_is_own_account() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_setting('parity.own_account', true) = 'on'
$$;
DROP TRIGGER log_change ON auth_user;
CREATE TRIGGER log_change AFTER INSERT OR UPDATE OR DELETE ON auth_user
    FOR EACH ROW WHEN (staff_is_own_account() IS NOT TRUE)
    EXECUTE FUNCTION staff_log_change('last_login', 'password');
DROP TRIGGER log_change ON mfa_authenticator;
CREATE TRIGGER log_change AFTER INSERT OR UPDATE OR DELETE ON mfa_authenticator
    FOR EACH ROW WHEN (staff_is_own_account() IS NOT TRUE)
    EXECUTE FUNCTION staff_log_change('last_used_at', 'data');
"""
LOGGED = """
DROP TRIGGER log_change ON auth_user;
CREATE TRIGGER log_change AFTER INSERT OR UPDATE OR DELETE ON auth_user
    FOR EACH ROW EXECUTE FUNCTION staff_log_change('last_login', 'password');
DROP TRIGGER log_change ON mfa_authenticator;
CREATE TRIGGER log_change AFTER INSERT OR UPDATE OR DELETE ON mfa_authenticator
    FOR EACH ROW EXECUTE FUNCTION staff_log_change('last_used_at', 'data');
DROP FUNCTION staff_is_own_account();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("staff", "0005_facts_are_logged"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunSQL(LOGGED_WITHOUT_THEM, LOGGED)]

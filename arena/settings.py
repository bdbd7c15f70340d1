"""Every setting of Parity, read from the environment.

Each setting is listed with its default in README's table; a test holds that. Without
`DATABASE_URL` and `REDIS_URL` the embedded servers of `arena.embedded` are used.
"""

import os
from pathlib import Path
from typing import Any

from django.templatetags.static import static
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from arena.environment import (
    LOCAL_DIR,
    boolean,
    database_from_url,
    integer,
    local_secret,
    mailers_from_url,
    number,
    words,
)
from arena.servers import broker_url, database_url, redis_url

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Who and where -------------------------------------------------------------------------------
SITE_NAME = os.environ.get("PARITY_SITE_NAME", "Parity")
DEBUG = boolean("PARITY_DEBUG", default=False)
ALLOWED_HOSTS = words("PARITY_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# The site's public address(es), for CSRF and for the socket's Origin check behind a proxy.
CSRF_TRUSTED_ORIGINS = words("PARITY_ORIGINS", default=[])
SECRET_KEY = local_secret("PARITY_SECRET_KEY", "secret_key")
# Keys that encrypt endpoint keys at rest, newest first; old ones stay to read what they wrote. So
# does the secret key, which wrote all until the first was set.
ENCRYPTION_KEYS = [*words("PARITY_ENCRYPTION_KEYS", default=[]), SECRET_KEY]
# Networks of our own proxies: their X-Forwarded-For is believed, nobody else's.
TRUSTED_PROXIES = words("PARITY_TRUSTED_PROXIES", default=[])
# Set behind a proxy that terminates TLS: cookies become secure, plain HTTP is redirected.
HTTPS = boolean("PARITY_HTTPS", default=False)

# --- Servers -------------------------------------------------------------------------------------
DATABASES: dict[str, Any] = {"default": database_from_url(database_url())}
REDIS_URL = redis_url()

# --- The rules of the arena (/method/ says those that a voter or a reader meets) -----------------
MAX_TURNS = integer("PARITY_MAX_TURNS", default=50)
MAX_PROMPT_CHARACTERS = integer("PARITY_MAX_PROMPT_CHARACTERS", default=30_000)
# Limits of one visitor: battles that are being answered at once, and prompts in a minute.
MAX_STREAMING_BATTLES = integer("PARITY_MAX_STREAMING_BATTLES", default=3)
PROMPTS_PER_MINUTE = integer("PARITY_PROMPTS_PER_MINUTE", default=20)
# Votes, undos and looks at the reveal; all other requests; sockets that are open at once.
VOTES_PER_MINUTE = integer("PARITY_VOTES_PER_MINUTE", default=120)
REQUESTS_PER_MINUTE = integer("PARITY_REQUESTS_PER_MINUTE", default=300)
SOCKETS_PER_VISITOR = integer("PARITY_SOCKETS_PER_VISITOR", default=20)
# Many visitors may share one network address; together they get so many times these limits.
VISITORS_PER_NETWORK = integer("PARITY_VISITORS_PER_NETWORK", default=20)
# `adaptive` prefers pairs whose next vote says most, within the weights; `weights` does not.
PAIRING = os.environ.get("PARITY_PAIRING", "adaptive")
# Share of battles in which a model meets itself: they measure what the position does to votes.
SAME_MODEL_SHARE = number("PARITY_SAME_MODEL_SHARE", default=0.01)
# Seconds in which a vote can be taken back; names are sent and the vote counted only after it.
UNDO_SECONDS = number("PARITY_UNDO_SECONDS", default=3.0)
# `paced` hides each side's speed until the vote; `live` shows text as it comes.
PACING = os.environ.get("PARITY_PACING", "paced")
# Side by side, and a chat with one: whether visitors may choose who answers.
CHOSEN_MODELS = boolean("PARITY_CHOSEN_MODELS", default=True)
# Whether a picture may be attached to a prompt, where enough endpoints were found to see it.
IMAGES = boolean("PARITY_IMAGES", default=True)
# A model with fewer counted votes is shown with its count and "too few votes", without a rating.
MIN_VOTES_FOR_RATING = integer("PARITY_MIN_VOTES_FOR_RATING", default=30)
# Seconds between two refreshes of the live board, and between two full publications.
LIVE_BOARD_SECONDS = number("PARITY_LIVE_BOARD_SECONDS", default=1.0)
PUBLISH_SECONDS = number("PARITY_PUBLISH_SECONDS", default=3600.0)
# A category, a language or a span of time with fewer counted votes has no board of its own.
MIN_VOTES_FOR_BOARD = integer("PARITY_MIN_VOTES_FOR_BOARD", default=100)
# What may be done with a data release, as it says of itself.
RELEASE_LICENCE = os.environ.get("PARITY_RELEASE_LICENCE", "CC BY 4.0")
# Complete releases in this folder can be downloaded at /api/v1/releases.
RELEASES_DIR = Path(os.environ.get("PARITY_RELEASES_DIR", LOCAL_DIR / "releases"))
# Where workers keep counted votes as columns; any machine makes it again from Postgres.
COLUMNS_DIR = Path(os.environ.get("PARITY_COLUMNS_DIR", LOCAL_DIR / "columns"))

# --- Talking to endpoints ------------------------------------------------------------------------
CONNECT_SECONDS = number("PARITY_CONNECT_SECONDS", default=10.0)
FIRST_TOKEN_SECONDS = number("PARITY_FIRST_TOKEN_SECONDS", default=60.0)
IDLE_SECONDS = number("PARITY_IDLE_SECONDS", default=30.0)
TOTAL_SECONDS = number("PARITY_TOTAL_SECONDS", default=600.0)
MAX_ANSWER_CHARACTERS = integer("PARITY_MAX_ANSWER_CHARACTERS", default=200_000)
# Hours after which an endpoint that passed its admission test is tested again, and seconds that a
# test waits for a server that is loading.
ADMISSION_HOURS = number("PARITY_ADMISSION_HOURS", default=24.0)
ADMISSION_PATIENCE_SECONDS = number("PARITY_ADMISSION_PATIENCE_SECONDS", default=180.0)
# Private networks and ports of endpoints that may be called: 127.0.0.1:11434, 10.0.0.0/8:8000-8100.
ENDPOINT_ALLOW = words("PARITY_ENDPOINT_ALLOW", default=[])
# Failures in a row that take an endpoint out of the draw, and for how many seconds.
BREAKER_FAILURES = integer("PARITY_BREAKER_FAILURES", default=3)
BREAKER_SECONDS = number("PARITY_BREAKER_SECONDS", default=60.0)

# --- Alarms --------------------------------------------------------------------------------------
# Who is told of problems: addresses of e-mail, and a URL that takes JSON.
ALARM_EMAILS = words("PARITY_ALARM_EMAILS", default=[])
ALARM_WEBHOOK = os.environ.get("PARITY_ALARM_WEBHOOK", "").strip()
# Private networks and ports where the webhook may be, written as in `ENDPOINT_ALLOW`.
ALARM_WEBHOOK_ALLOW = words("PARITY_ALARM_WEBHOOK_ALLOW", default=[])
# A problem is told when it has lasted so long, and its end when it was gone for so long.
ALARM_SECONDS = number("PARITY_ALARM_SECONDS", default=120.0)
# Without a mail server voters have no accounts: their codes come by mail.
SENDS_EMAIL = bool(os.environ.get("PARITY_EMAIL_URL"))
MAILERS = mailers_from_url(os.environ.get("PARITY_EMAIL_URL") or "smtp://localhost?tls=0")
DEFAULT_FROM_EMAIL = os.environ.get("PARITY_EMAIL_FROM", "").strip() or "parity@localhost"
# Less of a disk free than this, in percent, is a problem; so is a backup older than this, where
# `manage.py backup` was ever used (0: never).
DISK_FREE_PERCENT = number("PARITY_DISK_FREE_PERCENT", default=5.0)
BACKUP_HOURS = number("PARITY_BACKUP_HOURS", default=36.0)

# --- Django --------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "arena.staff.apps.OfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "arena",
    "arena.voters",
    "arena.catalog",
    "arena.battles",
    "arena.integrity",
    "arena.boards",
    "arena.operating",
    "arena.staff.apps.StaffConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "arena.admin_policy.admin_policy",
    "arena.static_files.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "arena.languages.PageLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "arena.errors.DatabaseAway",
]
ROOT_URLCONF = "arena.urls"
ASGI_APPLICATION = "arena.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "arena.context.site",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("zh-hans", _("Simplified Chinese")),
    ("zh-hant", _("Traditional Chinese")),
]
FORMAT_MODULE_PATH = ["arena.formats"]
LOCALE_PATHS = [BASE_DIR / "arena" / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"  # with its slash: a language prefix does not move it
STATIC_ROOT = Path(os.environ.get("PARITY_STATIC_ROOT", BASE_DIR / ".local" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static", ("vendor", BASE_DIR / ".local" / "vendor")]
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "arena.static_files.HashedModulesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

# --- Safety --------------------------------------------------------------------------------------
SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "connect-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "arena.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "arena.errors.csrf_failure"

# --- Staff ---------------------------------------------------------------------------------------
# Staff need a second factor (an authenticator app or a passkey) before they enter the admin.
STAFF_SECOND_FACTOR = boolean("PARITY_STAFF_SECOND_FACTOR", default=True)
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "arena.staff.accounts.StaffAccounts"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False  # a session ends with the browser
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
MFA_ADAPTER = "arena.staff.accounts.SecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1
# Passkeys on plain http://localhost, for the demo and for development.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

# --- Celery (read by workers.celery under the CELERY_ prefix) ------------------------------------
CELERY_BROKER_URL = broker_url()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    # Each job finds its work by a query on rows; a message lost with Redis is made up by the next.
    "decide-votes-and-refresh-live-boards": {
        "task": "arena.boards.tasks.refresh_live_boards",
        "schedule": LIVE_BOARD_SECONDS,
        "options": {"expires": 30.0},
    },
    "label-prompts": {
        "task": "arena.integrity.tasks.label_prompts",
        "schedule": 5.0,
        "options": {"expires": 30.0},
    },
    "check-texts": {
        "task": "arena.integrity.tasks.check_texts",
        "schedule": 5.0,
        "options": {"expires": 30.0},
    },
    # Looks often, so that a publication that was killed goes on; works once a period.
    "publish-boards": {
        "task": "arena.boards.tasks.publish_boards",
        "schedule": min(PUBLISH_SECONDS, 30.0),
        "options": {"expires": 30.0},
    },
    # Looks often, counts once a period.
    "write-ledgers": {
        "task": "arena.boards.tasks.write_ledgers",
        "schedule": min(PUBLISH_SECONDS, 30.0),
        "options": {"expires": 30.0},
    },
    # Looks often, so that a test whose process died is found within a minute.
    "test-endpoints": {
        "task": "arena.catalog.tasks.test_endpoints_that_are_due",
        "schedule": 15.0,
        "options": {"expires": 30.0},
    },
    # Looks often: an endpoint that is nearly back in battles is asked before, not after.
    "ask-paused-endpoints": {
        "task": "arena.catalog.tasks.ask_paused_endpoints",
        "schedule": 15.0,
        "options": {"expires": 15.0},
    },
    "settle-lost-calls": {
        "task": "arena.catalog.tasks.settle_lost_calls",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    # Often enough that a scheduler which starts anew now and then does not put it off for ever.
    "destroy-old-address-keys": {
        "task": "arena.voters.tasks.destroy_old_address_keys",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "forget-sign-ins": {
        "task": "arena.voters.tasks.forget_sign_ins",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "watch": {
        "task": "arena.operating.tasks.watch",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "count-days": {
        "task": "arena.operating.tasks.count_days",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    "forget-unused-pictures": {
        "task": "arena.battles.tasks.forget_unused_pictures",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "void-turns-of-dead-processes": {
        "task": "arena.battles.tasks.void_abandoned_turns",
        "schedule": 10.0,
        "options": {"expires": 30.0},
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("PARITY_LOG_LEVEL", "INFO")},
    # These log addresses of visitors or endpoints; addresses are never stored raw.
    "loggers": {
        "httpx2": {"level": "WARNING"},
        "uvicorn.access": {"level": "WARNING"},
        "uvicorn.error": {"level": "WARNING"},
    },
}

UNFOLD = {
    "SITE_TITLE": SITE_NAME,
    "SITE_HEADER": SITE_NAME,
    "SITE_SYMBOL": "balance",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("site/mark.svg")}
    ],
    "SHOW_HISTORY": True,
    "DASHBOARD_CALLBACK": "arena.operating.home.home",
    "SITE_VIEWS": [("endpoints/", "endpoints", "arena.operating.endpoints.EndpointsPage")],
    "SIDEBAR": {
        "show_all_applications": True,
        "navigation": "arena.staff.menu.menu",
    },
    # The site's pine, in the theme's steps.
    "COLORS": {
        "primary": {
            "50": "#eef5f1",
            "100": "#e5efe9",
            "200": "#c6ded2",
            "300": "#a3d8c0",
            "400": "#86c5a9",
            "500": "#3f8f71",
            "600": "#1d5f49",
            "700": "#164a39",
            "800": "#123c2f",
            "900": "#0f3126",
            "950": "#0f1d17",
        }
    },
}

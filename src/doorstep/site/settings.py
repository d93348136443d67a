"""Django's settings, from the environment: every choice that an operator can make stands here once."""

import os
import secrets
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import doorstep
from doorstep.kernel.disk import write_once
from doorstep.kernel.wire import Place, places
from doorstep.systems.payments.rules.bank_place import BankPlace, bank_place

# What the operator says, or said when the installation was made

HOME = Path(os.environ.get("DOORSTEP_HOME", "var")).resolve()
MADE_WITH = HOME / "made-with"
KEPT = dict(line.split("=", 1) for line in MADE_WITH.read_text().splitlines()) if MADE_WITH.exists() else {}


def _kept(name: str, new: str) -> str:
    """A variable that an installation keeps; `new` is its value on one that is being made."""
    return os.environ.get(name) or KEPT.get(name) or new


MODE = _kept("DOORSTEP_MODE", "production")
PROFILE = _kept("DOORSTEP_PROFILE", "vietnam")
PORT = int(os.environ.get("DOORSTEP_PORT", "8000"))
DATABASE_URL = os.environ.get("DOORSTEP_DATABASE_URL", "")
PACKAGE = Path(doorstep.__file__).parent
ALL_SYSTEMS = sorted(file.parent.name for file in PACKAGE.glob("systems/*/apps.py"))
SYSTEMS = os.environ.get("DOORSTEP_SYSTEMS", "").replace(",", " ").split() or ALL_SYSTEMS
HOSTS = os.environ.get("DOORSTEP_HOSTS", "").replace(",", " ").split()
ORIGIN = _kept("DOORSTEP_ORIGIN", HOSTS[0] if HOSTS else "localhost")  # the evidence log's name
KEEPS = {
    "DOORSTEP_MODE": (MODE, "a demo is open to anybody, and production holds nothing made up"),
    "DOORSTEP_PROFILE": (PROFILE, "its days, money, units and laws are those of that country"),
    "DOORSTEP_ORIGIN": (ORIGIN, "its evidence log signs under that name"),
}
"""What is the same in an installation from its first command on, and why."""

SAID_ELSEWHERE = os.environ.get("DOORSTEP_ELSEWHERE", "")

PRODUCTION = MODE == "production"
DEMO_SIGN_IN = os.environ.get("DOORSTEP_DEMO_SIGN_IN", "0" if PRODUCTION else "1") == "1"
DEBUG = os.environ.get("DOORSTEP_DEBUG", "0") == "1"
SMS_URL = os.environ.get("DOORSTEP_SMS_URL", "")
SMS_TOKEN = os.environ.get("DOORSTEP_SMS_TOKEN", "")
SAID_BIOMETRICS = os.environ.get("DOORSTEP_BIOMETRICS", "")  # address and file with the access key
SAID_BANK = os.environ.get("DOORSTEP_BANK", "")  # address, and files with our keys and the bank's
HOSPITAL = os.environ.get("DOORSTEP_HOSPITAL", "")  # where the relying party of a demo is
SMTP_URL = os.environ.get("DOORSTEP_SMTP", "")
OPERATOR = os.environ.get("DOORSTEP_OPERATOR", "")
INSIDE_HOSTS = os.environ.get("DOORSTEP_INSIDE_HOSTS", "").replace(",", " ").split()  # outside providers in our network
SAID_PROXIES = os.environ.get("DOORSTEP_PROXIES", "0")
WEB_THREADS = 8  # of each web process; `processes` starts them
PROXIES = int(SAID_PROXIES) if SAID_PROXIES.isdecimal() else 0  # how many in front add to X-Forwarded-For


def faults() -> list[str]:
    """What makes this configuration wrong or insecure, one plain sentence each; demo and test serve loopback only."""
    found = [
        f"{HOME} was made with {name}={KEPT[name]} and cannot go on with {value}: {why}. "
        f"Leave the variable out, or choose another DOORSTEP_HOME."
        for name, (value, why) in KEEPS.items()
        if KEPT.get(name, value) != value
    ]
    if unknown := set(SYSTEMS) - set(ALL_SYSTEMS):
        found.append(f"DOORSTEP_SYSTEMS names {', '.join(sorted(unknown))}: there are {', '.join(ALL_SYSTEMS)}.")
    found += _unreadable()
    if MODE not in {"demo", "production", "test"}:
        found.append(f"DOORSTEP_MODE is {MODE!r}: write production, demo or test.")
    if not PRODUCTION:
        return found
    if DEBUG:
        found.append("DOORSTEP_DEBUG is on: error pages would show the inside of the program. Remove it.")
    if len(SECRET_KEY) < 50:
        found.append(
            "DOORSTEP_SECRET_KEY is missing or shorter than 50 characters: set a long random one, and keep it."
        )
    if not HOSTS:
        found.append("DOORSTEP_HOSTS is empty: name the host names under which people reach this site.")
    if any("*" in host or host.startswith(".") for host in HOSTS):
        found.append("DOORSTEP_HOSTS holds a wildcard: name each host in full.")
    if DEMO_SIGN_IN:
        found.append("DOORSTEP_DEMO_SIGN_IN is on: anybody could sign in as anybody. Remove it.")
    return [*found, *_faults_of_gateways()]


def _unreadable() -> list[str]:
    """Addresses of other systems that are none, and what is no number."""
    found = []
    for name, read in (
        ("DOORSTEP_ELSEWHERE", lambda: places(SAID_ELSEWHERE)),
        ("DOORSTEP_BIOMETRICS", _biometrics),
        ("DOORSTEP_BANK", _bank),
    ):
        try:
            read()
        except ValueError as fault:
            found.append(f"{name}: {fault}")
    if not SAID_PROXIES.isdecimal():
        found.append(f"DOORSTEP_PROXIES is {SAID_PROXIES!r}: write how many proxies stand in front, such as 1.")
    return found


def _faults_of_gateways() -> list[str]:
    found = []
    sms, smtp = urlsplit(SMS_URL), urlsplit(SMTP_URL)
    if HOSPITAL:
        found.append("DOORSTEP_HOSPITAL names the made-up hospital of a demo. Remove it.")
    if SMS_STAND_IN:
        found.append("DOORSTEP_SMS_URL names the stand-in of a demo: name a gateway that reaches people.")
    if BIOMETRICS and "/stand-in/" in BIOMETRICS.url:
        found.append("DOORSTEP_BIOMETRICS names the stand-in of a demo: name a system that compares faces.")
    if BANK and "/stand-in/" in BANK.url:
        found.append("DOORSTEP_BANK names the stand-in of a demo: name a bank that moves money.")
    if SMS_URL and sms.scheme != "https" and not (sms.scheme == "http" and sms.hostname in LOOPBACK):
        found.append("DOORSTEP_SMS_URL is not https: one-time codes would travel in clear text.")
    if SMTP_URL and (smtp.scheme not in {"smtp", "smtps"} or not smtp.hostname):
        found.append(
            "DOORSTEP_SMTP is no address of a mail server: write smtps://user:password@host or smtp://host:587."
        )
    return found


def refuse_insecure() -> None:
    """Ends the process with exit code 1 and the faults on stderr; every command that serves calls it first."""
    if found := faults():
        sys.stderr.write("".join(["Doorstep does not start:\n", *(f"  - {fault}\n" for fault in found)]))
        raise SystemExit(1)


def _secret_key() -> str:
    """The operator's key in production; elsewhere one made on first use."""
    if PRODUCTION:
        return os.environ.get("DOORSTEP_SECRET_KEY", "")
    return write_once(HOME / "keys" / "secret_key", secrets.token_urlsafe(64).encode()).decode()


# Of libpq: a server that is silently gone (seconds; the user timeout in milliseconds) costs a thread a quarter of a minute.
ANSWERS_WITHIN = {
    "connect_timeout": "5",
    "tcp_user_timeout": "15000",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
}


def _database() -> dict[str, Any]:
    # Persistent connections without health checks: a check would cost a round trip a request, and a connection that
    # the server closed is answered with 503 once and then made anew.
    lasting = {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False}
    if not DATABASE_URL:
        from doorstep.site.embedded import Embedded  # noqa: PLC0415  not needed with a database of one's own

        return {**Embedded(HOME).parameters, **lasting}
    url = urlsplit(DATABASE_URL)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": str(url.port or ""),
        "OPTIONS": {**ANSWERS_WITHIN, **dict(parse_qsl(url.query))},
        **lasting,
    }


def _elsewhere() -> dict[str, Place]:
    with suppress(ValueError):  # `faults` says what is wrong, and nothing starts
        return places(SAID_ELSEWHERE)
    return {}


def _biometrics() -> Place | None:
    """What `DOORSTEP_BIOMETRICS` says: `https://host/ token-file`. Raises ValueError with a sentence for the operator."""
    if not SAID_BIOMETRICS:
        return None
    if len(SAID_BIOMETRICS.split(maxsplit=1)) < 2:
        raise ValueError(f"{SAID_BIOMETRICS!r}: write https://host/ token-file.")
    return places(f"biometrics={SAID_BIOMETRICS}")["biometrics"]


def _place_of_biometrics() -> Place | None:
    with suppress(ValueError):  # `faults` says what is wrong, and nothing starts
        return _biometrics()
    return None


def _bank() -> BankPlace | None:
    """What `DOORSTEP_BANK` says. Raises ValueError with a sentence for the operator."""
    return bank_place(SAID_BANK) if SAID_BANK else None


def _place_of_bank() -> BankPlace | None:
    with suppress(ValueError):  # `faults` says what is wrong, and nothing starts
        return _bank()
    return None


LOOPBACK = ("localhost", "127.0.0.1", "::1")
SITE_URL = f"https://{HOSTS[0]}" if PRODUCTION and HOSTS else f"http://localhost:{PORT}"  # in notices to people
MAIL_FROM = os.environ.get("DOORSTEP_MAIL_FROM") or f"no-reply@{HOSTS[0] if HOSTS else 'localhost'}"
SMS_STAND_IN = "/stand-in/" in SMS_URL
SECRET_KEY = _secret_key()
DATABASES = {"default": _database()}
ELSEWHERE = _elsewhere()  # by system, where another installation answers
BIOMETRICS = _place_of_biometrics()  # where captures are taken and portraits compared
BANK = _place_of_bank()  # where credits, payouts and statements are asked for
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What runs

INSTALLED_APPS = [
    "doorstep.kernel",
    *(f"doorstep.systems.{name}" for name in SYSTEMS),
    "django.contrib.staticfiles",
    "django.forms",  # after the kernel, whose widget templates stand before Django's
    "django_cotton.apps.SimpleAppConfig",  # the other one rewrites TEMPLATES while the apps load
    "django_htmx",
]

MIDDLEWARE = [
    "doorstep.site.headers.canonical_host",
    "doorstep.site.headers.security_headers",
    *(["doorstep.systems.identity.pages.crowd.crowd"] if "identity" in SYSTEMS else []),
    "django.middleware.security.SecurityMiddleware",
    *(["doorstep.systems.identity.pages.openid.programs"] if "identity" in SYSTEMS else []),
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pages carry masked CSRF tokens, so BREACH finds no fixed secret
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "doorstep.kernel.web.problems.ProblemMiddleware",
    "doorstep.kernel.web.actors.actor_middleware",
    *(["doorstep.systems.identity.pages.mandates.acting"] if "identity" in SYSTEMS else []),
]

ROOT_URLCONF = "doorstep.site.urls"
WSGI_APPLICATION = "doorstep.site.wsgi.application"
CSRF_FAILURE_VIEW = "doorstep.kernel.web.problems.csrf_failure"
FORM_RENDERER = "doorstep.kernel.web.forms.Renderer"

_LOADERS = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "site" / "templates"],
        "OPTIONS": {
            "loaders": [("django.template.loaders.cached.Loader", _LOADERS)],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "django.templatetags.i18n",
                "django.templatetags.static",
                "doorstep.kernel.templatetags.doorstep",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csrf",
                "doorstep.kernel.web.layout.layout",
                "doorstep.site.pages.demo_phone",
            ],
        },
    }
]

# Languages, time, country

_PROFILES = sorted(file.parent.name for file in PACKAGE.glob("profiles/*/__init__.py"))
if PROFILE not in _PROFILES:
    raise SystemExit(
        f"Doorstep does not start:\n  - DOORSTEP_PROFILE is {PROFILE!r}: there are {', '.join(_PROFILES)}."
    )
_profile = import_module(f"doorstep.profiles.{PROFILE}")
LANGUAGE_CODE: str = _profile.LANGUAGE
TIME_ZONE: str = _profile.TIME_ZONE
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English"), ("de", "Deutsch"), ("ar", "العربية")]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [
    path for path in (PACKAGE / "site" / "locale", PACKAGE / "profiles" / PROFILE / "locale") if path.is_dir()
]
USE_TZ = True

# Security

ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *HOSTS]
SESSION_ENGINE = "doorstep.kernel.web.sessions"
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
SESSION_COOKIE_AGE = 8 * 3600  # a working day
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
# In production a proxy ends TLS and says so in X-Forwarded-Proto; it must not pass the client's own.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^health$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_REFERRER_POLICY = "same-origin"

# Sizes: a form without files stays small; uploads stream to disk and have limits of their own in each system

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_HANDLERS = ["doorstep.kernel.web.forms.NoFiles"]  # a page that takes files sets its own

# Static files: the built front end lies beside the package in a checkout

STATIC_URL = "/static/"
STATIC_ROOT = None if MODE == "test" else HOME / "static"
STATICFILES_DIRS = [path for path in [PACKAGE.parents[1] / "frontend" / "build"] if path.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if MODE == "test"
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = MODE == "test"  # no collected files are needed to test pages

# Logs: one line each on stderr, without addresses, queries or bodies, which may hold personal data

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "doorstep": {"level": "INFO"},
        "django": {"handlers": [], "propagate": True, "level": "WARNING"},
        "django.request": {"level": "CRITICAL"},  # our own mapper logs failures, without the query string
    },
}

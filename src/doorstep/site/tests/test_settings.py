"""Production starts only when it is secure, and says plainly what is missing; a demo keeps its one key to itself."""

import os
import stat
import subprocess
import sys

import pytest

SECURE = {"DOORSTEP_MODE": "production", "DOORSTEP_SECRET_KEY": "k" * 50, "DOORSTEP_HOSTS": "services.example.org"}


def start(
    home, environment: dict[str, str], code: str = "import doorstep.site.settings as s; s.refuse_insecure()"
) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DOORSTEP_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "DOORSTEP_HOME": str(home), "DJANGO_SETTINGS_MODULE": "doorstep.site.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_secure_production_starts_and_writes_no_key(tmp_path):
    done = start(tmp_path, SECURE)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "keys").exists()


def test_the_web_server_s_program_stays_down_too(tmp_path):
    done = start(tmp_path, {**SECURE, "DOORSTEP_HOSTS": ""}, "import doorstep.site.wsgi")
    assert done.returncode == 1
    assert "DOORSTEP_HOSTS is empty" in done.stderr


def test_production_is_the_default_and_names_everything_at_once(tmp_path):
    done = start(tmp_path, {})
    assert done.returncode == 1
    assert "DOORSTEP_SECRET_KEY" in done.stderr
    assert "DOORSTEP_HOSTS" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"DOORSTEP_SECRET_KEY": "k" * 49}, "DOORSTEP_SECRET_KEY is missing or shorter"),
        ({"DOORSTEP_HOSTS": ""}, "DOORSTEP_HOSTS is empty"),
        ({"DOORSTEP_HOSTS": "a.example.org *"}, "wildcard"),
        ({"DOORSTEP_HOSTS": ".example.org"}, "wildcard"),
        ({"DOORSTEP_DEBUG": "1"}, "DOORSTEP_DEBUG is on"),
        ({"DOORSTEP_DEMO_SIGN_IN": "1"}, "DOORSTEP_DEMO_SIGN_IN is on"),
        ({"DOORSTEP_HOSPITAL": "http://localhost:8026"}, "DOORSTEP_HOSPITAL names the made-up hospital"),
        ({"DOORSTEP_PROXIES": "-1"}, "DOORSTEP_PROXIES is '-1'"),
        ({"DOORSTEP_PROXIES": "one"}, "DOORSTEP_PROXIES is 'one'"),
        ({"DOORSTEP_SMS_URL": "http://127.0.0.1:8025/stand-in/messages"}, "names the stand-in of a demo"),
        ({"DOORSTEP_SMS_URL": "http://gateway.example.org/send"}, "DOORSTEP_SMS_URL is not https"),
        ({"DOORSTEP_BIOMETRICS": "http://faces.example.org/ t"}, "DOORSTEP_BIOMETRICS: 'http://faces"),
        ({"DOORSTEP_BIOMETRICS": "https://faces.example.org/"}, "/': write https://host/ token-file"),
        ({"DOORSTEP_BIOMETRICS": "http://127.0.0.1:8027/stand-in/ t"}, "names the stand-in of a demo"),
        ({"DOORSTEP_BANK": "https://bank.example.org/ keys"}, "write https://host/ our-keys its-keys"),
        ({"DOORSTEP_BANK": "http://bank.example.org/ ours theirs"}, "DOORSTEP_BANK: 'http://bank"),
        ({"DOORSTEP_BANK": "http://127.0.0.1:8028/stand-in/bank/ ours theirs"}, "names the stand-in of a demo"),
        ({"DOORSTEP_SMTP": "mail.example.org"}, "DOORSTEP_SMTP is no address"),
        ({"DOORSTEP_MODE": "prod"}, "write production, demo or test"),
        ({"DOORSTEP_ELSEWHERE": "identity=https://a.example.org/"}, "DOORSTEP_ELSEWHERE: 'identity="),
        ({"DOORSTEP_ELSEWHERE": "identity=http://a.example.org/ t", "DOORSTEP_MODE": "demo"}, "write https"),
        ({"DOORSTEP_SYSTEMS": "lodging hotels"}, "DOORSTEP_SYSTEMS names hotels: there are identity, lodging"),
        ({"DOORSTEP_PROFILE": "atlantis"}, "DOORSTEP_PROFILE is 'atlantis': there are testland, vietnam."),
    ],
)
def test_one_insecure_choice_is_enough_to_stay_down(tmp_path, change, said):
    done = start(tmp_path, {**SECURE, **change})
    assert done.returncode == 1
    assert said in done.stderr


def test_a_web_server_started_by_hand_is_of_the_installation_too(tmp_path):
    (tmp_path / "made-with").write_text("DOORSTEP_MODE=demo\nDOORSTEP_PROFILE=testland\nDOORSTEP_ORIGIN=a.example\n")
    code = "import doorstep.site.wsgi, doorstep.site.settings as s; print(s.MODE, s.PROFILE, s.ORIGIN, s.TIME_ZONE)"
    done = start(tmp_path, {"DOORSTEP_HOSTS": "b.example"}, code)
    assert done.stdout.split()[:3] == ["demo", "testland", "a.example"]
    done = start(tmp_path, {"DOORSTEP_PROFILE": "vietnam"}, code)
    assert done.returncode == 1
    assert "was made with DOORSTEP_PROFILE=testland and cannot go on with vietnam" in done.stderr


def test_gateways_of_one_s_own_are_taken(tmp_path):
    gateways = {
        "DOORSTEP_SMS_URL": "https://gateway.example.org/send",
        "DOORSTEP_SMTP": "smtps://user:password@mail.example.org",
    }
    code = "from django.conf import settings as s; print(s.SITE_URL, s.MAIL_FROM, s.SMS_STAND_IN)"
    done = start(tmp_path, {**SECURE, **gateways}, code)
    assert done.stdout.split() == ["https://services.example.org", "no-reply@services.example.org", "False"]
    assert start(tmp_path, {**SECURE, **gateways}).returncode == 0
    nearby = {**SECURE, "DOORSTEP_SMS_URL": "http://127.0.0.1:9000/send"}
    assert start(tmp_path, nearby).returncode == 0


def test_production_sends_cookies_by_https_only(tmp_path):
    code = (
        "from django.conf import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
        " s.SESSION_COOKIE_HTTPONLY, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0, s.DEMO_SIGN_IN, s.DEBUG)"
    )
    assert start(tmp_path, SECURE, code).stdout.split() == ["True"] * 5 + ["False"] * 2


def test_a_demo_makes_its_key_once_and_for_itself(tmp_path):
    code = "from django.conf import settings; print(settings.SECRET_KEY)"
    keys = {start(tmp_path, {"DOORSTEP_MODE": "demo"}, code).stdout.strip() for _ in range(2)}
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    path = tmp_path / "keys" / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


def test_a_database_of_one_s_own_is_read_from_its_address(tmp_path):
    url = "postgresql://us%40er:pa%2Fss@db.example.org:6432/door?sslmode=verify-full"
    code = (
        "from django.conf import settings; d = settings.DATABASES['default'];"
        "print(d['USER'], d['PASSWORD'], d['HOST'], d['PORT'], d['NAME'], d['OPTIONS']['sslmode'])"
    )
    done = start(tmp_path, {**SECURE, "DOORSTEP_DATABASE_URL": url}, code)
    assert done.stdout.split() == ["us@er", "pa/ss", "db.example.org", "6432", "door", "verify-full"]


def test_a_database_that_is_silently_gone_is_given_up_unless_its_address_says_otherwise(tmp_path):
    code = (
        "from django.db import connection as c; o = c.settings_dict['OPTIONS'];"
        "from psycopg.conninfo import make_conninfo; make_conninfo(**o);"
        "print(o['connect_timeout'], o['tcp_user_timeout'], o['keepalives_idle'], o['keepalives_interval'])"
    )
    url = "postgresql://user@db.example.org/door"
    for address, told in ((url, "5 15000 10 5"), (f"{url}?tcp_user_timeout=1000&connect_timeout=9", "9 1000 10 5")):
        done = start(tmp_path, {**SECURE, "DOORSTEP_DATABASE_URL": address}, code)
        assert done.stdout.strip() == told, done.stderr


@pytest.mark.parametrize("systems", ["", "lodging", "steering"])
def test_the_systems_that_run_are_those_named(tmp_path, systems):
    code = "from django.conf import settings; print(*settings.SYSTEMS)"
    named = start(tmp_path, {**SECURE, "DOORSTEP_SYSTEMS": systems}, code).stdout.split()
    assert named == ([systems] if systems else sorted(named))
    assert named

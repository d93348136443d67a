# ruff: noqa: INP001
# mypy: ignore-errors
"""django-oauth-toolkit on the same PostgreSQL: `python django_oauth_toolkit.py COUNT FILE CHALLENGE BACK` makes the codes,
Granian serves `django_oauth_toolkit:application`. It runs in a Python path of its own, without Doorstep.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

settings.configure(
    SECRET_KEY="bench",  # noqa: S106  of nobody
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    MIDDLEWARE=[],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "CONN_MAX_AGE": None,
            **dict(one.split("=", 1) for one in os.environ["PEER_DATABASE"].split("\n")),
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": Path(os.environ["PEER_KEY"]).read_text(),
        "OIDC_ISS_ENDPOINT": "http://127.0.0.1",
        "SCOPES": {"openid": "openid", "profile": "profile"},
    },
)
django.setup()
urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
application = get_wsgi_application()


def _fill(count: int, file: Path, challenge: str, back: str) -> None:
    from django.contrib.auth import get_user_model  # noqa: PLC0415  after the set-up
    from django.utils import timezone  # noqa: PLC0415
    from oauth2_provider.models import Application, Grant  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    users = get_user_model().objects.bulk_create(get_user_model()(username=f"u{number}") for number in range(count))
    app = Application.objects.create(
        client_id="bench",
        client_secret="bench-secret",  # noqa: S106  of nobody
        hash_client_secret=False,  # so that it need not hash one a request
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=back,
        algorithm="RS256",
    )
    expires = timezone.now() + timedelta(hours=1)
    codes = [f"code-{number:032}" for number in range(count)]
    Grant.objects.bulk_create(
        Grant(
            user=user,
            code=code,
            application=app,
            expires=expires,
            redirect_uri=back,
            scope="openid profile",
            code_challenge=challenge,
            code_challenge_method="S256",
            nonce="n",
        )
        for user, code in zip(users, codes, strict=True)
    )
    file.write_text("\n".join(codes))


if __name__ == "__main__":
    _fill(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])

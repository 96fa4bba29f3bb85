"""Cookies, CSRF, headers and throttling, set once for all pages."""

from urllib.parse import urlsplit

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from kernel.settings import Settings

STRIPE_CHECKOUT = "https://checkout.stripe.com"
MAX_FORM_BYTES = 256 * 1024

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, strategy="moving-window")


def init_security(app: Flask, settings: Settings) -> None:
    """Session cookie (`__Host-` behind https), CSRF on every form, CSP with nonces, sign-in throttling in Redis."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-session" if settings.https else "session",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
        WTF_CSRF_TIME_LIMIT=None,
        RATELIMIT_STORAGE_URI=_limits_url(settings.redis_url),
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 1, "socket_timeout": 1},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_KEY_PREFIX="limits",
    )
    if settings.https:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    csrf.init_app(app)
    limiter.init_app(app)
    Talisman(
        app,
        force_https=settings.https,
        strict_transport_security=settings.https,
        session_cookie_secure=settings.https,
        session_cookie_samesite="Lax",
        frame_options="DENY",
        referrer_policy="same-origin",
        permissions_policy={"camera": "(self)", "geolocation": "()", "microphone": "()", "browsing-topics": "()"},
        content_security_policy=content_policy(settings),
        content_security_policy_nonce_in=["script-src"],
    )
    app.after_request(_keep_private_pages_private)


def content_policy(settings: Settings) -> dict[str, str]:
    """Nothing but our own files and nonced scripts; a form may lead on to the payment page and nowhere else."""
    api = urlsplit(settings.stripe_api_base)
    checkout = STRIPE_CHECKOUT if api.hostname == "api.stripe.com" else f"{api.scheme}://{api.netloc}"
    return {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "media-src": "'self'",
        "manifest-src": "'self'",
        "form-action": f"'self' {checkout}",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


def _limits_url(redis_url: str) -> str:
    # `limits` names unix sockets redis+unix://, redis-py unix://.
    return f"redis+{redis_url}" if redis_url.startswith("unix://") else redis_url


def _keep_private_pages_private(response):  # type: ignore[no-untyped-def]
    if current_user.is_authenticated and request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store, private"
    return response

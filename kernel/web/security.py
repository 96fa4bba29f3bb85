"""Cookies, CSRF, headers and throttling, set once for all pages."""

from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from kernel.settings import Settings
from kernel.web.access import declaration, init_access

STRIPE_CHECKOUT = "https://checkout.stripe.com"
MAX_FORM_BYTES = 256 * 1024

LINK_GUESSES = "20/minute;100/hour"

View = TypeVar("View", bound=Callable[..., Any])

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, strategy="moving-window")


class Key(IntegerConverter):
    """The key of a row in an address. A longer number names no row: 404, before the database is asked."""

    regex = r"[0-9]{1,18}"


def init_security(app: Flask, settings: Settings) -> None:
    """Session cookie (`__Host-` behind https), CSRF on every form, CSP with nonces, throttling in Redis.

    The order tells: a refusal by CSRF is a page with its nonce, and only who may call a route is counted by it.
    """
    app.url_map.converters["int"] = Key
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-session" if settings.https else "session",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # A cookie sent again with each file could be kept, with the file, by a cache that others share.
        SESSION_REFRESH_EACH_REQUEST=False,
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
    app.request_class = InMemory
    app.before_request(_allow_file)
    csrf.init_app(app)
    init_access(app)
    limiter.init_app(app)
    app.after_request(_keep_pages_private)


def plain_http_too(view: View) -> View:
    """Answer by http as well behind an https address: a probe inside the machine speaks no TLS."""
    view.talisman_view_options = {"force_https": False}  # type: ignore[attr-defined]
    return view


def takes_file(size: int) -> Callable[[View], View]:
    """Let the view's form carry a file of `size` bytes at most; what stands beside it is held to the usual size."""

    def mark(view: View) -> View:
        view.form_bytes = size + MAX_FORM_BYTES  # type: ignore[attr-defined]
        return view

    return mark


def _allow_file() -> None:
    # Before the token is looked for: that reads the form.
    view = current_app.view_functions.get(request.endpoint or "")
    allowed = getattr(view, "form_bytes", None)
    if view is None or allowed is None or request.mimetype != "multipart/form-data":
        return
    declared = declaration(view)
    # A stranger never makes us hold a large file.
    if declared is None or not declared.roles or getattr(current_user, "role", None) in declared.roles:
        request.max_content_length = allowed


class InMemory(Request):
    """What is uploaded is personal: it is held in memory, never in a temporary file."""

    def _get_file_stream(self, *_args: object, **_options: object) -> IO[bytes]:
        return BytesIO()


def signed_link(view: View) -> View:
    """Throttle guesses: links that open nothing are counted by address, good ones never."""
    return cast("View", limiter.limit(LINK_GUESSES, deduct_when=_opens_nothing)(view))


def _opens_nothing(response: Response) -> bool:
    return response.status_code in (404, 410)


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


def _keep_pages_private(response: Response) -> Response:
    """A page is its reader's alone: it carries their token, often their name. Style, scripts and drawings are kept."""
    if request.endpoint != "static" or response.status_code >= 400:
        response.headers.setdefault("Cache-Control", "no-store, private")
    return response

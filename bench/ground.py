"""What a bench stands on: settings of its own, which open nothing of an installation."""

import base64
import os


def settings_of_a_bench() -> None:
    """Name settings for this process and its children; a bench that needs a database starts its own."""
    key = base64.b64encode(b"bench" * 6 + b"!!").decode()
    os.environ |= {
        "DATABASE_URL": "postgresql:///none",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "SECRET_KEY": "a key of the bench, long enough to sign with",
        "QR_KEYS": f"1:{key}",
        "DATA_KEYS": f"1:{key}",
        "STRIPE_SECRET_KEY": "sk_test_bench",
        "STRIPE_WEBHOOK_SECRET": "whsec_bench",
        "SMTP_URL": "smtp://127.0.0.1:9",
    }

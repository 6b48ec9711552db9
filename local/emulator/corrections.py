"""Where MiniStack differs from AWS in a way that would have us write weaker templates: it is set right here."""

from typing import Any


def install() -> None:
    """Set MiniStack right; it must not be serving yet."""
    _count_origin_fetches_as_encrypted()


def _count_origin_fetches_as_encrypted() -> None:
    """Let a distribution read from a bucket that refuses plain HTTP.

    CloudFront fetches from S3 over TLS. MiniStack does it in its own process and tells the bucket's policy that the
    transport was not secure, which a bucket for TLS only then refuses.
    """
    from ministack.core import iam_evaluator

    class EncryptedContext(iam_evaluator.EvalContext):  # type: ignore[misc]
        """A request's context whose transport is secure unless said otherwise."""

        def __init__(self, *positional: Any, **named: Any) -> None:
            super().__init__(*positional, **{"secure_transport": True, **named})

    iam_evaluator.EvalContext = EncryptedContext

"""Text for a terminal: one line, whatever stands in a file's name."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return text without line breaks and control characters; what is not UTF-8 becomes a question mark."""
    words = " ".join(text.split())
    plain = "".join(sign if sign.isprintable() else "?" for sign in words)
    return plain.encode("utf-8", "replace").decode("utf-8")

"""Functions that one engine has and the other lacks: called by one name, defined on each as it begins."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import ibis
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from django.conf import settings

BLOCK = 16  # bytes


@ibis.udf.scalar.builtin(name="orchcamp_sha512")
def sha512(given: str) -> str:  # type: ignore[empty-body]
    """The SHA-512 digest of a text in hexadecimal digits."""


@ibis.udf.scalar.builtin(name="orchcamp_encrypted")
def encrypted(given: str) -> str:  # type: ignore[empty-body]
    """A text as AES makes it unreadable, in hexadecimal digits; the same text gives the same."""


def keys() -> tuple[bytes, str]:
    """The installation's key of 256 bits, and what first blocks are made with: both follow from its secret key."""
    key, first = (hashlib.sha256(f"AESEncrypt {what} {settings.SECRET_KEY}".encode()) for what in ("key", "first"))
    return key.digest(), first.hexdigest()


def for_spark() -> list[str]:
    """The statements that define them on Spark, which has both of its own."""
    key, first = keys()
    made = f"unhex(left(sha2(concat('{first}', given), 256), {2 * BLOCK}))"
    cipher = f"lower(hex(aes_encrypt(given, unhex('{key.hex()}'), 'CBC', 'PKCS', {made})))"
    return [
        f"CREATE TEMPORARY FUNCTION {name}(given STRING) RETURNS STRING RETURN {body}"
        for name, body in (("orchcamp_sha512", "sha2(given, 512)"), ("orchcamp_encrypted", cipher))
    ]


def define_for_duckdb(con: Any) -> None:
    """DuckDB has neither: Python's own, a vector at a time."""
    for name, function in (("orchcamp_sha512", _sha512), ("orchcamp_encrypted", _encrypted())):
        con.create_function(name, _each(function), ["VARCHAR"], "VARCHAR", type="arrow")


def _each(function: Callable[[bytes], str]) -> Callable[[pa.ChunkedArray], pa.Array]:
    def answer(texts: pa.ChunkedArray) -> pa.Array:
        return pa.array([None if text is None else function(text.encode()) for text in texts.to_pylist()], pa.string())

    return answer


def _sha512(text: bytes) -> str:
    return hashlib.sha512(text).hexdigest()


def _encrypted() -> Callable[[bytes], str]:
    key, first = keys()

    def encrypt(text: bytes) -> str:
        block = hashlib.sha256(first.encode() + text).digest()[:BLOCK]
        padder, cipher = PKCS7(BLOCK * 8).padder(), Cipher(algorithms.AES(key), modes.CBC(block)).encryptor()
        whole = padder.update(text) + padder.finalize()
        return (block + cipher.update(whole) + cipher.finalize()).hex()

    return encrypt

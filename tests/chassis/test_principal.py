"""Tokens are believed only when this platform issued them, and looked at once."""

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from chassis import InvalidToken, MissingKey, Principal, _principal, issue, service, verify

ME = Principal("developer", "local", ("*",), "agent-1")


def pair() -> tuple[str, str]:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), public.decode()


SIGNING, PUBLIC = pair()
STRANGER, _ = pair()


def token(**changed):
    now = int(time.time())
    claims = {
        "iss": "api-gateway", "aud": "platform", "sub": "developer", "tenant": "local", "iat": now, "exp": now + 60,
    } | changed  # fmt: skip
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, SIGNING, algorithm="EdDSA")


def unsigned(alg: str, signature: str = "") -> str:
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"iss": "api-gateway", "aud": "platform", "sub": "x", "tenant": "local", "iat": 1, "exp": 2**33}
    return f"{part({'alg': alg, 'typ': 'JWT'})}.{part(claims)}.{signature}"


def test_what_is_issued_is_verified():
    who, expires = verify(issue(ME, SIGNING), PUBLIC)
    assert who == ME
    assert 290 < expires - time.time() <= 300


@pytest.mark.parametrize(
    "forged",
    [
        "", "x.y.z", unsigned("none"), unsigned("None"), unsigned("HS256", "c2lnbmVk"), unsigned("EdDSA"),
        issue(ME, STRANGER), token(exp=int(time.time()) - 60), token(iss="auth"), token(aud="other"), token(aud=None),
        token(exp=None), token(iat=None), token(sub=None), token(tenant=None), token(tenant=""), token(tenant=["a"]),
        token(scopes="*"), token(scopes=[1]), token(nbf=int(time.time()) + 600), issue(ME, SIGNING)[:-4] + "AAAA",
    ],
)  # fmt: skip
def test_no_other_token_is(forged):
    with pytest.raises(InvalidToken) as refused:
        verify(forged, PUBLIC)
    assert (refused.value.code, refused.value.status) == ("identity.invalid-token", 401)


def test_a_token_signed_with_the_public_key_as_if_it_were_a_shared_secret_is_refused():
    header, claims, _ = unsigned("HS256").split(".")
    import hashlib
    import hmac

    mac = hmac.new(PUBLIC.encode(), f"{header}.{claims}".encode(), hashlib.sha256).digest()
    with pytest.raises(InvalidToken):
        verify(f"{header}.{claims}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}", PUBLIC)


class Keys:
    def __init__(self, *keys: str) -> None:
        self.keys = list(keys)
        self.asked = []

    async def __call__(self, name: str, fresh: bool = False) -> str:
        self.asked.append(fresh)
        return self.keys[1] if fresh and len(self.keys) > 1 else self.keys[0]


async def test_a_token_is_verified_once_and_not_believed_past_its_end(monkeypatch):
    keys = Keys(PUBLIC)
    verifier = _principal.Verifier(keys)
    bearer = f"Bearer {issue(ME, SIGNING)}"
    assert await verifier.principal(bearer, None) == await verifier.principal(bearer, None) == ME
    assert keys.asked == [False]
    later = time.time() + 311
    monkeypatch.setattr(_principal.time, "time", lambda: later)
    assert await verifier.principal(bearer, None) == ME
    assert keys.asked == [False, False]


async def test_a_rotated_key_refuses_nobody_and_forged_tokens_do_not_make_us_ask_for_it_again_and_again():
    new_signing, new_public = pair()
    keys = Keys(PUBLIC, new_public)
    verifier = _principal.Verifier(keys)
    assert await verifier.principal(f"Bearer {issue(ME, new_signing)}", None) == ME
    for _ in range(5):
        with pytest.raises(InvalidToken):
            await verifier.principal(f"Bearer {issue(ME, STRANGER)}", None)
    assert keys.asked.count(True) == 1


@pytest.mark.parametrize("header", [None, "", "Basic abc", "Bearer"])
async def test_without_a_bearer_token_nobody_is_identified(header):
    with pytest.raises(MissingKey):
        await _principal.Verifier(Keys(PUBLIC)).principal(header, None)


READER = service("reader-service", "acme")


def keys_of(**public: str):
    async def secret(name: str, fresh: bool = False) -> str:
        return json.dumps({app.replace("_", "-"): key for app, key in public.items()})

    return secret


async def test_an_app_is_believed_what_it_signed_for_itself_and_from_nobody_else():
    verifier = _principal.Verifier(keys_of(reader_service=PUBLIC))
    bearer = f"Bearer {issue(READER, SIGNING)}"
    for _ in range(2):  # the second time it is known already
        assert await verifier.principal(bearer, "reader-service") == READER
        for caller in ("other-service", "", None):
            with pytest.raises(InvalidToken):
                await verifier.principal(bearer, caller)


@pytest.mark.parametrize(
    "forged",
    [
        issue(READER, STRANGER), issue(service("unknown-service"), SIGNING), token(iss="service:reader-service"),
        token(iss="service:"), token(iss="reader-service", sub="reader-service"),
        token(iss="service:reader-service", sub="reader-service", exp=int(time.time()) - 60), "a.b", "",
    ],
)  # fmt: skip
async def test_no_other_token_of_an_app_is(forged):
    keys = keys_of(reader_service=PUBLIC)

    async def secret(name, fresh=False):
        return PUBLIC if name == "identity/public-key" else await keys(name, fresh)

    with pytest.raises(InvalidToken):
        await _principal.Verifier(secret).principal(f"Bearer {forged}", "reader-service")


def test_the_gateway_cannot_be_made_to_vouch_for_an_app():
    assert verify(token(kind="service", sub="reader-service"), PUBLIC)[0].kind == "user"

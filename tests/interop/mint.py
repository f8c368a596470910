"""The PyJWT half of mint.sh: mint.py mint|sets|check|versions [KEYS OUT]."""

import base64
import hashlib
import hmac
import json
import pathlib
import platform
import sys

import cryptography
import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import RSAAlgorithm

BITS = ["2048", "3072", "4096"]
BY_JOSE = ["3072"]  # whose JWK in jwks.json is the one jose wrote
ISSUER = "https://interop.example.com/"
AUDIENCE = "https://api.example.com/"
CLAIMS = {
    "iss": ISSUER,
    "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
    "aud": [AUDIENCE, ISSUER + "userinfo"],
    "iat": 1780000000,
    "exp": 4102444800,
    "scope": "openid profile read:messages",
    "azp": "my_client_id",
    "permissions": ["read:messages"],
}
EXPIRED = CLAIMS | {"exp": 1780000001}
OTHER = CLAIMS | {"aud": ["https://other.example.com/", ISSUER + "userinfo"]}


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hs256(secret, kid):
    """PyJWT refuses to key an HMAC with a PEM, rightly; so by hand."""
    try:
        jwt.encode(CLAIMS, secret, "HS256")
        sys.exit("PyJWT keyed HS256 with a public key")
    except jwt.InvalidKeyError:
        pass
    parts = {"alg": "HS256", "kid": kid, "typ": "JWT"}, CLAIMS
    text = ".".join(b64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return text + "." + b64(hmac.digest(secret, text.encode(), "sha256"))


def mint(keys, out):
    jwks = []
    for bits in BITS:
        kid = f"rsa-{bits}"
        private = (keys / f"{bits}.pem").read_bytes()
        public = (keys / f"{bits}.pub.pem").read_bytes()

        def sign(claims, alg="RS256"):
            return jwt.encode(claims, private, alg, headers={"kid": kid})

        for name, token in {
            "good": sign(CLAIMS),
            "expired": sign(EXPIRED),
            "other-aud": sign(OTHER),
            "rs384": sign(CLAIMS, "RS384"),
            "ps256": sign(CLAIMS, "PS256"),
            "hs256": hs256(public, kid),
        }.items():
            (out / f"pyjwt-{bits}-{name}.jwt").write_text(token)
        jwk = RSAAlgorithm.to_jwk(load_pem_public_key(public), as_dict=True)
        jwks.append(jwk | {"kid": kid, "use": "sig", "alg": "RS256"})
    (out / "jwks-pyjwt.json").write_text(json.dumps({"keys": jwks}, indent=2) + "\n")


def sets(_keys, out):
    """jwks.json: some keys as PyJWT wrote them, some as jose did."""
    by = {lib: json.loads((out / f"jwks-{lib}.json").read_text())["keys"] for lib in ["pyjwt", "jose"]}
    for a, b in zip(by["pyjwt"], by["jose"], strict=True):
        assert all(a[m] == b[m] for m in ["kty", "n", "e", "kid", "use", "alg"]), a["kid"]
    keys = [by["jose" if bits in BY_JOSE else "pyjwt"][i] for i, bits in enumerate(BITS)]
    (out / "jwks.json").write_text(json.dumps({"keys": keys}, indent=2) + "\n")


def refused(error, *args, **kwargs):
    try:
        jwt.decode(*args, **kwargs)
    except error:
        return
    sys.exit(f"{kwargs} not refused with {error.__name__}")


def check(keys, out):
    """Every token of both libraries is what its name says, and wrong in that one way only."""
    jwks = jwt.PyJWKSet.from_json((out / "jwks.json").read_text())
    files = sorted(out.glob("*.jwt"))
    assert len(files) == 2 * len(BITS) * 6
    for file in files:
        token = file.read_text()
        _, bits, name = file.stem.split("-", 2)
        key = jwks[jwt.get_unverified_header(token)["kid"]].key
        rules = {"issuer": ISSUER, "audience": AUDIENCE, "options": {"require": ["exp", "iat", "aud"]}}
        if name == "expired":
            refused(jwt.ExpiredSignatureError, token, key, ["RS256"], **rules)
        elif name == "other-aud":
            refused(jwt.InvalidAudienceError, token, key, ["RS256"], **rules)
        elif name == "hs256":
            text, signature = token.rsplit(".", 1)
            secret = (keys / f"{bits}.pub.pem").read_bytes()
            assert b64(hmac.digest(secret, text.encode(), hashlib.sha256)) == signature
            assert jwt.decode(token, options={"verify_signature": False}) == CLAIMS
        else:
            alg = "RS256" if name == "good" else name.upper()
            assert jwt.decode(token, key, [alg], **rules) == CLAIMS, file


def versions():
    print("PyJWT", jwt.__version__)
    print("cryptography", cryptography.__version__)
    print("Python", platform.python_version())


if __name__ == "__main__":
    globals()[sys.argv[1]](*map(pathlib.Path, sys.argv[2:]))

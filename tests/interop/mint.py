"""The PyJWT half of mint.sh: mint.py mint|check|versions [KEYS OUT]."""

import base64
import hmac
import json
import pathlib
import platform
import sys
import warnings

import cryptography
import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import OKPAlgorithm

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
TAMPERED = CLAIMS | {"permissions": ["delete:messages"]}

# Signed by a key of a type that must not be accepted.
UNSUPPORTED = {"es512": "algorithm_not_accepted", "es256k": "algorithm_not_accepted", "ed448": "unknown_key"}
OTHER_HASH = {"256": "384", "384": "512", "512": "256"}
OTHER_PADDING = {"RS": "PS", "PS": "RS"}


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(value):
    return b64(json.dumps(value, separators=(",", ":")).encode())


def listed(keys):
    return [line.split() for line in (keys / "list").read_text().splitlines()]


def other_algorithms(alg):
    """For an RSA algorithm: the same key with another hash, and with another padding."""
    if alg[:2] in OTHER_PADDING:
        yield "other-hash", alg[:2] + OTHER_HASH[alg[2:]]
        yield "other-padding", OTHER_PADDING[alg[:2]] + alg[2:]


def hs256(secret, kid):
    """An HMAC made by hand, because PyJWT rightly refuses a PEM as its key."""
    try:
        jwt.encode(CLAIMS, secret, "HS256")
        sys.exit("PyJWT keyed HS256 with a public key")
    except jwt.InvalidKeyError:
        pass
    text = part({"alg": "HS256", "kid": kid, "typ": "JWT"}) + "." + part(CLAIMS)
    return text + "." + b64(hmac.digest(secret, text.encode(), "sha256"))


def tampered(token):
    header, _, signature = token.split(".")
    return ".".join([header, part(TAMPERED), signature])


def mint(keys, out):
    tokens, jwks = [], []
    for kid, alg in listed(keys):
        # PyJWT does not offer the name of RFC 9864.
        offered, alg = alg != "Ed25519", alg.replace("Ed25519", "EdDSA")
        public = (keys / f"{kid}.pub.pem").read_bytes()
        jwk = jwt.get_algorithm_by_name(alg).to_jwk(load_pem_public_key(public), as_dict=True)
        jwks.append(jwk | {"kid": kid, "use": "sig", "alg": alg})

        def sign(claims, by=kid, alg=alg):
            return jwt.encode(claims, (keys / f"{by}.pem").read_bytes(), alg, headers={"kid": kid})

        def add(case, outcome, token, alg=alg):
            tokens.append({"key": kid, "case": case, "alg": alg, "outcome": outcome, "token": token})

        if kid in UNSUPPORTED:
            add("unsupported", UNSUPPORTED[kid], sign(CLAIMS))
        elif offered:
            good = sign(CLAIMS)
            add("good", "accepted", good)
            add("expired", "expired", sign(EXPIRED))
            add("other-aud", "wrong_audience", sign(OTHER))
            add("tampered", "bad_signature", tampered(good))
            add("stranger", "bad_signature", sign(CLAIMS, f"{kid}.stranger"))
            for case, other in other_algorithms(alg):
                add(case, "unknown_key", sign(CLAIMS, alg=other), other)
            if alg == "EdDSA":
                add("ed448", "bad_signature", sign(CLAIMS, "ed448"))
            add("hs256", "algorithm_not_accepted", hs256(public, kid), "HS256")
    unsigned = jwt.encode(CLAIMS, None, "none")
    tokens.append({"key": "none", "case": "unsigned", "alg": "none", "outcome": "empty_segment", "token": unsigned})
    write(out / "tokens-pyjwt.json", {"tokens": tokens})
    write(out / "jwks-pyjwt.json", {"keys": jwks})
    without = [{name: value for name, value in jwk.items() if name != "alg"} for jwk in jwks]
    write(out / "jwks-pyjwt-without-alg.json", {"keys": without})


def write(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def refused(error, *args, **kwargs):
    try:
        jwt.decode(*args, **kwargs)
    except error:
        return
    sys.exit(f"{args} not refused with {error.__name__}")


def check(keys, out):
    """Every token of both libraries has the labelled outcome, and no other fault than that."""
    # PyJWT must be told the name of RFC 9864; the signature is the same.
    jwt.register_algorithm("Ed25519", OKPAlgorithm())

    def read(name):
        return json.loads((out / name).read_text())

    def by_kid(name, kid, alg):
        jwk = next(jwk for jwk in read(name)["keys"] if jwk["kid"] == kid)
        return jwt.get_algorithm_by_name(alg).from_jwk(jwk)

    rules = {"issuer": ISSUER, "audience": AUDIENCE, "options": {"require": ["exp", "iat", "aud"]}}
    for library, other in [("pyjwt", "jose"), ("jose", "pyjwt")]:
        tokens = read(f"tokens-{library}.json")["tokens"]
        good = {token["key"]: token["token"] for token in tokens if token["case"] == "good"}
        for entry in tokens:
            kid, case, alg, token = (entry[name] for name in ["key", "case", "alg", "token"])
            assert jwt.get_unverified_header(token)["alg"] == alg
            text, signature = token.rsplit(".", 1)
            if case == "unsigned":
                assert signature == ""
                assert jwt.decode(token, options={"verify_signature": False}) == CLAIMS
                continue
            assert jwt.get_unverified_header(token)["kid"] == kid
            if case == "hs256":
                secret = (keys / f"{kid}.pub.pem").read_bytes()
                assert b64(hmac.digest(secret, text.encode(), "sha256")) == signature
                assert jwt.decode(token, options={"verify_signature": False}) == CLAIMS
                continue
            # The key as written by the other library, if it supports the key.
            theirs = "pyjwt" if kid in ["es256k", "ed448"] else other
            key = by_kid(f"jwks-{theirs}-without-alg.json", kid, alg)
            if case == "expired":
                refused(jwt.ExpiredSignatureError, token, key, [alg], **rules)
            elif case == "other-aud":
                refused(jwt.InvalidAudienceError, token, key, [alg], **rules)
            elif case == "tampered":
                refused(jwt.InvalidSignatureError, token, key, [alg], **rules)
                assert jwt.decode(token, options={"verify_signature": False}) == TAMPERED
                assert token.split(".")[::2] == good[kid].split(".")[::2]
            elif case == "stranger":
                refused(jwt.InvalidSignatureError, token, key, [alg], **rules)
                key = by_kid("jwks-strangers.json", kid, alg)
                assert jwt.decode(token, key, [alg], **rules) == CLAIMS
            elif case == "ed448":
                refused(jwt.InvalidSignatureError, token, key, [alg], **rules)
                key = by_kid("jwks-pyjwt.json", "ed448", alg)
                assert jwt.decode(token, key, [alg], **rules) == CLAIMS
            else:
                assert case in ["good", "other-hash", "other-padding", "other-name", "unsupported"]
                assert jwt.decode(token, key, [alg], **rules) == CLAIMS


def versions():
    print("PyJWT", jwt.__version__)
    print("cryptography", cryptography.__version__)
    print("Python", platform.python_version())


if __name__ == "__main__":
    warnings.simplefilter("error")
    globals()[sys.argv[1]](*map(pathlib.Path, sys.argv[2:]))

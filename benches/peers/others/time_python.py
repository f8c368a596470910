"""Times PyJWT. Arguments: the file with the output of the program `token`, and the directory of the
test issuer's keys.

Prints a line for each library: toolchain, library, version, case, median, quartiles of the batches
and p99 of single calls, in nanoseconds.
"""

import base64
import importlib.metadata
import json
import platform
import random
import statistics
import sys
import time

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

# As for the Rust libraries: short batches, so that all see the same machine; then single calls,
# nearly each of them after a call of another library.
BATCHES = 2000
BATCH = 5
SINGLES = 10_000
WARM_UP = 200


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        sample = json.load(file)
    with open(f"{sys.argv[2]}/{sample['jwk']['kid']}.pk8", "rb") as file:
        private_key = load_der_private_key(file.read(), password=None)
    token = sample["token"]
    signing_input, _, signature = token.rpartition(".")
    claims = json.loads(decode(token.split(".")[1]))
    subject = claims["sub"]

    key = jwt.PyJWK(sample["jwk"])

    def pyjwt(token):
        return jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=sample["audience"],
            issuer=sample["issuer"],
            leeway=sample["leeway"],
            options={"require": ["iss", "aud", "exp", "nbf"]},
        )["sub"]

    def forge(changes):
        changed = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        text = token.split(".")[0] + "." + encode(json.dumps(changed).encode())
        return text + "." + encode(private_key.sign(text.encode(), PKCS1v15(), SHA256()))

    check_policy(pyjwt, subject, forge)
    if accepts(pyjwt, subject, with_one_bit_flipped(token)):
        sys.exit("accepted: another signature")

    # The runtime's share of the work: the bare signature check.
    public_key, message, raw_signature = key.key, signing_input.encode(), decode(signature)

    def cryptography_alone(_):
        public_key.verify(raw_signature, message, PKCS1v15(), SHA256())
        return subject

    check_that_it_verifies(public_key, message, raw_signature)
    cases = {"PyJWT": pyjwt, "cryptography alone": cryptography_alone}
    in_turns(cases, token, subject, 1, WARM_UP)
    batches = in_turns(cases, token, subject, BATCHES, BATCH)
    singles = in_turns(cases, token, subject, SINGLES, 1)
    toolchain = f"{platform.python_implementation()} {platform.python_version()}"
    for library in cases:
        q1, median, q3 = statistics.quantiles(batches[library], n=4)
        p99 = statistics.quantiles(singles[library], n=100)[98]
        version = importlib.metadata.version(library.split()[0])
        figures = ",".join(f"{nanoseconds:.0f}" for nanoseconds in (median, q1, q3, p99))
        print(f"{toolchain},{library},{version},RSA-2048,{figures}")


def check_policy(verify, subject, forge):
    """Fails unless `verify` enforces the same policy as the others."""
    now = int(time.time())
    accepted = [{}, {"exp": now - 30}, {"nbf": now + 30}]
    refused = [
        {"aud": "https://other.example.com/"},
        {"iss": "https://other.example.com/"},
        {"exp": now - 90},
        {"nbf": now + 90},
        *({name: None} for name in ("iss", "aud", "exp", "nbf")),
    ]
    for changes in accepted:
        if not accepts(verify, subject, forge(changes)):
            sys.exit(f"refused: {changes}")
    for changes in refused:
        if accepts(verify, subject, forge(changes)):
            sys.exit(f"accepted: {changes}")


def accepts(verify, subject, token):
    try:
        return verify(token) == subject
    except jwt.InvalidTokenError:
        return False


def with_one_bit_flipped(token):
    signing_input, _, signature = token.rpartition(".")
    flipped = bytearray(decode(signature))
    flipped[100] ^= 1
    return signing_input + "." + encode(bytes(flipped))


def check_that_it_verifies(public_key, message, signature):
    try:
        public_key.verify(signature, message + b".", PKCS1v15(), SHA256())
    except InvalidSignature:
        return
    sys.exit("cryptography accepted another message")


def in_turns(cases, token, subject, rounds, calls):
    """Nanoseconds per call of each library in each round."""
    times = {library: [] for library in cases}
    for _ in range(rounds):
        for library in random.sample(list(cases), len(cases)):
            times[library].append(per_call(cases[library], token, subject, calls))
    return times


def per_call(verify, token, subject, calls):
    start = time.perf_counter_ns()
    for _ in range(calls):
        assert verify(token) == subject
    return (time.perf_counter_ns() - start) / calls


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


main()

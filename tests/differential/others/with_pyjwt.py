"""Verifies the cases of the file in the first argument with PyJWT, and prints whether each is accepted."""

import datetime
import json
import sys

import jwt
import jwt.api_jwt

now = 0


class Clock(datetime.datetime):
    """PyJWT takes the time from the system only."""

    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(now, tz)


jwt.api_jwt.datetime = Clock


def key_for(header, keys):
    """The key with this `kid`; without `kid`, the only key for `alg`, as in tokenring."""
    if "kid" in header:
        fitting = [key for key in keys if key.key_id == header["kid"]]
        of_algorithm = [key for key in fitting if key.algorithm_name == header["alg"]]
        return (of_algorithm or fitting)[0]
    (key,) = [key for key in keys if key.algorithm_name == header["alg"]]
    return key


def verify(case):
    policy = case["policy"]
    keys = jwt.PyJWKSet.from_json(case["jwks"]).keys
    key = key_for(jwt.get_unverified_header(case["token"]), keys)
    jwt.decode(
        case["token"],
        key,
        algorithms=policy["algorithms"],
        issuer=policy["issuer"],
        audience=policy["audiences"] or None,
        leeway=policy["leeway"],
        options={
            "require": ["iss", "exp"] + (["aud"] if policy["audiences"] else []),
            "verify_aud": bool(policy["audiences"]),
        },
    )


with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
verdicts = []
for case in cases:
    now = case["now"]
    try:
        verify(case)
        verdicts.append("accept")
    except Exception as error:  # Any exception means that the token is refused.
        verdicts.append(f"{type(error).__name__}: {error}")
print(json.dumps(verdicts))

"""Canaille with a store in memory: access tokens by the password grant. Each algorithm has its own
client, named after it."""

import lines

import sys
import threading

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import ECKey, OKPKey, RSAKey
from werkzeug.serving import make_server

ALGORITHMS = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519",
    "ES512", "ES256K", "Ed448",
]  # fmt: skip
ec_curve, okp_curve = sys.argv[1:]
PASSWORD = "correct horse battery staple"


def private_key(kind, size, kid):
    return kind.generate_key(size, {"kid": kid}).as_dict(private=True)


def generation(number):
    return [
        private_key(RSAKey, 2048, f"rsa-{number}"),
        private_key(ECKey, ec_curve, f"ec-{number}"),
        private_key(OKPKey, okp_curve, f"okp-{number}"),
    ]


app = create_app(
    {
        "SECRET_KEY": "for tests",
        "CANAILLE": {"DATABASE": "memory"},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": generation(1)},
    }
)
oidc = app.config["CANAILLE_OIDC"]
with app.app_context():
    backend = Backend.instance
    with backend.session():
        backend.save(
            models.User(user_name="alice", formatted_name="Alice", family_name="A", password=PASSWORD)
        )
        for algorithm in ALGORITHMS:
            client = models.Client(
                client_id=algorithm,
                client_secret=PASSWORD,
                client_name=algorithm,
                grant_types=["password"],
                scope=["openid", "profile"],
                token_endpoint_auth_method="client_secret_post",
                id_token_signed_response_alg=algorithm,
            )
            backend.save(client)
            client.audience = [client]
            backend.save(client)

server = make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
numbers = iter(range(2, 100))


def rotate():
    """Former keys become inactive, as the manual says: they stay published and sign nothing."""
    oidc["INACTIVE_JWKS"] = oidc["ACTIVE_JWKS"]
    oidc["ACTIVE_JWKS"] = generation(next(numbers))
    return {}


def retire():
    oidc["INACTIVE_JWKS"] = None
    return {}


lines.serve(
    # Its issuer identifier is the URL of the request, with a slash at the end.
    {"issuer": f"http://127.0.0.1:{server.server_port}/", "password": PASSWORD},
    {"rotate": rotate, "retire": retire},
)
lines.end()

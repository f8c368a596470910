"""Glewlwyd, the C server from the Debian package, with its own database: access tokens by client
credentials. Each key has its own client, named after the key's algorithm.

The argument is the directory that the package was unpacked into."""

import lines

import http.cookiejar
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from joserfc.jwk import ECKey, OKPKey, RSAKey

ALGORITHMS = {
    "RS256": (RSAKey, 2048),
    "RS384": (RSAKey, 2048),
    "RS512": (RSAKey, 2048),
    "PS256": (RSAKey, 2048),
    "PS384": (RSAKey, 2048),
    "PS512": (RSAKey, 2048),
    "ES256": (ECKey, "P-256"),
    "ES384": (ECKey, "P-384"),
    "ES512": (ECKey, "P-521"),
    "EdDSA": (OKPKey, "Ed25519"),
}
# One key of each type. The limit of 16 KiB is too small for all keys twice.
ROTATED = ["RS256", "ES256", "EdDSA"]
SECRET = "a secret that every test of this issuer knows"
SCOPE = "messages"
# A property of a client that nothing else uses.
KID_PROPERTY = "alg_kid"
API = "https://api.example.com/"

root = Path(sys.argv[1])
scratch = tempfile.TemporaryDirectory()
database = Path(scratch.name, "glewlwyd.db")
with sqlite3.connect(database) as connection:
    schema = root / "usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"
    connection.executescript(schema.read_text())
connection.close()

with socket.socket() as listener:
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
url = f"http://127.0.0.1:{port}"
configuration = Path(scratch.name, "glewlwyd.conf")
configuration.write_text(f"""
port = {port}
bind_address = "127.0.0.1"
external_url = "{url}"
login_url = "login.html"
api_prefix = "api"
log_mode = "console"
log_level = "WARNING"
cookie_domain = "127.0.0.1"
cookie_secure = 0
session_key = "SESSION"
admin_scope = "g_admin"
profile_scope = "g_profile"
user_module_path = "{root}/usr/lib/glewlwyd/user"
user_middleware_module_path = "{root}/usr/lib/glewlwyd/user_middleware"
client_module_path = "{root}/usr/lib/glewlwyd/client"
user_auth_scheme_module_path = "{root}/usr/lib/glewlwyd/scheme"
plugin_module_path = "{root}/usr/lib/glewlwyd/plugin"
hash_algorithm = "SHA512"
database = {{ type = "sqlite3" path = "{database}" }};
""")
libraries = ":".join(str(path) for path in root.glob("usr/lib/*-linux-*"))
server = subprocess.Popen(
    [root / "usr/bin/glewlwyd", "--config-file", configuration],
    env=os.environ | {"LD_LIBRARY_PATH": libraries},
    stdin=subprocess.DEVNULL,
    stdout=sys.stderr,
)

browser = urllib.request.build_opener(
    urllib.request.ProxyHandler({}),
    urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
)


def call(method, path, body=None):
    request = urllib.request.Request(f"{url}/api/{path}", method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("content-type", "application/json")
    with browser.open(request) as answer:
        return answer.read()


def log_in():
    for _ in range(100):
        if server.poll() is not None:
            sys.exit(f"glewlwyd ended at its start: {server.returncode}")
        try:
            # The default administrator of a new database.
            return call("POST", "auth", {"username": "admin", "password": "password"})
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.1)
    sys.exit("glewlwyd does not listen")


def generation(number, algorithms):
    return [private_key(f"{algorithm}-{number}", algorithm) for algorithm in algorithms]


def private_key(kid, algorithm):
    kind, size = ALGORITHMS[algorithm]
    return kind.generate_key(size, {"kid": kid, "alg": algorithm}).as_dict(private=True)


def plugin(keys):
    return {
        "module": "oidc",
        "name": "oidc",
        "display_name": "oidc",
        "parameters": {
            "iss": f"{url}/api/oidc",
            "jwks-private": json.dumps({"keys": keys}),
            "client-sign_kid-parameter": KID_PROPERTY,
            "access-token-duration": 3600,
            "refresh-token-duration": 3600,
            "code-duration": 600,
            "allow-non-oidc": True,
            "auth-type-client-enabled": True,
            "jwks-show": True,
            "resource-allowed": True,
            "resource-scope": {SCOPE: [API]},
        },
    }


def client(algorithm, number):
    return {
        "client_id": algorithm,
        "name": algorithm,
        "confidential": True,
        "enabled": True,
        "password": SECRET,
        "client_secret": SECRET,
        "authorization_type": ["client_credentials"],
        "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"],
        "scope": [SCOPE],
        KID_PROPERTY: f"{algorithm}-{number}",
    }


number = 1
keys = generation(number, ALGORITHMS)


def rotate():
    global number, keys
    number += 1
    keys = generation(number, ROTATED) + keys
    load_keys()
    for algorithm in ROTATED:
        call("PUT", f"client/{algorithm}", client(algorithm, number))
    return {}


def retire():
    """Stops publishing the keys of former generations."""
    global keys
    keys = [key for key in keys if key["kid"].endswith(f"-{number}")]
    load_keys()
    return {}


def load_keys():
    call("PUT", "mod/plugin/oidc", plugin(keys))
    call("PUT", "mod/plugin/oidc/reset")


try:
    log_in()
    call("POST", "scope", {"name": SCOPE, "display_name": SCOPE})
    call("POST", "mod/plugin", plugin(keys))
    for algorithm in ALGORITHMS:
        call("POST", "client", client(algorithm, number))
    lines.serve(
        {"issuer": f"{url}/api/oidc", "secret": SECRET, "scope": SCOPE, "api": API},
        {"rotate": rotate, "retire": retire},
    )
except urllib.error.HTTPError as error:
    sys.exit(f"{error.url}: {error} {error.read()}")
finally:
    server.terminate()
    server.wait()
    scratch.cleanup()

#!/usr/bin/env bash
# Mints the tokens and key sets of this directory again, with other projects' libraries:
# PyJWT (mint.py) and jose (mint.mjs), over keys made by openssl. Needs bash, openssl, python3
# with venv, node and npm, and package registries. Everything else happens in a temporary directory,
# which is deleted afterwards, private keys included.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
umask 077

python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install --quiet --disable-pip-version-check 'PyJWT[crypto]'
mkdir "$tmp/npm" "$tmp/keys" "$tmp/out"
(cd "$tmp/npm" && npm init --yes && npm install --no-audit --no-fund jose) >"$tmp/npm.log" 2>&1 ||
    { cat "$tmp/npm.log" >&2; exit 1; }

# The key's `kid`; its `alg`; how openssl makes it. The last three are of types that must be
# refused.
while read -r kid alg type option; do
    echo "$kid $alg" >>"$tmp/keys/list"
    # A stranger's key has the same type and size, and is not in the issuer's set.
    for name in "$kid" "$kid.stranger"; do
        openssl genpkey -algorithm "$type" ${option:+-pkeyopt "$option"} \
            -out "$tmp/keys/$name.pem" 2>/dev/null
        openssl pkey -in "$tmp/keys/$name.pem" -pubout -out "$tmp/keys/$name.pub.pem"
    done
done <<'KEYS'
rs256 RS256 RSA rsa_keygen_bits:2048
rs256-3072 RS256 RSA rsa_keygen_bits:3072
rs256-4096 RS256 RSA rsa_keygen_bits:4096
rs384 RS384 RSA rsa_keygen_bits:2048
rs512 RS512 RSA rsa_keygen_bits:2048
ps256 PS256 RSA rsa_keygen_bits:2048
ps384 PS384 RSA rsa_keygen_bits:2048
ps512 PS512 RSA rsa_keygen_bits:2048
es256 ES256 EC ec_paramgen_curve:P-256
es384 ES384 EC ec_paramgen_curve:P-384
eddsa EdDSA ED25519
ed25519 Ed25519 ED25519
es512 ES512 EC ec_paramgen_curve:P-521
es256k ES256K EC ec_paramgen_curve:secp256k1
ed448 EdDSA ED448
KEYS

cp "$here/mint.mjs" "$tmp/npm/" # node looks for packages beside the script
"$tmp/venv/bin/python" "$here/mint.py" mint "$tmp/keys" "$tmp/out"
node "$tmp/npm/mint.mjs" mint "$tmp/keys" "$tmp/out"

# Before anything is kept, each library reads the files of the other.
"$tmp/venv/bin/python" "$here/mint.py" check "$tmp/keys" "$tmp/out"
node "$tmp/npm/mint.mjs" check "$tmp/keys" "$tmp/out"

{
    "$tmp/venv/bin/python" "$here/mint.py" versions
    node "$tmp/npm/mint.mjs" versions
    openssl version | cut -d' ' -f1,2
} >"$tmp/out/VERSIONS"

rm -f "$here"/*.json "$here/VERSIONS"
umask 022
for file in "$tmp"/out/*; do
    install -m 644 "$file" "$here/"
done
echo "wrote $(ls "$tmp/out" | wc -l) files to $here"

#!/usr/bin/env bash
# Mints the tokens and key sets of this directory anew, with other people's libraries:
# PyJWT (mint.py) and jose (mint.mjs), over RSA keys made by openssl. Needs bash, openssl, python3
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

for bits in 2048 3072 4096; do
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:$bits -out "$tmp/keys/$bits.pem" 2>/dev/null
    openssl pkey -in "$tmp/keys/$bits.pem" -pubout -out "$tmp/keys/$bits.pub.pem"
done

cp "$here/mint.mjs" "$tmp/npm/" # node looks for packages beside the script
"$tmp/venv/bin/python" "$here/mint.py" mint "$tmp/keys" "$tmp/out"
node "$tmp/npm/mint.mjs" mint "$tmp/keys" "$tmp/out"
"$tmp/venv/bin/python" "$here/mint.py" sets "$tmp/keys" "$tmp/out"

# Each library reads what the other one wrote before anything is kept.
"$tmp/venv/bin/python" "$here/mint.py" check "$tmp/keys" "$tmp/out"
node "$tmp/npm/mint.mjs" check "$tmp/keys" "$tmp/out"

{
    "$tmp/venv/bin/python" "$here/mint.py" versions
    node "$tmp/npm/mint.mjs" versions
    openssl version | cut -d' ' -f1,2
} >"$tmp/out/VERSIONS"

rm -f "$here"/*.jwt "$here"/jwks*.json "$here/VERSIONS"
umask 022
for file in "$tmp"/out/*; do
    install -m 644 "$file" "$here/"
done
echo "wrote $(ls "$tmp/out" | wc -l) files to $here"

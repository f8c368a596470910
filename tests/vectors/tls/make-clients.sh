#!/usr/bin/env bash
# Makes the client certificates and private keys of the TLS tests again, with openssl. No arguments; writes
# beside itself. Each certificate is self-signed, and its key is in each form that openssl writes.
set -euo pipefail
cd "$(dirname "$0")"

# client NAME OPTIONS_OF_GENPKEY...
client() {
    local name=$1
    shift
    openssl genpkey "$@" -out "client-$name-key.pem"
    openssl req -x509 -new -subj "/CN=client-$name" -days 36500 -key "client-$name-key.pem" \
        -out "client-$name.pem"
}

client rsa-2048 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
client rsa-1024 -algorithm RSA -pkeyopt rsa_keygen_bits:1024
client p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
client p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
client p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
client ed25519 -algorithm ED25519
for name in rsa-2048 p256 p384; do
    openssl pkey -in "client-$name-key.pem" -traditional -out "client-$name-key-traditional.pem"
done
# A certificate of version 1, which rustls does not read.
request=$(mktemp)
openssl req -new -subj "/CN=client-version-1" -key client-p256-key.pem -out "$request"
openssl x509 -req -days 36500 -in "$request" -signkey client-p256-key.pem -out client-version-1.pem
rm "$request"

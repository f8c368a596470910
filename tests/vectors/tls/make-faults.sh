#!/usr/bin/env bash
# Makes the certificates of the hints for TLS again, with openssl. No arguments; writes beside itself. Each has
# the key of all servers, is signed by itself, and is for 127.0.0.1 unless noted.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

touch "$work/index"
echo 01 >"$work/serial"
cat >"$work/config" <<CONFIG
[req]
distinguished_name = name
[name]
[ca]
default_ca = authority
[authority]
database = $work/index
new_certs_dir = $work
serial = $work/serial
policy = anything
unique_subject = no
[anything]
commonName = supplied
CONFIG

# certify NAME CONSTRAINTS DIGEST FIRST_DAY [HOST]
certify() {
    printf 'basicConstraints=critical,%s\nsubjectAltName=%s\n' "$2" "${5:-IP:127.0.0.1}" \
        >"$work/extensions"
    openssl req -new -config "$work/config" -subj "/CN=$1" -key server-key.pem -out "$work/request"
    openssl ca -batch -notext -config "$work/config" -extfile "$work/extensions" -md "$3" \
        -startdate "$4" -enddate 40000101000000Z -in "$work/request" -out "$1.pem" \
        -selfsign -keyfile server-key.pem
}

past=20190101000000Z
certify authority-as-server CA:TRUE sha256 $past
certify not-yet-valid CA:FALSE sha256 39990101000000Z
# rustls verifies P-256 with SHA-256 and SHA-384.
certify unsupported CA:FALSE sha512 $past
certify name-of-a-fault CA:FALSE sha256 $past DNS:UnknownIssuer.example

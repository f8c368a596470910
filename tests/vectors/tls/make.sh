#!/usr/bin/env bash
# Makes the certificates of the TLS tests again, with openssl. No arguments; writes beside itself.
#
# All servers share one private key. The authorities' private keys are not kept, so that they never
# sign anything else.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

# certify OUT SUBJECT_CN KEY EXTENSIONS LAST_DAY SIGNER_OPTIONS...
certify() {
    local out=$1 name=$2 key=$3 extensions=$4 last=$5
    shift 5
    printf '%b\n' "$extensions" >"$work/extensions"
    openssl req -new -config "$work/config" -subj "/CN=$name" -key "$key" -out "$work/request"
    openssl ca -batch -notext -config "$work/config" -extfile "$work/extensions" \
        -startdate 20190101000000Z -enddate "$last" -in "$work/request" -out "$out" "$@"
}

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
default_md = sha256
policy = anything
unique_subject = no
[anything]
commonName = supplied
CONFIG

new_key server-key.pem
good=40000101000000Z
past=20200101000000Z
for authority in authority other-authority; do
    new_key "$work/$authority-key.pem"
    certify "$authority.pem" "tokenring test $authority" "$work/$authority-key.pem" \
        'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign' $good \
        -selfsign -keyfile "$work/$authority-key.pem"
done

server='basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName='
by_authority=(-cert authority.pem -keyfile "$work/authority-key.pem")
certify loopback.pem loopback server-key.pem "${server}IP:127.0.0.1" $good "${by_authority[@]}"
certify other-host.pem other-host server-key.pem "${server}DNS:other.example" $good \
    "${by_authority[@]}"
certify expired.pem expired server-key.pem "${server}IP:127.0.0.1" $past "${by_authority[@]}"
certify self-signed.pem self-signed server-key.pem "${server}IP:127.0.0.1" $good \
    -selfsign -keyfile server-key.pem

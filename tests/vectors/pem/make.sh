#!/bin/sh
# Makes these files with OpenSSL 3. The keys of the accepted ones are the test kit's, the others are random.
set -eu
cd "$(dirname "$0")"
keys=../../../src/testkit
for pair in rsa:rsa p256:es256 p384:es384 ed25519:eddsa; do
    name=${pair%:*}
    key=$keys/tokenring-test-key-${pair#*:}.pk8
    openssl pkey -inform DER -in "$key" -pubout -out "$name.pem"
    openssl req -x509 -new -keyform DER -key "$key" -subj "/CN=not looked at" -days 1 -out "$name-certificate.pem"
done
openssl rsa -pubin -in rsa.pem -RSAPublicKey_out -out rsa-pkcs1.pem
openssl req -new -keyform DER -key $keys/tokenring-test-key-eddsa.pk8 -subj "/CN=request" -out refused-request.pem
openssl pkey -pubin -in p256.pem -pubout -ec_conv_form compressed -out refused-p256-compressed.pem
openssl pkey -pubin -in p256.pem -pubout -ec_param_enc explicit -out refused-p256-explicit.pem

refuse() {
    name=$1
    shift
    openssl genpkey "$@" | openssl pkey -pubout -out "refused-$name.pem"
}
refuse rsa-1024 -algorithm RSA -pkeyopt rsa_keygen_bits:1024
refuse rsa-exponent-3 -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3
refuse rsa-pss -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048
refuse p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
refuse secp256k1 -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1
refuse x25519 -algorithm X25519
refuse ed448 -algorithm ED448

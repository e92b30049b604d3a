#!/usr/bin/env bash
# What the guide's scripts/generate-certs.sh does: a CA and a leaf for each service with the openssl command, RSA 4096.
# usage: generate-certs.sh DIRECTORY NAME...
set -euo pipefail
directory=$1
shift
mkdir -p "$directory"
cd "$directory"
openssl genrsa -out ca-key.pem 4096
openssl req -new -x509 -days 3650 -key ca-key.pem -out ca-cert.pem -subj "/CN=internal CA"
for name in "$@"; do
    openssl genrsa -out "$name-key.pem" 4096
    openssl req -new -key "$name-key.pem" -out "$name.csr" -subj "/CN=aicos-$name"
    printf 'subjectAltName=DNS:aicos-%s,DNS:localhost,IP:127.0.0.1\n' "$name" >"$name.ext"
    openssl x509 -req -days 3650 -in "$name.csr" -CA ca-cert.pem -CAkey ca-key.pem -CAcreateserial \
        -extfile "$name.ext" -out "$name-cert.pem"
    rm "$name.csr" "$name.ext"
done
chmod 600 ./*-key.pem

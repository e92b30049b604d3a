#!/bin/sh
# serve.sh CONFIGURATION: haproxy with the certificate $TLS_CERT_PATH/$TLS_CERT_NAME-cert.pem and its key. Every few
# seconds it looks whether they were renewed; haproxy then takes the new ones and open connections stay.
set -eu
certificate="$TLS_CERT_PATH/$TLS_CERT_NAME-cert.pem"
key="$TLS_CERT_PATH/$TLS_CERT_NAME-key.pem"
directory="${TLS_RUN_PATH:-/run/tls}"
umask 077

join() { # haproxy wants both in one file
    cat "$certificate" "$key" > "$directory/new.pem" && mv "$directory/new.pem" "$directory/server.pem"
}

state() {
    cat "$certificate" "$key" 2>/dev/null | cksum
}

if ! join; then
    echo "aicos-tls: $certificate and $key cannot be read" >&2
    exit 1
fi
served=$(state)
haproxy -W -db -f "$1" &
haproxy=$!
trap 'kill -TERM "$haproxy" 2>/dev/null' TERM INT

while kill -0 "$haproxy" 2>/dev/null; do
    sleep "${TLS_CHECK_SECONDS:-5}" &
    wait $! || true
    now=$(state)
    if [ "$now" != "$served" ] && join && haproxy -c -q -f "$1"; then
        served=$now
        kill -USR2 "$haproxy"
    fi
done
wait "$haproxy"

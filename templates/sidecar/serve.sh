#!/bin/sh
# serve.sh CONFIGURATION PORT:TLS_PORT...: TLS for the application that shares this container's network namespace.
#
# The ports are closed to others before anything else happens; then haproxy serves $TLS_CERT_PATH/$TLS_CERT_NAME-cert.pem
# and its key on them. When haproxy ends it is started again, when the files were renewed it takes the new ones, and open
# connections stay. haproxy runs as its own user, without any capability ($TLS_AS_PROXY names what changes the user).
set -eu
configuration=$1
shift
certificate="$TLS_CERT_PATH/$TLS_CERT_NAME-cert.pem"
directory="${TLS_RUN_PATH:-/run/tls}"
seconds="${TLS_CHECK_SECONDS:-5}"
service="${TLS_SERVICE:-$TLS_CERT_NAME}"
as_proxy="${TLS_AS_PROXY:-su-exec haproxy}"

say() {
    echo "aicos-tls: $*" >&2
}

pair() { # certificate and key of one renewal: names that are links lead to a directory that has both
    real=$(readlink -f "$certificate" 2>/dev/null || echo "$certificate")
    key="$(dirname "$real")/$TLS_CERT_NAME-key.pem"
    [ -e "$key" ] || { real="$certificate"; key="$TLS_CERT_PATH/$TLS_CERT_NAME-key.pem"; }
}

state() {
    pair
    cat "$real" "$key" 2>/dev/null | cksum
}

give() { # what is read, as a file of this name that only haproxy's user may read
    # shellcheck disable=SC2016 - its own arguments are meant
    $as_proxy sh -c 'umask 077; cat > "$1/new" && mv "$1/new" "$1/$2"' - "$directory" "$1"
}

join() { # haproxy wants both in one file
    pair
    [ -r "$real" ] && [ -r "$key" ] || return 1
    cat "$real" "$key" | give server.pem
}

nap() { # a trap ends it
    sleep "$1" &
    wait $! || true
}

proxy() { # haproxy, for ever
    while :; do
        $as_proxy haproxy -W -db -m "${TLS_MEMORY:-128}" -f "$directory/haproxy.cfg" &
        echo $! > "$directory/pid"
        wait $! && code=0 || code=$?
        say "haproxy ended with status $code and is started again; the ports stay closed meanwhile"
        sleep 0.2
    done
}

applications() { # whether the application listens on all of its ports
    for pair in $pairs; do healthy.sh "${pair%%:*}" || return 1; done
}

stop() {
    [ -z "$loop" ] || kill "$loop" 2>/dev/null || true
    [ ! -e "$directory/pid" ] || $as_proxy kill -TERM "$(cat "$directory/pid")" 2>/dev/null || true
    exit 0
}

loop=""
pairs="$*"
trap stop TERM INT
mkdir -p "$directory"
redirect.sh "$@" || { say "the redirect cannot be set: this container needs NET_ADMIN"; exit 1; }
chmod 1777 "$directory"

# the own IPv6 address: after a redirect of IPv6 haproxy does not know which one the client asked for
TLS_IPV6=$(awk '$4 == "00" { gsub(/..../, "&:", $1); print substr($1, 1, 39); exit }' /proc/net/if_inet6 2>/dev/null || true)
if [ -n "$TLS_IPV6" ]; then export TLS_IPV6; else unset TLS_IPV6; fi

told=""
until join; do
    [ -n "$told" ] || say "$certificate and its key cannot be read: the ports of $service stay closed until they can"
    told=yes
    nap 1
done
give haproxy.cfg < "$configuration"
served=$(state)
proxy &
loop=$!
say "the ports of $service (port:TLS port $pairs) answer TLS only, with $certificate"

absent=0
while :; do
    nap "$seconds"
    now=$(state)
    if [ "$now" != "$served" ]; then
        if join && $as_proxy haproxy -c -q -f "$directory/haproxy.cfg"; then
            served=$now
            $as_proxy kill -USR2 "$(cat "$directory/pid")" && say "the certificate of $service was renewed and is served"
        fi
    fi
    if applications; then
        absent=0
    else
        absent=$((absent + 1))
        [ "$absent" -ne 3 ] || say "nothing listens on the ports of $service here. If $service runs, it was started" \
            "before this container and is cut off: docker compose restart $service"
    fi
done

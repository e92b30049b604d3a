#!/bin/sh
# redirect.sh PORT:TLS_PORT...: packets that come in on PORT go to TLS_PORT; those within the namespace stay.
# Fails when a redirect cannot be set, so that nothing starts beside an open port.
set -eu
export XTABLES_LOCKFILE="${TLS_RUN_PATH:-/run/tls}/xtables.lock"

redirect() { # program, PORT:TLS_PORT
    rule="PREROUTING -p tcp --dport ${2%%:*} -j REDIRECT --to-ports ${2##*:}"
    # shellcheck disable=SC2086
    "$1" -t nat -C $rule 2>/dev/null || "$1" -t nat -A $rule
}

# the fourth column of the kernel's list is the scope of an IPv6 address; 00 can be reached from elsewhere
ipv6=$(awk '$4 == "00"' /proc/net/if_inet6 2>/dev/null || true)

for pair in "$@"; do
    redirect iptables "$pair"
    if [ -n "$ipv6" ]; then redirect ip6tables "$pair"; fi
done

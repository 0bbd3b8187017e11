#!/bin/sh
# Starts the servers of the network tests on loopback, and ends them when its stdin ends:
#   start.sh PLACE CLIENTS TLS-PORT PLAIN-PORT WEBSOCKET-PORT
# PLACE is an empty directory that everything is made in; CLIENTS is what Scripts/clients.sh made.
# Says "ready" once all of them answer.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
place=$1 clients=$2 tls=$3 plain=$4 websocket=$5
PATH=$clients/servers/usr/sbin:$PATH:/usr/sbin:/sbin
for directory in "$clients"/servers/usr/lib/*-linux-gnu*; do
  LD_LIBRARY_PATH=$directory${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
unset SSL_CERT_FILE
cd -- "$place"
exec 2>log

curve='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
# shellcheck disable=SC2086 # a list of words
{
  openssl req -x509 $curve -keyout roots.key -out roots.pem -days 3 -subj '/CN=Test Roots' \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
  openssl req $curve -keyout server.key -out server.csr -subj /CN=up.example.com
}
printf 'subjectAltName=DNS:*.example.com\nextendedKeyUsage=serverAuth\n' >extensions
openssl x509 -req -in server.csr -CA roots.pem -CAkey roots.key -CAcreateserial -days 3 \
  -extfile extensions -out server.pem

mkdir -p www git tmp
echo 'tester:{PLAIN}hunter2' >users
echo hello >www/hello.txt
truncate -s 1G www/large
truncate -s 128M www/middle
python3 "$here/packages.py" "https://up.example.com:$tls"

export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
author='-c user.name=A -c user.email=a@example.com'
git init -q -b main seed
for number in one two; do
  echo "$number" >seed/file
  git -C seed add file
  # shellcheck disable=SC2086 # a list of words
  git -C seed $author commit -qm "$number"
done
git -C seed branch agent/old
git clone -q --bare seed git/acme.git
git clone -q --bare seed git/other.git
for name in acme other; do git -C "git/$name.git" config http.receivepack true; done

user=
[ "$(id -u)" -ne 0 ] || user='user root root;'
{
  echo "$user"
  sed -e "s|@TLS@|$tls|g; s|@PLAIN@|$plain|g; s|@PLACE@|$place|" \
    -e "s|@BACKEND@|$(git --exec-path)/git-http-backend|" "$here/nginx.conf"
} >nginx.conf
children=
start() {
  "$@" </dev/null >>log 2>&1 &
  children="$children $!"
}
trap 'kill $children' EXIT
start nginx -p "$place" -c nginx.conf
command -v fcgiwrap >/dev/null && start fcgiwrap -s "unix:$place/fcgi.sock"
[ ! -x "$clients/venv/bin/python" ] ||
  start "$clients/venv/bin/python" "$here/echo.py" "$websocket"

answers() { python3 -c "import socket; socket.create_connection(('127.0.0.1', $1)).close()"; }
for port in "$tls" "$plain" ${clients:+"$websocket"}; do
  tries=0
  until answers "$port"; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || break
    sleep 0.1
  done
done
echo ready
cat >/dev/null

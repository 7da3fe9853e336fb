#!/bin/sh
# Runs every block of deploy/INSTALL.md, those marked `sh root` too, under a real systemd: PREFIX is empty there.
#
#   sudo tests/deploy/on_systemd.sh          about three minutes; exit status 0 if every block did what it says
#
# systemd runs in namespaces of its own, on an overlay of this machine's files: nothing is changed outside the overlay.
# The network is this machine's, for pip; so the document's addresses give way to free ones on the loopback.
# Needs root, systemd, curl, python3 with venv, and a kernel with overlayfs and cgroup2.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
[ "$(id -u)" = 0 ] || { echo "on_systemd.sh needs root" >&2; exit 2; }

# --- The second time round: process 1 of the namespaces, which becomes systemd
if [ "${1:-}" = as-process-1 ]; then
    work=$2
    mount --make-rprivate /
    mount -t tmpfs none "$work"
    mkdir "$work/upper" "$work/lower" "$work/work" "$work/new"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/new"
    new=$work/new
    mount -t proc proc "$new/proc"
    mount --rbind /dev "$new/dev"
    mount -t sysfs -o ro sysfs "$new/sys"
    mount -t cgroup2 cgroup2 "$new/sys/fs/cgroup"
    mount -t tmpfs tmpfs "$new/run"
    mount -t tmpfs tmpfs "$new/tmp"
    # Nothing of this machine's own starts in there.
    rm -f "$new"/etc/systemd/system/*.wants/* "$new"/etc/systemd/system/*.requires/*
    for unit in systemd-udevd systemd-udev-trigger systemd-sysctl systemd-tmpfiles-setup systemd-tmpfiles-setup-dev \
        systemd-remount-fs systemd-machine-id-commit systemd-random-seed systemd-modules-load systemd-binfmt \
        systemd-pstore systemd-journal-flush; do
        ln -sf /dev/null "$new/etc/systemd/system/$unit.service"
    done
    for unit in systemd-udevd-kernel.socket systemd-udevd-control.socket proc-sys-fs-binfmt_misc.automount; do
        ln -sf /dev/null "$new/etc/systemd/system/$unit"
    done
    # pivot_root and not chroot, in which no user namespace may be made (PrivateUsers).
    mkdir "$new/mnt/outside"
    cd "$new"
    pivot_root . mnt/outside
    umount --lazy /mnt/outside
    exec env -i container=lunchbell PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        /lib/systemd/systemd --system --unit=basic.target --log-target=journal
fi

# --- The document's commands, in order, as one script
work=$(mktemp -d)
awk '/^```sh( root)?$/ { n++; inside = 1; printf "echo \"--- INSTALL.md, line %d\" >&2\n", NR; next }
     /^```$/ { inside = 0; next }
     inside { print }' "$root/deploy/INSTALL.md" >"$work/blocks"
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
filter=$(port)
origin=$(port)
sed -e "s|^PROXY=.*|PROXY=127.0.0.1:$(port)|" -e "s|^METRICS=.*|METRICS=127.0.0.1:$(port)|" \
    -e "s|^ANALYSER=.*|ANALYSER=127.0.0.1:$(port)|" -e "s|^FILTER=.*|FILTER=http://127.0.0.1:$filter|" \
    -e "s|^PYTHON=.*|PYTHON=${PYTHON:-/usr/bin/python3}|" -e 's|^apt-get install|: &|' "$work/blocks" >"$work/script"

# A filter: it answers plain requests for every site itself, and leads tunnels to the stand-in of the demo's.
python3 - "$filter" "$origin" <<'EOF' &
import http.server, socket, sys, threading
class Filter(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def do_CONNECT(self):
        other = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
        self.send_response(200); self.end_headers()
        def back():
            while data := other.recv(65536): self.connection.sendall(data)
        threading.Thread(target=back, daemon=True).start()
        while data := self.connection.recv(65536): other.sendall(data)
        self.close_connection = True
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Filter).serve_forever()
EOF
filter_pid=$!

mkdir "$work/overlay"
unshare --pid --fork --kill-child --mount --uts --ipc --cgroup "$0" as-process-1 "$work/overlay" >"$work/boot" 2>&1 &
outside=$!
trap 'kill -9 $outside $filter_pid 2>/dev/null || true; rm -rf "$work"' EXIT
enter() { nsenter --target "$inside" --mount --pid --uts --ipc --cgroup --root --wd="/proc/$inside/root$root" "$@"; }
up() { inside=$(pgrep -P "$outside") && [ "$(enter systemctl is-system-running 2>/dev/null)" = running ]; }
tries=0
until up; do
    tries=$((tries + 1))
    if [ "$tries" = 30 ]; then
        echo "systemd did not start:" >&2
        cat "$work/boot" >&2
        enter systemctl list-units --failed --no-pager >&2
        exit 1
    fi
    sleep 1
done

# After the first look, what only a real systemd can show.
echo "ORIGIN=127.0.0.1:$origin" >"$work/shown"
cat >>"$work/shown" <<'EOF'
echo "--- an opened connection, through the filter, under the restrictions of the unit" >&2
cp -p "$ETC/lunchbell.toml" "$ETC/lunchbell.toml.own"
"$BIN/python" -m lunchbell_proxy.origin "$ORIGIN" "$ETC/origin" &
origin_pid=$!
sed -i 's|^networks = \["10.40.1.0/24"|networks = ["127.0.0.0/8", "10.40.1.0/24"|' "$ETC/lunchbell.toml"
mkdir -p /etc/systemd/system/lunchbell-proxy.service.d
cat >/etc/systemd/system/lunchbell-proxy.service.d/filter.conf <<UNIT
[Service]
ExecStart=
ExecStart=$BIN/lunchbell proxy --config $ETC/lunchbell.toml --origin-authority $ETC/origin/mitmproxy-ca-cert.pem
UNIT
sleep 3
chmod 755 "$ETC/origin"
systemctl daemon-reload
systemctl restart lunchbell-proxy
curl --fail --silent --show-error --output /dev/null --write-out 'facebook: %{http_code} by HTTP/%{http_version}\n' \
    --cacert "$ETC/lunchbell-ca.pem" --proxy "http://$PROXY" https://www.facebook.com/
sleep 2
curl --fail --silent "http://$METRICS/metrics" | grep -E "^lunchbell_proxy_(connections|events|analyser|mistakes|outbox)"
curl --fail --silent "http://$METRICS/metrics" | grep -q '^lunchbell_proxy_connections_opened_total 1.0'
"$BIN/python" -c 'import sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("SELECT service, activity, subject, requests FROM usage").fetchall()
print("stored:", rows)
assert rows == [("facebook", "open", "", 1)]' \
    "$STATE/lunchbell-analyser/lunchbell.db"
kill "$origin_pid"
mv "$ETC/lunchbell.toml.own" "$ETC/lunchbell.toml"
rm -r /etc/systemd/system/lunchbell-proxy.service.d
systemctl daemon-reload
systemctl restart lunchbell-proxy
echo "--- what systemd says of them" >&2
for unit in lunchbell-analyser lunchbell-proxy; do
    systemctl show "$unit" -p Id -p ActiveState -p Type -p WatchdogUSec -p NRestarts -p User -p MemoryCurrent
    pid=$(systemctl show "$unit" -p MainPID --value)
    grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' "/proc/$pid/status"
done
stopped=$(systemctl show lunchbell-proxy -p MainPID --value)
kill -STOP "$stopped"
echo "--- the proxy's loop is held; the watchdog should end it" >&2
for _ in $(seq 60); do
    sleep 1
    now=$(systemctl show lunchbell-proxy -p MainPID --value)
    [ "$now" != "$stopped" ] && [ "$now" != 0 ] && [ "$(systemctl is-active lunchbell-proxy)" = active ] && break
done
systemctl show lunchbell-proxy -p NRestarts -p ActiveState
[ "$(systemctl show lunchbell-proxy -p NRestarts --value)" = 1 ]
curl --fail --silent --show-error --output /dev/null --proxy "http://$PROXY" http://www.example.com/
journalctl --no-pager -u lunchbell-proxy -u lunchbell-analyser | tail -25
EOF
awk -v shown="$work/shown" '/^systemctl reload/ { while ((getline line < shown) > 0) print line } { print }' \
    "$work/script" >"$work/all"
if enter env PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -eu <"$work/all"; then
    echo "every block of INSTALL.md did what it says"
else
    enter journalctl --no-pager -u lunchbell-proxy -u lunchbell-analyser | tail -40
    exit 1
fi

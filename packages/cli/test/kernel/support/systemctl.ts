/**
 * A script in place of `systemctl`, for hosts that are namespaces: does what units say, with their additions, but without the
 * user and the limits that they have. Logs and process numbers are in the folder of the lab.
 */
export const SYSTEMCTL = String.raw`set -e
folder=/etc/systemd/system
# The values of a setting of a unit; lines that go on are one.
values() {
  cat "$folder/$(echo "$2" | sed 's/@.*/@/').service" "$folder/$2.service.d"/*.conf 2>/dev/null |
    sed -e :a -e '/\\$/N; s/\\\n//; ta' | sed -n "s/^$1=//p" |
    sed "s#%i#${'${'}2#*@}#g; s#%N#$2#g; s#%t#/run#g"
}
# Runs the commands of a setting; one that begins with a hyphen may fail.
run() {
  values "$1" "$2" | while read -r line; do
    case $line in
      -*) sh -c "${'${'}line#-}" || true ;;
      *) sh -c "$line" ;;
    esac
  done
}
runs() { [ -f "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null; }
start() {
  runs && return
  if [ "$unit" = bird ]; then
    bird -P "$pid" >"$log" 2>&1
  elif [ "$(values Type "$unit")" = oneshot ]; then
    run ExecStart "$unit"
  else
    mkdir -p "/run/6bed4/$unit"
    eval "setsid $(values ExecStart "$unit") >\"\$log\" 2>&1 &"
    echo $! >"$pid"
    [ "$(values Type "$unit")" = notify ] || return 0
    for i in $(seq 100); do grep -q 'ready ' "$log" && return; sleep 0.1; done
    cat "$log" >&2; exit 1
  fi
}
stop() {
  [ "$unit" = bird ] || run ExecStop "$unit"
  if runs; then
    kill "$(cat "$pid")"
    for i in $(seq 100); do runs || break; sleep 0.1; done
    runs && exit 1
  fi
  rm -f "$pid"
  [ "$unit" = bird ] || run ExecStopPost "$unit"
}
verb=$1; shift; [ "$1" = --now ] && shift
for unit in "$@"; do
  log="$LAB/$HOST-$unit.log" pid="$LAB/$HOST-$unit.pid"
  case $verb in
    enable) start ;;
    disable) stop ;;
    restart) stop; start ;;
    status) cat "$log" ;;
    reload) kill -HUP "$(cat "$pid")"; sleep 1 ;;
    *) exit 1 ;;
  esac
done
[ "$verb" = daemon-reload ] || [ $# -gt 0 ]`;

# shellcheck shell=sh
# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
#
# Part of 1_base.sh: who wakes the guard, at the end of the window and at the next boot.

ROOT=
UNITS=/etc/systemd/system
UNIT=homevirt-fleet-guard
BOOT_ORDER="early:11:boot late:98:late"

# Debian's sysv-rc has an rcS too, which starts nothing of /etc/init.d by its name.
init_of() {
  if [ -d "$ROOT/run/systemd/system" ]; then echo systemd; elif [ -e "$ROOT/etc/rc.common" ]; then echo openwrt; else
    first=$(readlink "$ROOT/proc/1/exe")
    case ${first##*/} in
      busybox*) if grep -qs '^[^#]*/etc/init\.d/S' "$ROOT/etc/init.d/rcS"; then echo busybox; else echo unknown; fi ;;
      *) echo unknown ;;
    esac
  fi
}

early_unit() {
  cat << END
[Unit]
Description=Put back files of a change that nobody confirmed before the machine went down
DefaultDependencies=no
RequiresMountsFor=$D
Wants=network-pre.target
After=local-fs.target
Before=network-pre.target sysinit.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh $D/guard boot

[Install]
WantedBy=sysinit.target
END
}

late_unit() {
  cat << END
[Unit]
Description=Undo what else belongs to a change that nobody confirmed before the machine went down
RequiresMountsFor=$D
After=network.target

[Service]
Type=oneshot
ExecStart=/bin/sh $D/guard late
KillMode=process

[Install]
WantedBy=multi-user.target
END
}

# A file of ours that is whole or not there.
install_file() { # PATH MODE, from standard input
  cat > "$1.new" && chmod "$2" "$1.new" && mv -f "$1.new" "$1"
}

hooks_on() {
  case $(init_of) in
    systemd)
      early_unit | install_file $UNITS/$UNIT-early.service 644 && late_unit | install_file $UNITS/$UNIT-late.service 644 &&
        systemctl daemon-reload && systemctl --quiet enable $UNIT-early.service $UNIT-late.service 2> /dev/null ;;
    openwrt)
      for each in $BOOT_ORDER; do
        script=$UNIT-${each%%:*} verb=${each##*:} order=${each#*:}
        order=${order%:*}
        printf '#!/bin/sh /etc/rc.common\nSTART=%s\nboot() { /bin/sh %s/guard %s; }\nstart() { :; }\n' "$order" "$D" "$verb" |
          install_file "/etc/init.d/$script" 755 && ln -sf "../init.d/$script" "/etc/rc.d/S$order$script" || return 1
      done ;;
    busybox)
      for each in $BOOT_ORDER; do
        order=${each#*:}
        # shellcheck disable=SC2016  # the script's own argument
        printf '#!/bin/sh\n[ "${1:-start}" != start ] || /bin/sh %s/guard %s\n' "$D" "${each##*:}" |
          install_file "/etc/init.d/S${order%:*}$UNIT-${each%%:*}" 755 || return 1
      done ;;
  esac
}

hooks_off() {
  case $(init_of) in
    systemd)
      systemctl --quiet disable $UNIT-early.service $UNIT-late.service 2> /dev/null
      rm -f $UNITS/$UNIT-early.service $UNITS/$UNIT-late.service
      systemctl daemon-reload ;;
    *) rm -f /etc/init.d/$UNIT-early /etc/init.d/$UNIT-late /etc/rc.d/S??$UNIT-* /etc/init.d/S??$UNIT-* ;;
  esac
}

# A process that a guard's end of the window depends on. systemd starts it again where it is killed.
in_background() { # UNIT SECONDS VERB…
  unit=$1 seconds=$2
  shift 2
  if [ "$(init_of)" = systemd ]; then
    # shellcheck disable=SC2046  # two words or none
    systemd-run --quiet --unit="$unit" $([ "$seconds" = 0 ] || echo "--on-active=${seconds}s --timer-property=AccuracySec=1s") \
      --property=Restart=on-failure --property=RestartSec=2 --property=KillMode=process \
      --property=StartLimitIntervalSec=0 -- /bin/sh "$D/guard" "$@" > /dev/null 2>&1
  else
    (
      trap '' HUP
      exec /bin/sh "$D/guard" "$@" < /dev/null > /dev/null 2>&1
    ) &
  fi
}

# One that systemd is about to start again is activating.
active() { systemctl is-active "$@" | grep -q '^activ'; }
watch_on() { # NAME ID SECONDS DUE
  if [ "$(init_of)" = systemd ]; then in_background "$UNIT-$1-$2" "$3" expire "$1" "$2"; else
    in_background - 0 watch "$1" "$2" "$4"; fi
}
work_on() { # NAME ID: put it back now, and go on without who asks for it
  if [ "$(init_of)" = systemd ]; then in_background "$UNIT-$1-$2-now" 0 expire "$1" "$2"; else
    in_background - 0 watch "$1" "$2" 0; fi
}
at_work() { # NAME ID
  alive "$D/$1/.running" || { [ "$(init_of)" = systemd ] && active "$UNIT-$1-$2-now.service"; }
}
watch_off() { # NAME ID: nothing waits any more; where there is no systemd, the waiting process sees that by itself
  [ "$(init_of)" != systemd ] || systemctl --quiet stop "$UNIT-$1-$2.timer" 2> /dev/null || :
}
watched() { # NAME ID
  if [ "$(init_of)" = systemd ]; then active "$UNIT-$1-$2.timer" "$UNIT-$1-$2.service" "$UNIT-$1-$2-now.service"; else
    alive "$RUN/$1-$2"; fi
}

#include "compile/system_files.h"

#include <fmt/format.h>

namespace mailweir {
namespace {

// For /bin/sh and for systemd, which both take double quotes.
std::string restore_command(const Installation& installation) {
  return fmt::format("\"{}\" --state-dir \"{}\" restore --boot", installation.program, installation.state_dir);
}

}  // namespace

std::string rsyslog_file() {
  // A prefix is "mw ID VERDICT " (compile/rule_writer.cc); "stop" keeps the lines out of syslog and kern.log.
  return R"(# /etc/rsyslog.d/10-mailweir.conf: what mailweir's rules write to the kernel's log ([log] to = "kernel").
# Made by `mailweir export rsyslog`. Before 50-default.conf, so that these lines stand in their own file only.
if $syslogfacility-text == "kern" and re_match($msg, "mw [a-z0-9_-]+[.][a-z_]+ (reject|drop|pass) IN=") then {
    action(type="omfile" file="/var/log/mailweir.log" fileCreateMode="0640" fileOwner="root" fileGroup="adm")
    stop
}
)";
}

std::string logrotate_file() {
  return R"(# /etc/logrotate.d/mailweir. Made by `mailweir export logrotate`.
/var/log/mailweir.log {
    daily
    rotate 7
    maxage 7
    compress
    delaycompress
    missingok
    notifempty
    create 0640 root adm
    sharedscripts
    postrotate
        if [ -x /usr/lib/rsyslog/rsyslog-rotate ]; then /usr/lib/rsyslog/rsyslog-rotate; fi
    endscript
}
)";
}

std::string systemd_unit(const Installation& installation) {
  return fmt::format(R"(# /etc/systemd/system/mailweir-boot.service. Made by `mailweir export systemd`.
[Unit]
Description=mailweir: last confirmed rules
Documentation=man:mailweir(1)
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
After=local-fs.target nftables.service
Conflicts=shutdown.target
# A stop or reload of nftables.service flushes everybody's rules.
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={0}
ExecReload={0}
CapabilityBoundingSet=CAP_NET_ADMIN CAP_SYS_ADMIN
NoNewPrivileges=yes
ProtectHome=yes
ProtectSystem=full
PrivateTmp=yes

[Install]
WantedBy=sysinit.target nftables.service
)",
                     restore_command(installation));
}

std::string guard_unit(const Installation& installation) {
  return fmt::format(R"(# /etc/systemd/system/mailweir.service. Made by `mailweir install`.
[Unit]
Description=mailweir: finds and blocks spamming clients
Documentation=man:mailweir(1)
Wants=mailweir-boot.service
After=mailweir-boot.service network.target

[Service]
Type=notify
ExecStart="{0}" --config "{1}" --state-dir "{2}" run
Restart=on-failure
RestartSec=2
# A policy that cannot be used does not get better by itself.
RestartPreventExitStatus=2 3
StateDirectory=mailweir
RuntimeDirectory=mailweir
RuntimeDirectoryMode=0755
CapabilityBoundingSet=CAP_NET_ADMIN
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=-{2}
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
# Not ProtectKernelTunables: connections are counted only once net.netfilter.nf_conntrack_acct is set.
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK

[Install]
WantedBy=multi-user.target
)",
                     installation.program, installation.config, installation.state_dir);
}

std::string ifupdown_hook(const Installation& installation) {
  return fmt::format(R"(#!/bin/sh
# /etc/network/if-pre-up.d/mailweir, executable. Made by `mailweir export ifupdown`.
# Loopback comes up first: once is enough. An interface comes up even if this fails.
[ "$IFACE" = lo ] || exit 0
{} || echo "mailweir: the rules could not be restored" >&2
exit 0
)",
                     restore_command(installation));
}

std::string sysvinit_script(const Installation& installation) {
  return fmt::format(R"(#!/bin/sh
# /etc/init.d/mailweir, executable. Made by `mailweir export sysvinit`.
### BEGIN INIT INFO
# Provides:          mailweir
# Required-Start:    mountkernfs $local_fs
# Required-Stop:
# X-Start-Before:    networking
# Default-Start:     S
# Default-Stop:
# Short-Description: mailweir: last confirmed rules
### END INIT INFO
case "$1" in
start | restart | reload | force-reload)
    {}
    ;;
stop)
    # Rules stay: a machine that shuts down sends no mail either.
    ;;
*)
    echo "usage: $0 start|stop|restart|reload|force-reload" >&2
    exit 2
    ;;
esac
)",
                     restore_command(installation));
}

}  // namespace mailweir

// Lines as the kernel and the programs around it write them, from the packet they are about.
#pragma once

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

namespace mailweir::test {

// The part the kernel writes. Defaults: a client's SYN to a mail server, forwarded.
struct LoggedPacket {
  std::string prefix = "MAIL: ";
  std::string in = "eth1", out = "eth0";
  std::string mac = "MAC=52:54:00:12:34:56:52:54:00:ab:cd:ef:08:00 ";
  std::string source = "172.16.5.9", destination = "198.51.100.25";
  int source_port = 40001, destination_port = 25;
  int length = 60, id = 4711;
  std::string flags = "SYN ";
  std::string sequence = "";  // "SEQ=1 ACK=0 "
  std::string options = "";   // "OPT (020405B4) "
  std::string tail = "";      // "UID=0 GID=0 ", "MARK=0x1 "

  [[nodiscard]] std::string text() const {
    const bool v6 = source.find(':') != std::string::npos;
    const std::string ip = v6 ? fmt::format("LEN={} TC=0 HOPLIMIT=63 FLOWLBL=0 ", length)
                              : fmt::format("LEN={} TOS=0x00 PREC=0x00 TTL=63 ID={} DF ", length, id);
    return fmt::format("{}IN={} OUT={} {}SRC={} DST={} {}PROTO=TCP SPT={} DPT={} {}WINDOW=64240 RES=0x00 {}URGP=0 {}{}",
                       prefix, in, out, in.empty() ? "" : mac, source, destination, ip, source_port, destination_port,
                       sequence, flags, options, tail);
  }
};

// What stands before it, by dialect, for 13 June 2021 23:29:15 UTC (a Sunday).
struct Dialect {
  const char* name;
  std::string_view head;
};
inline constexpr std::array kDialects{
    Dialect{"syslog", "Jun 13 23:29:15 gw kernel: "},
    Dialect{"syslog with printk time", "Jun 13 23:29:15 gw kernel: [50028442.088484] "},
    Dialect{"syslog with caller", "Jun 13 23:29:15 gw kernel: [  449.059606][  T123] "},
    Dialect{"syslog with priority", "<4>Jun 13 23:29:15 gw kernel: "},
    Dialect{"relayed from a device", "<161>Jun 13 23:29:15 gw kernel: "},
    Dialect{"short-precise", "Jun 13 23:29:15.000000 gw kernel: "},
    Dialect{"RFC 5424", "<4>1 2021-06-13T23:29:15Z gw kernel - - - [  449.059606] "},
    Dialect{"RFC 5424 with data", "<4>1 2021-06-13T23:29:15Z gw kernel - - [a@1 b=\"\\]\"][c@2] "},
    Dialect{"ISO", "2021-06-13T23:29:15+00:00 gw kernel: [1269.733882] "},
    Dialect{"ISO with offset", "2021-06-14T01:29:15.000000+02:00 gw kernel: "},
    Dialect{"short-iso", "2021-06-13T23:29:15+0000 gw kernel: "},
    Dialect{"short-unix", "1623626955.000000 gw kernel: "},
    Dialect{"dmesg -T", "[Sun Jun 13 23:29:15 2021] "},
    Dialect{"dmesg iso", "2021-06-13T23:29:15,000000+00:00 "},
    Dialect{"logread", "Sun Jun 13 23:29:15 2021 kern.warn kernel: [50028442.088484] "},
    Dialect{"busybox", "Jun 13 23:29:15 gw kern.warn kernel: [50028442.088484] "},
    Dialect{"UniFi", "Jun 13 23:29:15 UDMP-DTC [LAN_OUT-A-2147483647] DESCR=\"[LAN_OUT]Log mail\" "},
    Dialect{"UniFi, host twice", "Jun 13 23:29:15 UDMP-DTC UDMP-DTC [LAN_OUT-A-2147483647] "},
    Dialect{"Proxmox", "101 6 tap101i0-OUT 13/Jun/2021:23:29:15 +0000 ACCEPT: "},
};
inline constexpr std::int64_t kDialectTime = 1'623'626'955;  // seconds

}  // namespace mailweir::test

#include "ingest/log_head.h"

namespace mailweir {
namespace {

constexpr int kFacilityUser = 1;  // RFC 5424 section 6.2.1; what logger(1) uses, never the kernel
constexpr std::string_view kKernelTag = "kernel:";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

void drop_word(std::string_view& text) {
  const auto space = text.find(' ');
  text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
}

void drop_spaces(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

// "sshd[4711]:" - no log prefix looks like that, and every daemon does.
bool is_process_tag(std::string_view word) {
  if (!word.ends_with("]:")) return false;
  word.remove_suffix(2);
  std::size_t digits = 0;
  while (digits < word.size() && is_digit(word[word.size() - 1 - digits])) ++digits;
  return digits > 0 && digits + 1 < word.size() && word[word.size() - 1 - digits] == '[';
}

// "[WAN_LOCAL-D-2147483647]", "[wan-lan-default-A]IN=eth0": name, action, optional number.
bool is_gateway_rule(std::string_view message) {
  if (!message.starts_with('[')) return false;
  std::string_view name = message.substr(1, message.find(']') - 1);
  if (name.size() + 2 > message.size() || name.find(' ') != std::string_view::npos) return false;
  if (message.substr(name.size() + 2).starts_with(':')) return false;  // a tag after all
  std::size_t digits = 0;
  while (digits < name.size() && is_digit(name[name.size() - 1 - digits])) ++digits;
  if (digits > 0) name.remove_suffix(digits);
  if (digits > 0 && name.ends_with('-')) name.remove_suffix(1);
  return name.size() > 2 && name[name.size() - 2] == '-' &&
         (name.ends_with('A') || name.ends_with('D') || name.ends_with('R'));
}

// "[ 1269.733882]" off the front; unlike take_seconds() without asking what time it is.
bool drop_seconds(std::string_view& text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto digits = [&] {
    const char* const first = at;
    while (at < end && is_digit(*at)) ++at;
    return at != first;
  };
  if (at == end || *at++ != '[') return false;
  while (at < end && *at == ' ') ++at;
  if (!digits() || at == end || *at++ != '.' || !digits() || at == end || *at++ != ']') return false;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()));
  return true;
}

// The kernel's own "[ 1269.733882] " and, with CONFIG_PRINTK_CALLER, "[   T12] ". Before it there may be a byte order
// mark (RFC 5424).
void drop_kernel_time(std::string_view& message) {
  if (message.starts_with("\xef\xbb\xbf")) message.remove_prefix(3);
  drop_spaces(message);
  if (!drop_seconds(message)) return;
  if (message.starts_with('[') && message.substr(0, 12).find(']') != std::string_view::npos) {
    message.remove_prefix(message.find(']') + 1);
  }
  drop_spaces(message);
}

LogHead from_kernel(LogTime time, std::string_view message) {
  drop_kernel_time(message);
  return {time, LogWriter::Kernel, false, message, 0};
}

// After the time of a line of the kernel's ring buffer (dmesg, journalctl -o short-monotonic).
LogHead read_ring_line(LogTime time, std::string_view text) {
  if (text.starts_with('[') && text.find(']') < 12) text.remove_prefix(text.find(']') + 1);
  drop_spaces(text);
  const std::string_view first = first_word(text);
  std::string_view after = text;
  drop_word(after);
  const std::string_view second = first_word(after);
  if (is_process_tag(first) || is_process_tag(second)) return {time, LogWriter::Program, false, text, 0};
  if (second == kKernelTag) text = after.substr(kKernelTag.size());
  return from_kernel(time, text);
}

// After the time of a syslog line: "HOST TAG: MESSAGE".
LogHead read_syslog_line(LogTime time, std::string_view line, std::string_view text, int facility) {
  drop_spaces(text);
  const std::string_view host = first_word(text);
  if (!host.ends_with(':')) {
    drop_word(text);
    drop_spaces(text);
    if (first_word(text) == host) drop_word(text);  // UniFi repeats it now and then
    const std::string_view word = first_word(text);
    const auto point = word.find('.');
    if (point != std::string_view::npos && text.substr(word.size()).starts_with(" kernel:")) {  // "kern.warn kernel:"
      if (word.substr(0, point) == "kern") drop_word(text);
    }
  }
  if (text.starts_with(kKernelTag) && facility != kFacilityUser) {
    text.remove_prefix(kKernelTag.size());
    LogHead head = from_kernel(time, text);
    head.tag_end = line.size() - text.size();
    return head;
  }
  if (is_gateway_rule(text)) return {time, LogWriter::Gateway, false, text, 0};
  return {time, LogWriter::Program, false, text, 0};
}

// After "<PRI>1 " and the time: "HOST APP PROCID MSGID SD MSG".
LogHead read_rfc5424_line(LogTime time, std::string_view line, std::string_view text, int facility) {
  drop_spaces(text);
  drop_word(text);
  const bool kernel = first_word(text) == "kernel" && facility != kFacilityUser;
  for (int i = 0; i < 3; ++i) drop_word(text);  // APP PROCID MSGID
  if (text.starts_with('[')) {                  // structured data: "]" inside a value is written "\]"
    std::size_t end = 1;
    while (end < text.size() && !(text[end] == ']' && text[end - 1] != '\\' && !text.substr(end + 1).starts_with('[')))
      ++end;
    text.remove_prefix(std::min(end + 1, text.size()));
    drop_spaces(text);
  } else {
    drop_word(text);
  }
  if (!kernel) return {time, LogWriter::Program, false, text, 0};
  LogHead head = from_kernel(time, text);
  const std::size_t end = line.size() - text.size();
  if (line[end - 1] == ' ') head.tag_end = end;  // else what follows may belong to the structured data
  return head;
}

// OpenWrt's logread, after the time: "kern.warn kernel: MESSAGE".
LogHead read_logread_line(LogTime time, std::string_view text) {
  drop_spaces(text);
  if (!text.starts_with("kern.")) return {time, LogWriter::Program, false, text, 0};
  drop_word(text);
  if (!text.starts_with(kKernelTag)) return {time, LogWriter::Program, false, text, 0};
  return from_kernel(time, text.substr(kKernelTag.size()));
}

// "101 1 tap101i0-IN 20/Jun/2022:13:12:46 +0200 REJECT: IN=...": machine, level, chain.
std::optional<LogHead> read_proxmox_line(std::string_view text) {
  for (int i = 0; i < 3; ++i) {
    if (i < 2 && !is_digit(text.empty() ? ' ' : text.front())) return std::nullopt;
    drop_word(text);
  }
  const auto time = take_apache_time(text);
  if (!time) return std::nullopt;
  drop_spaces(text);
  return LogHead{*time, LogWriter::Kernel, true, text, 0};
}

// "<4>" off the front; its facility, or -1.
int take_priority(std::string_view& text) {
  if (!text.starts_with('<')) return -1;
  int value = 0;
  std::size_t i = 1;
  for (; i < text.size() && i < 4 && is_digit(text[i]); ++i) value = value * 10 + (text[i] - '0');
  if (i == 1 || i == text.size() || text[i] != '>') return -1;
  text.remove_prefix(i + 1);
  return value / 8;
}

// dmesg -x: "kern  :warn  : " before the time.
void drop_decoded_priority(std::string_view& text) {
  if (!text.starts_with("kern ")) return;
  const auto end = text.find(": ");
  if (end != std::string_view::npos && end < 24) text.remove_prefix(end + 2);
}

}  // namespace

std::optional<LogHead> read_log_head(std::string_view line) {
  std::string_view text = line;
  const int facility = take_priority(text);
  if (text.empty()) return std::nullopt;
  if (facility >= 0 && text.starts_with("1 ")) {
    text.remove_prefix(2);
    const auto time = take_iso_time(text);
    if (!time) return std::nullopt;
    return read_rfc5424_line(*time, line, text, facility);
  }
  if (const auto time = take_syslog_time(text)) return read_syslog_line(*time, line, text, facility);
  if (is_digit(text.front())) {
    const std::string_view before = text;
    if (const auto time = take_iso_time(text)) {
      // Only dmesg --time-format iso writes a comma before the fraction, and it writes no host.
      const bool ring = before.size() > 19 && before[19] == ',';
      return ring ? read_ring_line(*time, text) : read_syslog_line(*time, line, text, facility);
    }
    if (const auto time = take_unix_time(text)) return read_syslog_line(*time, line, text, facility);
    return read_proxmox_line(text);
  }
  drop_decoded_priority(text);
  if (text.starts_with('[')) {
    if (const auto time = take_seconds(text)) return read_ring_line(*time, text);
    std::string_view inner = text.substr(1);
    const auto time = take_ctime(inner);
    if (!time || !inner.starts_with(']')) return std::nullopt;
    return read_ring_line(*time, inner.substr(1));
  }
  if (const auto time = take_ctime(text)) return read_logread_line(*time, text);
  return std::nullopt;
}

const LogHead* LogHeadReader::read(std::string_view line) {
  knew_ = !latest_.empty() && line.starts_with(latest_);
  if (knew_) {
    head_.message = line.substr(latest_.size());
    drop_kernel_time(head_.message);
    return &head_;
  }
  const auto head = read_log_head(line);
  if (!head) return nullptr;
  if (head->tag_end == 0) {
    other_ = *head;
    return &other_;
  }
  head_ = *head;
  latest_ = line.substr(0, head->tag_end);
  return &head_;
}

}  // namespace mailweir

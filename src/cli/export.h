// `mailweir export`: the policy, and what stands around it, in the files of other programs.
#pragma once

#include <string>

#include "cli/common.h"

namespace mailweir {

struct ExportOptions {
  std::string format;  // one of the words of the command line
  std::string to;      // a file; empty: standard output
  bool ipset = false;  // of iptables and ip6tables: rules that look addresses up in sets
};

int export_files(const ExportOptions& options, const CommonOptions& common);

}  // namespace mailweir

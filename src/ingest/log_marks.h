// Finds, in one pass over the bytes, the line ends and the few words of a log line that decide what it is.
//
// In:  a block of text.   Out: the offsets of every '\n' and of every '=' that follows a 'T': OUT=, DST=, SPT=, DPT=.
// Invariants: never reads outside [begin, end) except one byte before `begin` when begin > 0; the answer does not
// depend on the processor. Threads: any.  AVX-512, AVX2 or what every processor of its kind has.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mailweir {

// Looks at text[begin, end); `marks` has room for end - begin + 64 offsets. Returns how many were written, in order.
std::size_t find_log_marks(const char* text, std::size_t begin, std::size_t end, std::uint32_t* marks);

}  // namespace mailweir

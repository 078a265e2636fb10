#include "cli/commands.h"

int main(int argc, char** argv) { return mailweir::run_command(argc, argv); }

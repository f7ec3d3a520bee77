#pragma once
// Help pages, made from the table.
#include <string>
#include <vector>

#include "common/result.h"

namespace prov::cli {

// The page on a topic: nothing (all groups), a group, a noun, a noun and a verb, or "exit-codes". not_found with the
// nearest topic as hint.
Result<std::string> help_page(const std::vector<std::string>& topic);

std::vector<std::string> help_topics();  // every word that can stand first

std::string exit_code_table();

}  // namespace prov::cli

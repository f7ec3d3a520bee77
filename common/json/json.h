#pragma once
// The JSON library, whose one class is compiled once, in json.cpp, and not in each of a hundred units that include it.
#include <nlohmann/json.hpp>

extern template class nlohmann::basic_json<>;

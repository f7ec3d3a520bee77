# How everything is compiled. Warnings are errors, and live here alone.
option(PROV_TESTS "build the tests" ON)
option(PROV_BENCH "build the measurements (the preset bench: without the tests)" OFF)
option(PROV_FUZZ "build the fuzzer (the preset fuzz: clang, without the tests)" OFF)
option(PROV_UNITY "compile the sources of a target several at a time, so that headers are read less often" ON)
option(PROV_SIM_STATIC "link the simulation statically (the preset sim, which builds nothing else)" OFF)
set(PROV_SANITIZE "" CACHE STRING "address or thread: build everything with that sanitizer")

add_library(prov_options INTERFACE)
target_compile_options(prov_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wcast-align -Wformat=2 -Wimplicit-fallthrough -Wno-missing-field-initializers $<$<NOT:$<BOOL:${PROV_FUZZ}>>:-Werror>
  -fstack-protector-strong $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
target_include_directories(prov_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
target_compile_definitions(prov_options INTERFACE PROV_VERSION="${PROJECT_VERSION}")

if(PROV_SANITIZE)
  add_compile_options(-Wno-maybe-uninitialized)  # GCC sees what is not there in code that a sanitizer has taken apart
endif()
if(PROV_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(PROV_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(PROV_SANITIZE)
  message(FATAL_ERROR "PROV_SANITIZE is \"${PROV_SANITIZE}\"; it can be empty, address or thread")
endif()

if(PROV_FUZZ)
  # Cap'n Proto 0.9 compares "const char*" with its own string, which clang takes for ambiguous in C++20.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
    "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-include ${CMAKE_SOURCE_DIR}/tests/fuzz/clang_capnp.h>")
  add_link_options(-fsanitize=address,undefined)
endif()

# What costs time is reading the headers (see docs/HACKING.md). So names of unnamed namespaces are unique in a target.
set(CMAKE_UNITY_BUILD ${PROV_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
if(PROV_UNITY)
  target_compile_options(prov_options INTERFACE -Wno-subobject-linkage)  # which takes a source within a unit for a header
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

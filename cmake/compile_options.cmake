# What every target of ours is compiled and linked with. A target links globes_options to get it; libraries of others,
# and a project that adds this one, keep their own options. Warnings are errors in the presets only.
add_library(globes_options INTERFACE)
target_compile_options(globes_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
# Asio's headers: nothing of the deprecated interface.
target_compile_definitions(globes_options INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)

# What ships stops an attacker who has found a defect in memory handling, or at least ends with it: checked copies
# (level 3 since GCC 12), canaries, no jumps over the guard page of a stack, landing pads for indirect jumps, random
# addresses, and relocations that are read-only from the start. Sanitizers replace these checks and do not work with the
# checked copies, which need an optimized build.
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT GLOBES_SANITIZE)
  set(fortify_level 2)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12)
    set(fortify_level 3)
  endif()
  target_compile_options(globes_options INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${fortify_level} -fstack-protector-strong -fstack-clash-protection -fPIE)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i.86)$")
    target_compile_options(globes_options INTERFACE -fcf-protection)
  endif()
  target_link_options(globes_options INTERFACE -pie LINKER:-z,relro,-z,now)
endif()

# RelWithDebInfo defines NDEBUG. What is undefined here comes later on the command line.
if(GLOBES_ASSERTIONS)
  target_compile_options(globes_options INTERFACE -UNDEBUG)
  target_compile_definitions(globes_options INTERFACE _GLIBCXX_ASSERTIONS)
endif()

if(GLOBES_SANITIZE)
  target_compile_options(globes_options INTERFACE -fsanitize=${GLOBES_SANITIZE} -fno-omit-frame-pointer
                                                  -fno-sanitize-recover=all)
  target_link_options(globes_options INTERFACE -fsanitize=${GLOBES_SANITIZE})
endif()
# libFuzzer's counters guide it to new inputs. For coverage it only replays the corpus, and the unit tests, which are not
# linked with its runtime, use the same libraries.
if(GLOBES_FUZZ AND NOT GLOBES_COVERAGE)
  target_compile_options(globes_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(GLOBES_COVERAGE)
  target_compile_options(globes_options INTERFACE -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(globes_options INTERFACE -fprofile-instr-generate)
endif()

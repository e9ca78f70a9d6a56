# What every target of ours is compiled and linked with. A target links globes_options to get it; libraries of others,
# and a project that adds this one, keep their own options. Warnings are errors in the presets only.
add_library(globes_options INTERFACE)
target_compile_options(globes_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
# Asio's headers: nothing of the deprecated interface.
target_compile_definitions(globes_options INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)

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

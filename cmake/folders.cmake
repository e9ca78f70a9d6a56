# A folder is a target: globes_library(store/sqlite PUBLIC …) makes globes_store_sqlite of src/store/sqlite/*.cc.
function(globes_library folder)
  string(REPLACE "/" "_" name globes_${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cc)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} ${ARGN})
endfunction()

# One test program for each sub-folder (tests/unit/net -> unit_net), linked with the libraries that it may use.
function(globes_unit_tests folder)
  get_filename_component(kind ${folder} NAME)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cc ${CMAKE_SOURCE_DIR}/${folder}/*/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(test_${kind} ${sources})
  target_include_directories(test_${kind} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(test_${kind} PRIVATE globes_api globes_maintenance globes_store_memory globes_store_sqlite
                                             globes_store_mongo GTest::gmock GTest::gtest_main)
  # With -O3, GCC 12 warns of overlaps in std::string's operator+ that are none (GCC bug 105651).
  target_compile_options(test_${kind} PRIVATE $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-restrict>)
  add_test(NAME ${kind} COMMAND test_${kind})
endfunction()

# fuzz/<name>.cc -> fuzz_<name>, with its corpus in fuzz/corpus/<name>.
function(globes_fuzz_targets folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cc)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(fuzz_${name} ${source})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(fuzz_${name} PRIVATE globes_api)
  endforeach()
endfunction()

# Adds the files of `folder` to a target, as one generated source that is rebuilt if a file changes, is added or removed.
function(globes_embed_site target folder)
  file(GLOB_RECURSE site_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*)
  file(GLOB_RECURSE embedding CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/scripts/embedding/*.py)
  set(source ${CMAKE_BINARY_DIR}/embedded_site.cc)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/embed-site ${PROJECT_SOURCE_DIR}/${folder} ${source}
            > ${CMAKE_BINARY_DIR}/site_weights.txt
    DEPENDS ${site_files} ${PROJECT_SOURCE_DIR}/scripts/embed-site ${embedding}
    COMMENT "Embedding the files of ${folder}"
    VERBATIM)
  target_sources(${target} PRIVATE ${source})
endfunction()

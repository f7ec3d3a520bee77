# embed_files(OUT HEADER NAMESPACE FOLDER FILES...)
#
# Writes OUT in the build folder: the text of every FILE below FOLDER, by its name there, as the table that HEADER
# declares (`extern const std::span<const prov::EmbeddedFile> kEmbedded;` in NAMESPACE). The build sees a change.
function(embed_files OUT HEADER NAMESPACE FOLDER)
  set(rows "")
  foreach(file ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${FOLDER}/${file})
    file(READ ${FOLDER}/${file} text)
    string(APPEND rows "    {\"${file}\", R\"embedded(${text})embedded\"},\n")
  endforeach()
  string(CONCAT unit "// Made by cmake/EmbedFiles.cmake.\n#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\nnamespace {\n\n"
                     "constexpr prov::EmbeddedFile kFiles[] = {\n${rows}};\n\n}  // namespace\n\n"
                     "const std::span<const prov::EmbeddedFile> kEmbedded(kFiles);\n\n}  // namespace ${NAMESPACE}\n")
  file(CONFIGURE OUTPUT ${OUT} CONTENT "@unit@" @ONLY)
endfunction()

# mailweir_room(NAME [HOT] [DEPENDS room...] [LIBRARIES target...] [TEST_LIBRARIES target...])
#
# A folder under src/ is one library, mailweir_<name>, of all its .cc files; the *_test.cc beside them make one test program,
# <name>_tests, whose cases ctest lists one by one. DEPENDS are rooms further down; LIBRARIES stay inside the room; TEST_LIBRARIES serve
# its tests only. HOT: what it does is done for every line or packet of millions; -O3 takes 7 % off `mailweir analyze`.
function(mailweir_room name)
  cmake_parse_arguments(room "HOT" "" "DEPENDS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(TRANSFORM room_DEPENDS PREPEND mailweir_ OUTPUT_VARIABLE depends)

  if(sources)
    add_library(mailweir_${name} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(mailweir_${name} PRIVATE ${room_LIBRARIES})
    if(room_HOT)
      target_compile_options(mailweir_${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O3>)
    endif()
  else()
    add_library(mailweir_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(mailweir_${name} ${scope} ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(mailweir_${name} ${scope} ${depends} fmt::fmt)

  if(MAILWEIR_TESTS AND tests)
    add_executable(${name}_tests ${tests})
    target_include_directories(${name}_tests PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name}_tests PRIVATE mailweir_${name} ${room_LIBRARIES} ${room_TEST_LIBRARIES} GTest::gtest GTest::gtest_main)
    gtest_discover_tests(${name}_tests TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST NO_PRETTY_VALUES
                         PROPERTIES TIMEOUT 120)
  endif()
endfunction()

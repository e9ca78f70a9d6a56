from checkout import CheckoutTest


class CheckHeaders(CheckoutTest):
    def test_accepts_headers_that_include_every_name_that_they_use(self):
        self.write("src/base/one.h", "#pragma once\n#include <string>\ninline std::string one() { return {}; }\n")
        self.write("src/roomlog/two.h", '#pragma once\n#include "base/one.h"\ninline std::string two() { return one(); }\n')
        self.assert_accepts("check-headers")

    def test_finds_a_header_that_leans_on_its_includer(self):
        self.write("src/base/whole.h", "#pragma once\n#include <string>\n")
        self.write("src/base/planted.h", "#pragma once\ninline std::string planted() { return {}; }\n")
        self.assert_finds("check-headers", "src/base/planted.h: does not compile alone")

    def test_finds_a_warning_in_a_header(self):
        self.write("src/base/planted.h", "#pragma once\ninline int planted(int unused) { return 1; }\n")
        self.assert_finds("check-headers", "src/base/planted.h: does not compile alone")

    def test_a_folder_without_headers_is_a_fault(self):
        self.write("src/base/one.cc", "int one;\n")
        self.assert_finds("check-headers", "no headers")

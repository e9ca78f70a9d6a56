import subprocess
import unittest

from checkout import ROOT, CheckoutTest


class CheckLanguage(CheckoutTest):
    def check(self, path, text):
        self.write(path, text)
        subprocess.run(["git", "init", "--quiet", self.root], check=True)
        subprocess.run(["git", "-C", self.root, "add", "--all"], check=True)
        return self.run_script("check-language")

    def assert_finds_in(self, path, text, *words):
        run = self.check(path, text)
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        for word in words:
            self.assertIn(word, run.stdout)

    def assert_accepts_in(self, path, text):
        run = self.check(path, text)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_accepts_the_tree_as_it_is(self):
        run = subprocess.run([ROOT / "scripts/check-language"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_finds_an_expression_in_a_page(self):
        self.assert_finds_in("docs/page.md", "# Page\n\nIt knows its rooms by heart.\n", 'docs/page.md:3: "by heart": write')

    def test_finds_a_relative_clause_as_a_subject(self):
        self.assert_finds_in("docs/page.md", "It has rooms. Who is in a room sees everything.\n", 'docs/page.md:1: ". Who is in a room')

    def test_finds_an_expression_over_two_lines_of_a_comment(self):
        self.assert_finds_in("src/a.h", "int a;\n    /// A value that is\n    /// none.\n", 'src/a.h:2: "is none": write')

    def test_finds_an_expression_in_string_literals(self):
        self.assert_finds_in("src/a.cc", 'auto a = "is no connection string";\n', 'src/a.cc:1: "is no": write')
        self.assert_finds_in("bench/a.js", "const a = 'ask whoever it is';\n", 'bench/a.js:1: "whoever": write')
        self.assert_finds_in("bench/a.py", 'a = f"beginning anew at {b}"\n', 'bench/a.py:1: "anew": write')

    def test_finds_an_expression_in_a_script_without_suffix(self):
        self.assert_finds_in("scripts/a", "#!/usr/bin/env bash\n# Kept for ever.\n", 'scripts/a:2: "for ever": write')

    def test_finds_an_expression_in_comments_of_go_and_java(self):
        self.assert_finds_in("bench/a.go", "// Kept for ever.\npackage main\n", 'bench/a.go:1: "for ever": write')
        self.assert_finds_in("tests/A.java", "/** Kept for ever. */\nclass A {}\n", 'tests/A.java:1: "for ever": write')

    def test_finds_an_expression_in_the_name_of_a_test(self):
        self.assert_finds_in("tests/a.cc", "\nTEST(Line, WhoSendsNoLineIsSilent) {\n", 'tests/a.cc:2: "who sends no line is silent": no')
        self.assert_finds_in("tests/b.cc", "TEST_F(Line, AnEmptyOneIsNoLine) {\n", '"an empty one is no line": write')
        self.assert_finds_in("tests/c.cc", "TEST_P(Line, RefusesWhatItCannotRead) {\n", '"refuses what it cannot read": name')
        self.assert_finds_in("tests/d.py", "    def test_is_empty_where_there_is_no_line(self):\n", '"is empty where there is no line": write')
        self.assert_finds_in("tests/e.test.js", "test('a line\\'s end is what was sent', () => {});\n", "is what was sent\": name")

    def test_accepts_plain_names_of_tests(self):
        self.assert_accepts_in("tests/a.cc", "TEST(Line, IsNoLongerThan80BytesWhateverItsText) {\n")
        self.assert_accepts_in("tests/b.cc", "const Type WhatItIs = TEST_WHO;\n")
        self.assert_accepts_in("tests/c.test.js", "test(`${what} is refused`, () => {});\n")

    def test_finds_a_numbered_section_of_the_contract(self):
        self.assert_finds_in("src/a.h", "// Errors (wire contract, section 2).\n", "refer to a heading")

    def test_accepts_plain_english(self):
        self.assert_accepts_in("docs/page.md", "Returns null if there is none. There is no file, and it is no longer needed. Who is there?\n")

    def test_reads_neither_code_nor_code_blocks(self):
        self.assert_accepts_in("src/a.cc", "int anew = whoever(by_heart);\n")
        self.assert_accepts_in("docs/page.md", "```\nis none\n```\nThe key `whoever` is optional.\n")


if __name__ == "__main__":
    unittest.main()

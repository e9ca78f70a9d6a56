import subprocess
import tempfile
import unittest

from checkout import ROOT


def count(kind, log):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(log)
        file.flush()
        output = subprocess.run([ROOT / "scripts/count-tests", kind, file.name], capture_output=True, text=True, check=True)
    return tuple(int(number) for number in output.stdout.split())


GTEST = """\
[==========] Running 4 tests from 1 test suite.
[ RUN      ] Frame.Grows
[       OK ] Frame.Grows (0 ms)
[ RUN      ] Frame.Breaks
frame_test.cc:3: Failure
[  FAILED  ] Frame.Breaks (2 ms)
[ RUN      ] Sizes/Frame.Fits/1
[  FAILED  ] Sizes/Frame.Fits/1, where GetParam() = 125 (0 ms)
[ RUN      ] Frame.Waits
[  SKIPPED ] Frame.Waits (0 ms)
[==========] 4 tests from 1 test suite ran. (2 ms total)
[  PASSED  ] 1 test.
[  SKIPPED ] 1 test, listed below:
[  SKIPPED ] Frame.Waits
[  FAILED  ] 2 tests, listed below:
[  FAILED  ] Frame.Breaks
[  FAILED  ] Sizes/Frame.Fits/1, where GetParam() = 125
"""


class CountTests(unittest.TestCase):
    def test_counts_each_test_of_googletest_once(self):
        self.assertEqual(count("gtest", GTEST), (1, 2, 1))

    def test_counts_the_tests_that_googletest_ran_before_a_crash(self):
        self.assertEqual(count("gtest", GTEST[: GTEST.index("[  FAILED")]), (1, 0, 0))

    def test_reads_nodes_plain_summary(self):
        self.assertEqual(count("node", "ok 1 - a\n# tests 8\n# pass 3\n# fail 2\n# cancelled 1\n# skipped 1\n# todo 1\n"), (3, 3, 2))

    def test_reads_nodes_colored_summary(self):
        self.assertEqual(count("node", "\033[34mℹ pass 3\033[39m\n\033[34mℹ fail 1\033[39m\n"), (3, 1, 0))

    def test_adds_the_runs_of_node_up(self):
        self.assertEqual(count("node", "ℹ pass 3\nℹ fail 0\nℹ pass 4\nℹ fail 1\n"), (7, 1, 0))

    def test_reads_pythons_summary(self):
        self.assertEqual(count("unittest", "Ran 9 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=3)\n"), (3, 3, 3))
        self.assertEqual(count("unittest", "Ran 1 test in 0.1s\n\nOK\n"), (1, 0, 0))

    def test_reads_the_lines_of_our_scripts(self):
        self.assertEqual(count("lines", "ok format\nwarning: ok\nFAILED docs\nok shell scripts\n"), (2, 1, 0))

    def test_reads_our_own_last_line(self):
        self.assertEqual(count("summary", "9 passed, 9 failed\n3 passed, 1 failed, 2 skipped\n"), (3, 1, 2))
        self.assertEqual(count("summary", "3 passed, 0 failed\n"), (3, 0, 0))

    def test_finds_no_test_in_an_empty_log(self):
        for kind in ["gtest", "node", "unittest", "lines", "summary"]:
            self.assertEqual(count(kind, ""), (0, 0, 0))

import subprocess

from checkout import CheckoutTest

PASSES = "#!/bin/sh\necho '[       OK ] Frame.Grows (0 ms)'\n"
STAND_INS = {
    "scripts/build": "#!/bin/sh\n",
    "scripts/lint": "#!/bin/sh\necho ok format\n",
    "scripts/fuzz": "#!/bin/sh\necho ok fuzz target ws_decoder\n",
    "build/release/test_unit": PASSES,
    "build/fuzz/test_unit": PASSES,
    "build/fuzz/test_contract": PASSES,
    "build/fuzz/test_allocation": PASSES,
    "build/tsan/test_unit": PASSES,
    "build/tsan/test_contract": PASSES,
    "tests/api/run.js": "console.log('# pass 3');\n",
    "tests/scripts/test_one.py": "import unittest\nclass One(unittest.TestCase):\n    def test_one(self): pass\n",
}


class TestRunner(CheckoutTest):
    """scripts/test with stand-ins for all that it runs."""

    parts = ["scripts/test", "scripts/count-tests", "scripts/in-shards"]

    def setUp(self):
        super().setUp()
        for path, text in STAND_INS.items():
            self.write(path, text)

    def write(self, path, text):
        super().write(path, text)
        (self.root / path).chmod(0o755)

    def last_line(self, status):
        run = subprocess.run([self.root / "scripts/test"], capture_output=True, text=True)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run.stdout.splitlines()[-1]

    def test_adds_up_the_counts_of_all_stages(self):
        self.assertEqual(self.last_line(0), "26 passed, 0 failed")

    def test_names_skipped_tests_if_any_exist(self):
        self.write("tests/api/run.js", "console.log('# pass 2\\n# skipped 1');\n")
        self.assertEqual(self.last_line(0), "21 passed, 0 failed, 5 skipped")

    def test_goes_on_after_a_failure(self):
        self.write("scripts/lint", "#!/bin/sh\necho ok format\necho FAILED docs\nexit 1\n")
        self.assertEqual(self.last_line(1), "26 passed, 1 failed")

    def test_takes_a_crash_for_a_failure(self):
        self.write("build/tsan/test_unit", PASSES + "kill -ABRT $$\n")
        self.assertEqual(self.last_line(1), "26 passed, 1 failed")

    def test_takes_a_crash_of_one_shard_for_a_failure(self):
        self.write("build/tsan/test_contract", PASSES + "test $GTEST_SHARD_INDEX$GTEST_TOTAL_SHARDS != 02 || kill -ABRT $$\n")
        self.assertEqual(self.last_line(1), "26 passed, 1 failed")

    def test_takes_a_stage_without_tests_for_a_failure(self):
        self.write("build/fuzz/test_contract", "#!/bin/sh\n")
        self.assertEqual(self.last_line(1), "24 passed, 1 failed")

    def test_runs_nothing_that_was_not_built(self):
        self.write("scripts/build", "#!/bin/sh\ntest $1 != tsan\n")
        self.assertEqual(self.last_line(1), "20 passed, 1 failed")

    def test_shows_the_output_of_a_failed_gtest_however_much_follows(self):
        lines = ["[ RUN      ] Frame.Shrinks", "frame_test.cc:7: Failure", "[  FAILED  ] Frame.Shrinks (1 ms)",
                 "[ RUN      ] Frame.Grows", *["talk"] * 400, "[       OK ] Frame.Grows (0 ms)"]
        self.write("build/fuzz/test_unit", "#!/bin/sh\ncat <<E\n" + "\n".join(lines) + "\nE\nexit 1\n")
        run = subprocess.run([self.root / "scripts/test"], capture_output=True, text=True)
        self.assertIn("frame_test.cc:7: Failure", run.stdout.splitlines())

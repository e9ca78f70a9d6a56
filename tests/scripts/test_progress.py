import subprocess
import unittest

from checkout import ROOT


def shown(lines):
    run = subprocess.run([ROOT / "scripts/progress"], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def steps(count):
    return [f"[{step}/{count}] Building CXX object {step}.cc.o" for step in range(1, count + 1)]


class Progress(unittest.TestCase):
    def test_many_steps_are_a_line_for_each_tenth(self):
        lines = shown(["[0/2] Re-checking globbed directories...", *steps(140)])
        self.assertEqual(lines, ["Building: 1 of 140", *(f"Building: {14 * tenth} of 140" for tenth in range(1, 11))])

    def test_output_of_the_compiler_is_shown_in_its_place(self):
        lines = shown([*steps(2), "FAILED: 2.cc.o", "a.cc:1: error: [1/2] is odd", "ninja: build stopped: subcommand failed."])
        self.assertEqual(lines[2:], ["FAILED: 2.cc.o", "a.cc:1: error: [1/2] is odd", "ninja: build stopped: subcommand failed."])

    def test_a_build_with_nothing_to_do_says_nothing(self):
        self.assertEqual(shown(["ninja: Entering directory `build/release'", "ninja: no work to do."]), [])

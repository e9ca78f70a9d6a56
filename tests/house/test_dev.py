import re
import subprocess
import unittest

from checkout import ROOT


def dev(*arguments):
    return subprocess.run([ROOT / "dev", *arguments], capture_output=True, text=True, cwd="/")


class Dev(unittest.TestCase):
    def test_alone_gives_every_command_a_line_of_help(self):
        run = dev()
        self.assertEqual(run.returncode, 0)
        shown = set(re.findall(r"^  (\w+) .*   \S", run.stdout, re.MULTILINE))
        defined = set(re.findall(r"^dev_(\w+)\(\)", (ROOT / "dev").read_text(encoding="utf-8"), re.MULTILINE))
        self.assertEqual(shown, defined)
        self.assertGreaterEqual(shown, {"run", "test", "bench", "build", "format", "lint", "fuzz", "install", "clean"})

    def test_refuses_an_unknown_command_and_shows_the_others(self):
        run = dev("tset")
        self.assertEqual(run.returncode, 2)
        self.assertIn('no command "tset"', run.stderr)
        self.assertIn("test [--long]", run.stderr)

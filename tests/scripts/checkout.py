"""A copy of parts of this checkout, in which a test may plant a fault."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class CheckoutTest(unittest.TestCase):
    """`parts` are the files and folders that a test class needs, as paths from the root."""

    parts = []

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for part in self.parts:
            copy = self.root / part
            copy.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, copy, ignore=shutil.ignore_patterns("node_modules"))
            else:
                shutil.copy(ROOT / part, copy)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def replace(self, path, old, new):
        text = (self.root / path).read_text(encoding="utf-8")
        self.assertIn(old, text)
        self.write(path, text.replace(old, new, 1))

    def assert_accepts(self, script):
        run = self.run_script(script)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def assert_finds(self, script, *words):
        run = self.run_script(script)
        self.assertNotEqual(run.returncode, 0, run.stdout)
        for word in words:
            self.assertIn(word, run.stdout + run.stderr)

    def run_script(self, script):
        return subprocess.run([ROOT / "scripts" / script, self.root], capture_output=True, text=True)

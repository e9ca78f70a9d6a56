import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from checkout import ROOT

DEBOOTSTRAP = """#!/bin/sh
for last; do :; done
echo "$@" >"$CALLS"
sleep 1000 &
wait
"""

MAY_UNSHARE = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True).returncode == 0


@unittest.skipUnless(os.geteuid() == 0 and MAY_UNSHARE, "nobody may make namespaces here")
class FreshRoot(unittest.TestCase):
    """scripts/fresh-root with a debootstrap that records its call and then never ends."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.calls = self.folder / "calls"
        os.mkfifo(self.calls)
        command = self.folder / "bin/debootstrap"
        command.parent.mkdir()
        command.write_text(DEBOOTSTRAP, encoding="utf-8")
        command.chmod(0o755)
        self.roots = self.folder / "roots"
        self.roots.mkdir()

    def start(self, *arguments):
        environment = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "TMPDIR": str(self.roots),
            "CALLS": str(self.calls),
        }
        return subprocess.Popen(
            [ROOT / "scripts/fresh-root", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Stages of scripts/test run in the background, where a shell ignores it, and with it all that it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def test_leaves_neither_process_nor_folder_behind_when_it_is_stopped(self):
        for number, status in [(signal.SIGINT, 130), (signal.SIGTERM, 143)]:
            with self.subTest(number), self.start("12", "test") as process:
                self.calls.read_text(encoding="utf-8")
                process.send_signal(number)
                # A process that still ran would hold the other end of its standard output.
                process.communicate(timeout=30)
                self.assertEqual(process.returncode, status)
                self.assertEqual(list(self.roots.iterdir()), [])

    def test_takes_the_suite_of_the_release_from_the_mirror(self):
        for release, suite in [("12", "bookworm"), ("13", "trixie")]:
            with self.subTest(release), self.start(release, "test", "--mirror", "http://mirror.example/debian/") as process:
                *_, named, _, mirror = self.calls.read_text(encoding="utf-8").split()
                process.terminate()
                process.communicate(timeout=30)
                self.assertEqual((named, mirror), (suite, "http://mirror.example/debian"))

    def test_refuses_invalid_arguments_before_it_creates_anything(self):
        for arguments, status, words in [
            (["11", "run"], 2, "usage:"),
            (["12"], 2, "usage:"),
            (["12", "bench"], 2, "usage:"),
            (["12", "run", "--copy"], 2, "usage:"),
            (["12", "run", "--root", "/"], 2, "usage:"),
            (["12", "run", "--env", "NO_SUCH_NAME"], 1, "NO_SUCH_NAME is not set here"),
            (["12", "run", "--copy", "/no/such/file"], 1, "/no/such/file does not exist"),
        ]:
            with self.subTest(arguments), self.start(*arguments) as process:
                output, _ = process.communicate(timeout=30)
                self.assertEqual(process.returncode, status, output)
                self.assertIn(words, output)
                self.assertEqual(list(self.roots.iterdir()), [])

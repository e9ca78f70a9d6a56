import os
import pathlib
import subprocess
import tempfile
import unittest

from checkout import ROOT

DPKG_QUERY = """#!/bin/sh
for package; do
    case " $MISSING " in *" $package "*) ;; *) echo "installed $package" ;; esac
done
"""
APT_GET = """#!/bin/sh
echo "$@" >>"$APT_LOG"
"""


@unittest.skipUnless(os.geteuid() == 0, "only root installs packages")
class InstallPackages(unittest.TestCase):
    """With a dpkg-query that reports the packages in $MISSING as missing, and an apt-get that only notes its calls."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.commands = pathlib.Path(folder.name)
        self.apt_log = self.commands / "apt.log"
        self.add_command("dpkg-query", DPKG_QUERY)
        self.add_command("apt-get", APT_GET)

    def add_command(self, name, text):
        command = self.commands / name
        command.write_text(text, encoding="utf-8")
        command.chmod(0o755)

    def apt_calls(self, *groups, missing):
        environment = {"PATH": f"{self.commands}:/bin:/usr/bin", "MISSING": missing, "APT_LOG": str(self.apt_log)}
        subprocess.run([ROOT / "scripts/install-packages", *groups], env=environment, check=True, capture_output=True)
        return self.apt_log.read_text(encoding="utf-8").splitlines() if self.apt_log.exists() else []

    def test_asks_nobody_where_everything_is_installed(self):
        self.assertEqual(self.apt_calls("build", "test", missing=""), [])

    def test_installs_just_what_is_missing(self):
        update, install = self.apt_calls("build", "test", missing="cmake shellcheck")
        self.assertTrue(update.startswith("update"))
        self.assertTrue(install.endswith(" cmake shellcheck"), install)

    def test_leaves_a_node_of_another_origin_alone(self):
        self.add_command("node", "#!/bin/sh\n")
        self.add_command("npm", "#!/bin/sh\n")
        self.assertEqual(self.apt_calls("test", missing="nodejs npm"), [])

    def test_does_not_need_the_test_packages_to_build(self):
        self.assertEqual(self.apt_calls("build", missing="clang-19 chromium"), [])

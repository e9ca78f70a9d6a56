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
        self.release("debian", "12")

    def release(self, name, version):
        self.os_release = self.commands / "os-release"
        self.os_release.write_text(f'NAME="Some system"\nID={name}\nVERSION_ID="{version}"\n', encoding="utf-8")

    def add_command(self, name, text):
        command = self.commands / name
        command.write_text(text, encoding="utf-8")
        command.chmod(0o755)

    def run_script(self, *groups, missing):
        environment = {
            "PATH": f"{self.commands}:/bin:/usr/bin",
            "MISSING": missing,
            "APT_LOG": str(self.apt_log),
            "GLOBES_OS_RELEASE": str(self.os_release),
        }
        return subprocess.run([ROOT / "scripts/install-packages", *groups], env=environment, capture_output=True, text=True)

    def apt_calls(self, *groups, missing):
        run = self.run_script(*groups, missing=missing)
        self.assertEqual(run.returncode, 0, run.stderr)
        return self.apt_log.read_text(encoding="utf-8").splitlines() if self.apt_log.exists() else []

    def test_installs_nothing_if_everything_is_installed(self):
        self.assertEqual(self.apt_calls("run", "build", "test", "fresh", missing=""), [])

    def test_installs_only_missing_packages(self):
        update, install = self.apt_calls("build", "test", missing="cmake shellcheck")
        self.assertTrue(update.startswith("update"))
        self.assertTrue(install.endswith(" cmake shellcheck"), install)

    def test_leaves_a_node_of_another_origin_alone(self):
        self.add_command("node", "#!/bin/sh\n")
        self.add_command("npm", "#!/bin/sh\n")
        self.assertEqual(self.apt_calls("test", missing="nodejs npm"), [])

    def test_running_needs_curl_and_nothing_of_the_tests(self):
        self.assertEqual(self.apt_calls("run", missing="libgtest-dev libgmock-dev libbenchmark-dev clang-19 chromium"), [])
        self.assertTrue(self.apt_calls("run", missing="curl")[1].endswith(" curl"))

    def test_takes_the_boost_of_the_release(self):
        for version, boost in [("12", "1.81"), ("13", "1.83")]:
            with self.subTest(version):
                self.release("debian", version)
                names = f"libboost{boost}-dev libboost-json{boost}-dev"
                self.assertTrue(self.apt_calls("run", missing=names)[-1].endswith(f" {names}"))

    def test_on_another_system_missing_packages_are_named_and_not_installed(self):
        for name, version in [("ubuntu", "24.04"), ("debian", "11")]:
            self.release(name, version)
            run = self.run_script("run", missing="cmake curl")
            self.assertEqual(run.returncode, 1)
            self.assertIn(f"Debian 12 or 13, and this is {name}-{version}", run.stderr)
            self.assertIn("    cmake curl\n", run.stderr)
        self.assertFalse(self.apt_log.exists())

import os
import pathlib
import subprocess

from checkout import CheckoutTest

CMAKE = """#!/bin/sh
echo "$@" >>cmake-calls
touch build/dev/build.ninja
echo "GLOBES_BUILD_TESTS:BOOL=${4#*=}" >build/dev/CMakeCache.txt
"""


class Configure(CheckoutTest):
    """scripts/configure with a CMake that only notes its calls, and a pkg-config that knows what is in $INSTALLED."""

    parts = ["scripts/configure"]

    def setUp(self):
        super().setUp()
        self.write("bin/cmake", CMAKE)
        self.write("bin/pkg-config", '#!/bin/sh\nfor name in gtest gmock benchmark; do case $INSTALLED in *$name*) ;; *) exit 1 ;; esac; done\n')
        for command in (self.root / "bin").iterdir():
            command.chmod(0o755)

    def calls(self, installed):
        environment = {"PATH": f"{self.root}/bin:{os.environ['PATH']}", "INSTALLED": installed}
        subprocess.run([self.root / "scripts/configure", "dev"], env=environment, check=True)
        return pathlib.Path(self.root, "cmake-calls").read_text(encoding="utf-8").splitlines()

    def test_needs_nothing_of_the_tests_for_the_server(self):
        self.assertEqual(self.calls(""), ["--preset dev -D GLOBES_BUILD_TESTS=OFF"])

    def test_adds_the_tests_once_their_packages_are_installed(self):
        self.calls("gtest")
        self.assertEqual(self.calls("gtest gmock benchmark")[1:], ["--preset dev -D GLOBES_BUILD_TESTS=ON"])

    def test_runs_cmake_again_when_the_presets_have_changed(self):
        self.calls("")
        self.write("CMakePresets.json", "{}")
        os.utime(self.root / "CMakePresets.json", (2**32, 2**32))
        self.assertEqual(len(self.calls("")), 2)

    def test_runs_cmake_once(self):
        for installed in ["", "gtest gmock benchmark"]:
            self.assertEqual(self.calls(installed), self.calls(installed))

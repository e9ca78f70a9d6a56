import os
import re
import subprocess
import unittest

from checkout import ROOT, CheckoutTest


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

    def test_the_help_of_a_command_installs_and_builds_nothing(self):
        for command in ["test", "build", "format", "lint", "coverage", "soak", "install", "clean"]:
            for flag in ["--help", "-h"]:
                run = dev(command, flag)
                self.assertEqual((run.returncode, run.stderr), (0, ""))
                self.assertRegex(run.stdout, rf"^usage: ./dev COMMAND\n\n  {command} ")
                self.assertNotRegex(run.stdout, r"Installing|Building")

    def test_commands_with_options_of_their_own_describe_them_without_a_build(self):
        # Also without the npm packages of the tests, as in a new checkout.
        for command, expected in {
            ("attack", "--help"): "usage: ./dev attack ",
            ("attack", "--list"): "slow-readers  ",
            ("fuzz", "--help"): r"usage: ./dev fuzz [\s\S]*build/fuzz-findings[\s\S]*  http_request",
            ("sbom", "--help"): r"usage: ./dev sbom [\s\S]*BUILD_FOLDER  ",
        }.items():
            run = dev(*command)
            self.assertEqual((run.returncode, run.stderr), (0, ""), command)
            self.assertRegex(run.stdout, expected)
            self.assertNotRegex(run.stdout, r"Installing|Building")

    def test_wrong_names_of_attacks_end_before_a_build(self):
        run = dev("attack", "nonsense")
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertIn("unknown attacks: nonsense", run.stderr)

    def test_refuses_an_unknown_preset_before_anything_is_built(self):
        run = dev("build", "relase")
        self.assertEqual(run.returncode, 2)
        self.assertIn('There is no preset "relase".', run.stderr)
        self.assertFalse((ROOT / "build/relase").exists())

    def test_refuses_an_unknown_command_and_shows_the_others(self):
        run = dev("tset")
        self.assertEqual(run.returncode, 2)
        self.assertIn('no command "tset"', run.stderr)
        self.assertIn("test [--long]", run.stderr)


SERVER = """#!/bin/sh
echo "Globes 1.0.0 started at $PORT $*"
"""


class DevRun(CheckoutTest):
    """`./dev run` with stand-ins for all that it runs."""

    parts = ["dev", "config.json"]

    def setUp(self):
        super().setUp()
        for path in ["scripts/install-packages", "scripts/build"]:
            self.write(path, f'#!/bin/sh\necho {path} "$@"\n')
        self.write("globes", SERVER)
        self.write("scripts/build", '#!/bin/sh\necho build "$@"\nmkdir -p build/release && cp globes build/release\n')
        for path in ["scripts/install-packages", "scripts/build", "globes"]:
            (self.root / path).chmod(0o755)

    def lines(self, *flags, **variables):
        command = [self.root / "dev", "run", *flags]
        run = subprocess.run(command, env={"PATH": os.environ["PATH"], **variables}, capture_output=True, text=True, check=True)
        return run.stdout.splitlines()

    def test_only_the_server_names_its_address(self):
        lines = self.lines("--address", "[::1]:8098", PORT="8099")
        self.assertEqual(lines[-1], "Globes 1.0.0 started at 8099 --address [::1]:8098")
        self.assertNotRegex("\n".join(lines[:-1]), r"http|:\d{4}|localhost|127\.0")

    def test_the_help_of_the_server_stands_alone(self):
        self.lines()
        self.assertEqual(self.lines("--help")[-2:], ["build release globes", "Globes 1.0.0 started at  --help"])

    def test_the_first_start_says_how_long_it_takes_before_all_else(self):
        first, second, *_ = self.lines()
        self.assertRegex(first, r"about \d+ minutes")
        self.assertEqual(second, "scripts/install-packages run")
        self.assertEqual(self.lines()[0], "scripts/install-packages run", "the next ones do not")


class DevSoak(CheckoutTest):
    """`./dev soak` with stand-ins for all that it runs."""

    parts = ["dev"]

    def soak(self, *arguments):
        stand_ins = ["scripts/install-packages", "scripts/install-node-modules", "scripts/build", "bin/node"]
        for path in stand_ins:
            self.write(path, '#!/bin/sh\necho "${0##*/}" "$@" "$GLOBES_BINARY" "$ASAN_OPTIONS"\n')
            (self.root / path).chmod(0o755)
        environment = {"PATH": f"{self.root}/bin:{os.environ['PATH']}"}
        run = subprocess.run(
            [self.root / "dev", "soak", *arguments], env=environment, capture_output=True, text=True, check=True
        )
        return run.stdout

    def test_runs_the_released_server(self):
        output = self.soak("5")
        self.assertRegex(output, r"(?m)^build release globes ")
        self.assertRegex(output, r"(?m)^node tests/attack/soak.js 5  *$")

    def test_runs_a_server_with_sanitizers(self):
        output = self.soak("--asan", "5")
        self.assertRegex(output, r"(?m)^build asan globes ")
        self.assertNotIn("build release", output)
        self.assertRegex(output, r"(?m)^node tests/attack/soak.js 5 /.*/build/asan/globes external_symbolizer_path=")

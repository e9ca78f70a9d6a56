import json
import os
import subprocess

from checkout import CheckoutTest

TIDY = """#!/bin/sh
[ "$1" = --version ] && exit
for file; do :; done
basename "$file" >>looked-at
! grep -q wrong "$file" || { echo "$file: wrong"; exit 1; }
"""


class Tidy(CheckoutTest):
    """scripts/tidy in a repository of its own, with a clang-tidy that only notes what it is given."""

    parts = ["scripts/tidy"]

    def setUp(self):
        super().setUp()
        stand_ins = {
            "bin/clang-tidy-19": TIDY,
            "bin/compile": '#!/bin/sh\ncat "$1"\n',
            "bin/ninja": "#!/bin/sh\n",
            "scripts/configure": "#!/bin/sh\n",
        }
        for path, text in stand_ins.items():
            self.write(path, text)
            (self.root / path).chmod(0o755)
        self.write(".clang-tidy", "")
        self.write(".gitignore", "/bin\n/build\n/cache\nlooked-at\n")
        for name in ["one", "two", "user"]:
            self.write(f"src/{name}.cc", '#include "only.h"\n' if name == "user" else f"int {name};\n")
        self.write("src/two.h", "")
        self.write("src/only.h", "")
        entries = [
            {"directory": str(self.root), "file": str(source), "command": f"compile {source} -o object"}
            for source in (self.root / "src").glob("*.cc")
        ]
        self.write("build/tsan/compile_commands.json", json.dumps(entries))
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()

    def git(self, *arguments):
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=self.root, check=True, capture_output=True)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=Change")

    def tidy(self, *options):
        """The exit status, what clang-tidy was given, and what was printed."""
        looked_at = self.root / "looked-at"
        looked_at.unlink(missing_ok=True)
        environment = {**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}", "XDG_CACHE_HOME": f"{self.root}/cache"}
        run = subprocess.run([self.root / "scripts/tidy", *options], env=environment, capture_output=True, text=True)
        names = looked_at.read_text(encoding="utf-8").split() if looked_at.exists() else []
        return run.returncode, sorted(names), run.stdout

    def test_checks_all_sources(self):
        self.assertEqual(self.tidy()[:2], (0, ["one.cc", "two.cc", "user.cc"]))

    def test_checks_the_changes_of_a_branch_since_it_left_main(self):
        self.git("checkout", "--quiet", "-b", "branch")
        self.write("src/one.cc", "int changed;\n")
        self.commit()
        self.write("src/two.cc", "int changed_too;\n")
        self.commit()
        self.assertEqual(self.tidy("--branch")[:2], (0, ["one.cc", "two.cc"]))
        self.assertEqual(self.tidy("--changed")[:2], (0, []))

    def test_checks_the_last_commit_on_main(self):
        self.write("src/one.cc", "int changed;\n")
        self.commit()
        self.write("src/two.cc", "int changed_too;\n")
        self.commit()
        self.assertEqual(self.tidy("--branch")[:2], (0, ["two.cc"]))

    def test_checks_a_changed_header_through_a_source(self):
        self.write("src/two.h", "int changed;\n")
        self.write("src/only.h", "int changed;\n")
        self.assertEqual(self.tidy("--changed")[:2], (0, ["two.cc", "user.cc"]))

    def test_a_finding_fails(self):
        self.write("src/one.cc", "wrong\n")
        status, _, printed = self.tidy("--branch")
        self.assertEqual(status, 1)
        self.assertIn("one.cc: wrong", printed)

    def test_skips_sources_after_the_time_limit_and_counts_them(self):
        status, looked_at, printed = self.tidy("--within", "0")
        self.assertEqual((status, looked_at), (0, []))
        self.assertIn("3 skipped: time limit reached", printed)

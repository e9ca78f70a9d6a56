import shutil
import subprocess
import tempfile
import unittest
import pathlib

from checkout import ROOT

CLANG = "clang++-19"
PROGRAM = """
#include "base/mutex.h"
class Count {
public:
    void add() { %s ++value_; changed_.notify_one(); }
    void wait() {
        globes::MutexLock lock(mutex_);
        changed_.wait(lock, [this]() %s { return value_ > 0; });
        lock.unlock();
        %s
    }
private:
    globes::Mutex mutex_;
    globes::Condition changed_;
    int value_ GUARDED_BY(mutex_) = 0;
};
int main() { Count count; count.add(); count.wait(); }
"""
LOCK = "const globes::MutexLock lock(mutex_);"
HOLDS = "REQUIRES(mutex_)"


@unittest.skipUnless(shutil.which(CLANG), f"needs {CLANG}")
class ThreadSafety(unittest.TestCase):
    """A program that forgets a lock, compiled as the clang presets do."""

    def compile(self, *parts):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "count.cc")
            source.write_text(PROGRAM % parts, encoding="utf-8")
            command = [CLANG, "-std=c++23", "-fsyntax-only", "-Wthread-safety", "-Werror", f"-I{ROOT}/src", str(source)]
            return subprocess.run(command, capture_output=True, text=True)

    def assert_refused(self, run, why):
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(why, run.stderr)

    def test_code_that_holds_the_lock_compiles(self):
        run = self.compile(LOCK, HOLDS, "")
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_a_guarded_member_without_its_lock_does_not(self):
        self.assert_refused(self.compile("", HOLDS, ""), "requires holding mutex 'mutex_'")

    def test_a_predicate_without_its_requirement_does_not(self):
        self.assert_refused(self.compile(LOCK, "", ""), "requires holding mutex 'mutex_'")

    def test_a_guarded_member_behind_an_unlock_does_not(self):
        self.assert_refused(self.compile(LOCK, HOLDS, "--value_;"), "requires holding mutex 'mutex_'")

    def test_the_presets_check_it(self):
        options = (ROOT / "cmake/compile_options.cmake").read_text(encoding="utf-8")
        self.assertRegex(options, r"CXX_COMPILER_ID:Clang>:-Wthread-safety")


if __name__ == "__main__":
    unittest.main()

import shutil
import subprocess
import sys
import unittest

from checkout import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from embedding.javascript import tokens_of  # noqa: E402
from embedding.shrinking import shrink_script, shrink_style  # noqa: E402

SCRIPTS = sorted((ROOT / "web").rglob("*.js"))


def texts_of(source):
    return [token.text for token in tokens_of(source)]


class Scripts(unittest.TestCase):
    def assert_shrinks(self, source, expected):
        self.assertEqual(shrink_script(source), expected + "\n")

    def test_comments_and_indentation_go(self):
        self.assert_shrinks("// A\nlet a = 1; /* B */\n\n    let b = 2; // C\n", "let a=1;let b=2;")

    def test_what_is_in_strings_templates_and_patterns_stays(self):
        for source in ["'//  a'", '"/*  */"', "`  //  ${a}  `", "`${`//  ${b}`}  /* */`", "/[/]  \\/\\/ /.test(a)"]:
            self.assert_shrinks(source, source)

    def test_a_line_break_that_may_end_a_statement_stays(self):
        for source in ["a\nb", "a\n(b)", "return\na", "a\n++b", "a++\nb", "a\n[b]", "a\n`b`", "a\n/b/g", "x\n*y() {"]:
            self.assert_shrinks(source, source.replace(" ", ""))
        self.assert_shrinks("f(\n  a,\n  b\n)\n  .c;\n}", "f(a,b).c;}")

    def test_words_and_signs_do_not_grow_together(self):
        for source in ["let a", "a+ +b", "a- --b", "a/ /b/.c", "1 .c", "in $", "static #a", "a< !--b", "of ü", "b/ /* c */ /d/"]:
            self.assertEqual(texts_of(shrink_script(source)), texts_of(source), source)

    def test_nothing_but_blanks_is_left_out_of_the_site(self):
        self.assertGreater(len(SCRIPTS), 40)
        for script in SCRIPTS:
            source = script.read_text(encoding="utf-8")
            self.assertEqual(texts_of(shrink_script(source)), texts_of(source), script)

    @unittest.skipUnless(shutil.which("node"), "needs node")
    def test_the_scripts_of_the_site_are_modules_still(self):
        for script in SCRIPTS:
            command = ["node", "--input-type=module", "--check"]
            text = shrink_script(script.read_text(encoding="utf-8"))
            run = subprocess.run(command, input=text, capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, f"{script}: {run.stderr}")


class Styles(unittest.TestCase):
    def test_comments_and_blanks_go(self):
        source = "/* A */\na,\nb > c {\n    color: red; /* B */\n    margin: 0 auto;\n}\n"
        self.assertEqual(shrink_style(source), "a,b > c{color:red;margin:0 auto}")

    def test_blanks_that_mean_something_stay(self):
        for source in ["a :hover{b:c}", "a{b:calc(1px + 2px)}", "@media (a:b) and (c:d){e{f:g}}", "a{b:'  {  ;  /* */  '}",
                       'a{b:url( "c  d" )}', "a{b:url(data:c,  d)}"]:
            self.assertEqual(shrink_style(source), source)


if __name__ == "__main__":
    unittest.main()

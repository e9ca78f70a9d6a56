import http.server
import json
import subprocess
import threading

from checkout import CheckoutTest

ROOM = '{"id":2,"createdAt":"2031-10-05T07:08:09.123456Z"}'
README = """
## Five minutes

```
curl http://127.0.0.1:5000/chats \\
  -d '{"title":"A \\"room\\""}'
```
```json
{"id":2,"createdAt":"2025-06-01T09:00:00.000000Z"}
```

Open <http://127.0.0.1:5000/page>.

```
curl http://127.0.0.1:5000/chats
curl http://127.0.0.1:5000/token
```
```json
{"token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…"}
```

## Read on

[More](http://127.0.0.1:5000/gone)
"""


class Server(http.server.BaseHTTPRequestHandler):
    """Answers what `answers` has for a path, and 404 for any other."""

    answers = {}

    def do_GET(self):
        body = self.answers.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write((body or "").encode())

    def do_POST(self):
        json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.do_GET()

    def log_message(self, *_):
        pass


class Tour(CheckoutTest):
    """scripts/tour with a README and a server of our own."""

    parts = ["scripts/tour"]

    def setUp(self):
        super().setUp()
        self.write("README.md", README)
        self.answers = {"/chats": ROOM, "/token": '{"token":"abc.de-f._1"}', "/page": "<p>"}
        handler = type("Handler", (Server,), {"answers": self.answers})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever).start()
        self.origin = f"http://127.0.0.1:{server.server_port}"

    def outcomes(self, status):
        run = subprocess.run([self.root / "scripts/tour", self.origin], capture_output=True, text=True)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return [line.split()[0] for line in run.stdout.splitlines() if line[0] != " "]

    def test_runs_every_command_and_fetches_every_address(self):
        self.assertEqual(self.outcomes(0), ["ok"] * 4)

    def test_finds_an_answer_that_is_not_as_shown(self):
        self.answers["/chats"] = ROOM.replace("2", "3", 1)
        self.assertEqual(self.outcomes(1), ["FAILED", "ok", "ok", "ok"])

    def test_finds_a_command_that_is_refused(self):
        del self.answers["/token"]
        self.assertEqual(self.outcomes(1), ["ok", "ok", "FAILED", "ok"])

    def test_finds_an_address_that_leads_nowhere(self):
        del self.answers["/page"]
        self.assertEqual(self.outcomes(1), ["ok", "ok", "ok", "FAILED"])

    def test_does_not_take_a_readme_without_a_tour_for_a_good_one(self):
        self.replace("README.md", "```json\n{", "```text\n{")
        self.replace("README.md", "```json\n{", "```text\n{")
        run = subprocess.run([self.root / "scripts/tour", self.origin], capture_output=True, text=True)
        self.assertIn("no commands with answers", run.stderr)
        self.assertEqual(run.returncode, 1)

from checkout import CheckoutTest


class CheckDocs(CheckoutTest):
    parts = ["clients", "src", "docs", "bench", "tests/api/README.md", "tests/attack", "tests/contract", "tests/reliability", "config.json", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CMakePresets.json", "cmake", ".ci", "LICENSE"]

    def test_accepts_the_tree_as_it_is(self):
        self.assert_accepts("check-docs")

    def test_finds_a_key_that_is_not_documented(self):
        self.replace("src/base/config_json.cc", '{"Address", read_', '{"Planted", read_address},\n    {"Address", read_')
        self.assert_finds("check-docs", "docs/configuration.md: key Planted is missing")

    def test_finds_a_key_that_is_documented_and_gone(self):
        self.replace("src/base/config_json.cc", '{"BacklogBytes", read_', '{"DataDir", read_')
        self.assert_finds("check-docs", "docs/configuration.md: key BacklogBytes is not in the sources")

    def test_finds_a_variable_that_is_not_documented(self):
        self.replace("src/base/config.cc", '{"PORT", read_', '{"PLANTED", read_port, ""},\n    {"PORT", read_')
        self.assert_finds("check-docs", "key PLANTED is missing")

    def test_finds_a_flag_that_is_not_documented(self):
        self.replace("src/main.cc", '"--data', '"--planted')
        self.assert_finds("check-docs", "flag --planted is missing")

    def test_finds_an_error_whose_text_the_docs_have_otherwise(self):
        self.replace("docs/protocol.md", "| Room error: Duplicate room |", "| Room error: Taken |")
        self.assert_finds("check-docs", 'error 102 "Room error: Duplicate room" 400 is missing')

    def test_finds_an_error_without_a_row(self):
        self.replace("docs/protocol.md", "| 506 |", "|  506 |")
        self.assert_finds("check-docs", 'error 506 "Bad request" 400 is missing')

    def test_finds_a_sentence_that_the_docs_have_otherwise(self):
        self.replace("docs/protocol.md", "| That name is taken. |", "| Somebody has that name. |")
        self.assert_finds("check-docs", 'sentence of error 202 name "That name is taken." is missing')

    def test_finds_a_metric_that_is_not_documented(self):
        self.replace("src/server_metrics.cc", 'begin("globes_rooms"', 'begin("globes_planted"')
        self.assert_finds("check-docs", "docs/operations.md: metric globes_planted is missing")

    def test_finds_a_metric_that_is_documented_and_gone(self):
        self.replace("docs/operations.md", "| `globes_rooms` |", "| `globes_planted` |")
        self.assert_finds("check-docs", "docs/operations.md: metric globes_planted is not in the sources")

    def test_finds_an_event_of_the_log_that_is_not_documented(self):
        self.replace("src/signals.cc", '"event=stopping', '"event=planted')
        self.assert_finds("check-docs", "docs/operations.md: event planted is missing")
        self.assert_finds("check-docs", "docs/operations.md: event stopping is not in the sources")

    def test_finds_an_unknown_key_in_the_example(self):
        self.replace("config.json", '"Address"', '"Adress"')
        self.assert_finds("check-docs", "config.json: unknown key Adress")

    def test_finds_a_link_that_leads_nowhere(self):
        self.replace("README.md", "](docs/protocol.md", "](docs/protocols.md")
        self.assert_finds("check-docs", "README.md: the link to docs/protocols.md#limits is broken: the file does not exist")

    def test_finds_a_link_to_a_heading_that_does_not_exist(self):
        self.replace("README.md", "](docs/protocol.md#limits", "](docs/protocol.md#limit")
        self.assert_finds("check-docs", "README.md: the link to docs/protocol.md#limit is broken: the page has no such heading")

    def test_finds_a_reference_to_a_heading_that_does_not_exist(self):
        self.replace("docs/protocol.md", "## Limits", "## Bounds")
        self.assert_finds("check-docs", "src/chat/rate_limiter.h: the reference to docs/protocol.md#limits is broken")

    def test_notices_that_a_table_has_moved(self):
        self.write("src/base/config.cc", "")
        self.assert_finds("check-docs", "looks in the wrong place")

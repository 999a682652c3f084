package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/citytally/citytally/cmd/citytally/docs"
)

// Every command, flag, path, test, package, identifier, setting, environment variable,
// metric and route that a document names exists.
func TestDocumentsNameWhatExists(t *testing.T) {
	t.Parallel()
	names := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	for _, topic := range docs.Topics() {
		names = append(names, "cmd/citytally/docs/"+topic.Name+".md")
	}
	v := takeInventory(t)
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range checkDocument(v, name, string(text)) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

// README.md is what a stranger reads first, and reads whole.
func TestReadmeIsShort(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "\n"); lines > 120 {
		t.Errorf("README.md has %d lines, want at most 120", lines)
	}
}

// A mistake in a document is found.
func TestMistakesInDocumentsAreFound(t *testing.T) {
	v := takeInventory(t)
	for _, test := range []struct{ text, want string }{
		{"```sh\ncitytally nosuch\n```", "citytally nosuch"},
		{"```sh\ncitytally dead bury 3\n```", "citytally dead bury 3"},
		{"```sh\ncitytally report --perod 2021\n```", "--perod"},
		{"```sh\ncitytally report --lang fr\n```", "--lang"},
		{"```sh\ncitytally skip ACCEPTED\n```", "accepts 2 arg(s)"},
		{"```sh\ncurl -s x | citytally submit - --areas 1\n```", "--areas"},
		{"```sh\ngo run ./cmd/citytally demos\n```", "citytally demos"},
		{"```sh\ngo test ./cmd/nosuch\n```", "./cmd/nosuch"},
		{"```sh\ngo test ./cmd/citytally -run Campain\n```", "-run Campain"},
		{"```sh\ngo test ./cmd/citytally -run Campaign -fault 3\n```", "-fault"},
		{"```sh\nexport CITYTALLY_NATS_PASSWRD=x\n```", "CITYTALLY_NATS_PASSWRD"},
		{"```yaml\n# citytally.yaml\nnats: {urls: x}\n```", "urls"},
		{"```\n a ──► citytally releases\n```", "citytally releases"},
		{"`citytally replays`", "citytally replays"},
		{"`citytally docs operation`", "operation"},
		{"`citytally recompute --periods`", "--periods"},
		{"`--no-such-flag` is one", "--no-such-flag"},
		{"see ingest/stream/works.go.", "ingest/stream/works.go"},
		{"see `transform/tallies`", "transform/tallies"},
		{"see works.go there", "works.go"},
		{"[page](nosuch.md)", "nosuch.md"},
		{"`TestNoSuch`", "TestNoSuch"},
		{"`TestCampaign` (sink)", "TestCampaign"},
		{"`TestDead`, `TestCampaign` (ingest/stream)", "TestCampaign"},
		{"`stream.NoSuch`", "stream.NoSuch"},
		{"`sink.batch_row`", "sink.batch_row"},
		{"`CITYTALLY_SINK_BATCH_ROW`", "CITYTALLY_SINK_BATCH_ROW"},
		{"`citytally_no_such_total`", "citytally_no_such_total"},
		{"`GET /v1/submission`", "/v1/submission"},
		{"`/readys`", "/readys"},
		{"`-fault N`", "-fault"},
	} {
		problems := checkDocument(v, "README.md", test.text)
		if len(problems) == 0 || !strings.Contains(strings.Join(problems, "\n"), test.want) {
			t.Errorf("%q: want a problem with %q, got %q", test.text, test.want, problems)
		}
	}
}

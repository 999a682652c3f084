package docs

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.md
var pages embed.FS

// Topic is one page of the documentation.
type Topic struct {
	// Name is what the page is asked for by; Summary says in one line what is in it.
	Name, Summary string
}

// Topics returns every page, in the order in which a newcomer reads them.
func Topics() []Topic {
	return []Topic{
		{"pushing", "for districts: files, HTTP, NATS, and what an answer means"},
		{"files", "some 250 files of all kinds, what each is taken for and which figures come out"},
		{"rules", "what figures are held against besides the catalogue, and how to write a rule"},
		{"publishing", "for the bureau: reports, explanations, releases, locks, published figures"},
		{"querying", "for analysts: connecting, views, columns, examples"},
		{"operating", "running it: settings, readiness, DEAD, rebuilding, upgrades, clusters, symptoms"},
		{"recovery", "a store that is older, lost or cut off: what is told, what to do, what is lost"},
		{"calendar", "for the bureau: who owes what by when, working days and holidays"},
		{"architecture", "packages, streams and their owners, invariants, back-pressure, retries"},
		{"access", "who may do what at every door: HTTP, ClickHouse, the broker"},
		{"semantics", "what a figure and a total mean, rule by rule, and the tests that hold each"},
		{"guarantees", "what is guaranteed, and the test that shows it"},
		{"performance", "how fast it is, and how to measure it"},
		{"metrics", "every metric that is told to Prometheus"},
		{"glossary", "the words used here, with the terms of SDMX and of Chinese official statistics"},
	}
}

// Page returns the Markdown text of a topic. For any other name it returns an error
// that lists the topics.
func Page(topic string) (string, error) {
	var names []string
	for _, t := range Topics() {
		if t.Name == topic {
			text, err := pages.ReadFile(topic + ".md")
			return string(text), err
		}
		names = append(names, t.Name)
	}
	return "", fmt.Errorf("there is no topic %q; want %s", topic, strings.Join(names, ", "))
}

// List returns the names of the topics with their summaries, one on each line.
func List() string {
	var b strings.Builder
	for _, t := range Topics() {
		fmt.Fprintf(&b, "%-14s%s\n", t.Name, t.Summary)
	}
	return b.String()
}

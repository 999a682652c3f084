package docs

import (
	"slices"
	"strings"
	"testing"
)

// Every file is a topic and every topic a page; the pages that are not generated begin
// with their title.
func TestEveryPageIsATopic(t *testing.T) {
	entries, err := pages.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(Topics()) {
		t.Errorf("%d files, %d topics", len(entries), len(Topics()))
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".md")
		if !slices.ContainsFunc(Topics(), func(t Topic) bool { return t.Name == name }) {
			t.Errorf("%s is no topic", e.Name())
		}
	}
	for _, topic := range Topics() {
		text, err := Page(topic.Name)
		if err != nil {
			t.Errorf("%s: %v", topic.Name, err)
		}
		if topic.Name != "metrics" && !strings.HasPrefix(text, "# ") {
			t.Errorf("%s does not begin with a title: %.40q", topic.Name, text)
		}
		if !strings.Contains(List(), "\n"+topic.Name+" ") && !strings.HasPrefix(List(), topic.Name+" ") {
			t.Errorf("the list lacks %s:\n%s", topic.Name, List())
		}
	}
}

func TestUnknownTopicNamesTheOthers(t *testing.T) {
	_, err := Page("metric")
	if err == nil || !strings.Contains(err.Error(), `no topic "metric"`) || !strings.Contains(err.Error(), "operating, recovery, calendar, architecture") {
		t.Errorf("%v", err)
	}
}

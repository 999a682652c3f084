package judge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
)

// However many words a file has that are no indicator, only some are compared with the
// catalogue; a word that comes again is compared once.
func TestSuggestionsAreBounded(t *testing.T) {
	c, near := fixture.Catalogue(t), suggestions{}
	known := c.Indicators[0].ID
	suggested := 0
	for i := range 20_000 {
		word := fmt.Sprintf("%s%d", known, i%10_000)
		f := event.Finding{Code: "INDICATOR_UNKNOWN", Indicator: word, Seen: word}
		near.complete(&f, c)
		if strings.Contains(f.MessageEN, "did you mean") {
			suggested++
		}
	}
	if suggested != 2*maxSuggestions || len(near) != maxSuggestions {
		t.Errorf("want %d words compared once, got %d findings with a suggestion of %d words", maxSuggestions, suggested, len(near))
	}
	other := event.Finding{Code: "PERIOD_LOCKED", Indicator: known, MessageEN: "locked"}
	near.complete(&other, c)
	if other.MessageEN != "locked" {
		t.Errorf("want other findings as they were, got %q", other.MessageEN)
	}
}

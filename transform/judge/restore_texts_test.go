package judge

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// What does not come back is named in both languages, with the same commands, places and names.
func TestWhatIsLostIsToldInBothLanguages(t *testing.T) {
	told := regexp.MustCompile(`citytally [a-z]+( --[a-z-]+| [a-z]+)*|--[a-z-]+|[0-9a-f]{8,}|7-9|2021|zhang|320812`)
	var decisions []DecisionCopy
	for _, d := range []event.Decision{
		{Kind: event.Adopt, Reason: "新目录"}, {Kind: event.AdoptRules}, {Kind: event.Lock, Period: "2021"}, {Kind: event.RevokeToken},
		{Kind: event.RefuseHeld, Area: "320812", Submission: "0123456789ad", Rows: []uint32{3}},
	} {
		d.By = "zhang"
		decisions = append(decisions, DecisionCopy{Decision: d, Version: "0123456789ab"})
	}
	for _, err := range []error{
		&UntoldError{Places: []stream.Range{{From: 7, To: 9}}},
		&LostAcceptedError{Submissions: []string{"0123456789ae", "0123456789af"}},
		&MissingTextsError{Decisions: decisions},
	} {
		zh := bilingual.Chinese(err)
		if !strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Fatalf("not in Chinese: %s", zh)
		}
		for _, want := range told.FindAllString(err.Error(), -1) {
			if !strings.Contains(zh, want) {
				t.Errorf("%q is not in %q", want, zh)
			}
		}
	}
}

package reconcile

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/ingest/stream"
)

// Each divergence names the same commands, places and streams in both languages, and is in Chinese for
// those who read that.
func TestDivergencesAreInBothLanguages(t *testing.T) {
	commands := regexp.MustCompile(`citytally (recompute|setup|replay|token|schedule)( --[a-z-]+( [a-z]+)?)*`)
	for _, kind := range []DivergenceKind{TailLost, HeadLost, Anew, Gone, VerdictsLost, VerdictsMoved, Replaced, WrittenOver, Unreadable, OtherLog, FilesGone, Behind} {
		for _, of := range []string{stream.Accepted, stream.Submissions, stream.Verdicts, stream.Totals, stream.Releases, stream.Direct, stream.Dead} {
			for _, holder := range []string{ClickHouse, stream.Totals} {
				d := &Divergence{Kind: kind, Stream: of, Holder: holder, Last: 7001, Known: 9003, Detail: "7002–9003"}
				zh, en := bilingual.Chinese(d.Reason()), d.Reason().Error()
				if en != d.String() || strings.Contains(zh, "%!") || !strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
					t.Fatalf("%s of %s: %q, %q", kind, of, zh, en)
				}
				want := commands.FindAllString(en, -1)
				for _, told := range []string{of, "7001", "9003", ClickHouse} {
					if strings.Contains(en, told) {
						want = append(want, told)
					}
				}
				for _, told := range want {
					if !strings.Contains(zh, told) {
						t.Errorf("%s of %s: %q is not in %q", kind, of, told, zh)
					}
				}
			}
		}
	}
}

package present

import (
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest/edition"
)

// A reason that the program itself gave is told in the reader's language, a person's as it was written.
func TestReasonsOfTheJournal(t *testing.T) {
	acts := []Act{{Kind: "adopt", Reason: edition.FirstReason}, {Kind: "lock", Reason: "年报已定"}}
	for language, want := range map[Language]string{Chinese: "首次启动时设置中的目录和规则", English: edition.FirstReason} {
		var out strings.Builder
		if err := (&Printer{Language: language, Location: time.UTC}).Journal(&out, acts, FormatTable); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want) || !strings.Contains(out.String(), "年报已定") {
			t.Errorf("in %s:\n%s", language, out.String())
		}
	}
}

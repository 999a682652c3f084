package present

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
	"github.com/citytally/citytally/transform/schedule"
)

func printed(t *testing.T, s *Status) string {
	t.Helper()
	return printedIn(t, English, s)
}

func printedIn(t *testing.T, language Language, s *Status) string {
	t.Helper()
	var out strings.Builder
	if err := (&Printer{Catalogue: &catalogue.Catalogue{}, Language: language}).Status(&out, s, FormatTable); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Reasons about which the same is to be done are told together, and others are not lost among them.
func TestStatusGroupsReasons(t *testing.T) {
	var why strings.Builder
	for i := range 20 {
		fmt.Fprintf(&why, "3208%02d differs; citytally recompute mends it\n", i)
	}
	fmt.Fprintln(&why, "ACCEPTED has lost its end; put the data back")
	out := printed(t, &Status{NotReady: []Part{{Part: "content", Why: why.String()}}})
	if n := strings.Count(out, "NOT READY"); n != toldAlike+2 {
		t.Errorf("%d lines:\n%s", n, out)
	}
	for _, want := range []string{"320800 differs; citytally recompute", "and 17 more like these (--format json has all); citytally recompute mends it", "ACCEPTED has lost its end; put the data back"} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
}

// Reasons are told in the reader's language, and those of a program that knows them in English alone as they are.
func TestReasonsAreInTheReadersLanguage(t *testing.T) {
	why := []Part{{Part: "broker", Why: "the broker is away", WhyZH: "与消息服务器的连接已断开"}, {Part: "sink", Why: "code 439; wait"}}
	zh, en := printedIn(t, Chinese, &Status{NotReady: why}), printed(t, &Status{NotReady: why})
	for out, want := range map[string][]string{
		zh: {"未就绪：broker：与消息服务器的连接已断开\n", "未就绪：sink：code 439; wait\n"},
		en: {"NOT READY: broker: the broker is away\n", "NOT READY: sink: code 439; wait\n"},
	} {
		for _, line := range want {
			if !strings.Contains(out, line) {
				t.Errorf("lacks %q:\n%s", line, out)
			}
		}
	}
}

// The books are not called balanced beside a part that says that ClickHouse and the log differ.
func TestStatusDoesNotCallBalancedWhatDiffers(t *testing.T) {
	for part, want := range map[string]string{"": "balanced: yes", "sink": "balanced: yes", "content": "balanced: NO", "log": "balanced: NOT KNOWN"} {
		s := &Status{Conservation: &reconcile.Conservation{Balanced: true}}
		if part != "" {
			s.NotReady = []Part{{Part: part, Why: "why"}}
		}
		if out := printed(t, s); !strings.Contains(out, want) {
			t.Errorf("%q not ready: want %q:\n%s", part, want, out)
		}
	}
}

// All times of a status are in one time zone, which they name; a pause says since when it stands.
func TestStatusTellsOneTimeZone(t *testing.T) {
	at := time.Date(2022, 1, 31, 18, 0, 0, 0, time.UTC)
	s := &Status{
		Location: time.FixedZone("CST", 8*60*60), Process: &Process{StartedAt: at},
		Streams: []stream.Status{{Stream: stream.Accepted, Messages: 1, LastAt: at.Local()}},
		Schedules: []Schedule{
			{Name: "nightly", Next: at, Last: &event.Run{StartedAt: at, FinishedAt: at}},
			{Name: "monthly", Paused: &schedule.Pause{At: at, Reason: "holiday"}},
		},
	}
	out := printed(t, s)
	if n := strings.Count(out, "2022-02-01 02:00:00 +08:00"); n != 5 {
		t.Errorf("%d of 5 times:\n%s", n, out)
	}
	if !strings.Contains(out, "paused since 2022-02-01") {
		t.Errorf("no since:\n%s", out)
	}
}

// In Chinese a status names areas and datasets, and says how the accounts stand.
func TestStatusInChinese(t *testing.T) {
	s := &Status{
		Conservation: &reconcile.Conservation{Balanced: true, Accounts: []reconcile.Account{{Area: "320812", Dataset: "sti-annual", Received: 3, Judged: 3}}},
		NotReady:     []Part{{Part: "sink", Why: "why"}},
	}
	settings := configs.Default()
	c, err := settings.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := (&Printer{Catalogue: c, Language: Chinese}).Status(&out, s, FormatTable); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"清江浦区", "科技创新年报", "账目：平", "未就绪：sink：why", "待审核"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %q:\n%s", want, &out)
		}
	}
}

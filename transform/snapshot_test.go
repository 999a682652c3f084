package transform

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/ledger/snapshot"
)

// journal is a log that a running stage writes to.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// A stage that begins with its snapshot goes on as one that has read the whole log: totals of
// figures from before and after it, locks, and what was sent before. Where the file is
// damaged, it reads the log and writes another.
func TestStageGoesOnFromItsSnapshot(t *testing.T) {
	log, c, dir := fixture.Log(t), fixture.Catalogue(t), t.TempDir()
	start := func() (*Stage, *journal, func()) {
		store, err := snapshot.Open(dir, []byte("secret"))
		if err != nil {
			t.Fatal(err)
		}
		store.MinRows = 1
		told := &journal{}
		stage, err := New(log, c, nil, DefaultConfig(), zerolog.New(told), time.Now, WithSnapshots(store))
		if err != nil {
			t.Fatal(err)
		}
		stop := fixture.Run(t, stage.Run)
		<-stage.Ready()
		return stage, told, stop
	}
	send := func(area, value string) event.Verdict {
		return fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From(area, fixture.Figure("gdp", "2021", value))))
	}
	total := func(value string) {
		t.Helper()
		fixture.TotalWith(t, log, "gdp", "2021", func(total event.Total) bool { return total.Value == value })
	}
	_, told, stop := start()
	first := send("901", "100")
	total("100")
	stop()
	if !strings.Contains(told.String(), "snapshot of the ledger written") {
		t.Fatalf("no snapshot: %s", told)
	}

	stage, told, stop := start()
	if !strings.Contains(told.String(), "ledger taken from a snapshot") {
		t.Errorf("the snapshot was not used: %s", told)
	}
	if again := send("901", "100"); !again.Repeated || again.AcceptedSequence != first.AcceptedSequence {
		t.Errorf("what was sent before the snapshot: %+v", again)
	}
	send("902", "11")
	total("111")
	want := stage.Ledger().Extent()
	stop()

	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("files: %v, %v; want two snapshots", files, err)
	}
	for _, file := range files {
		if err := os.Truncate(file, 100); err != nil {
			t.Fatal(err)
		}
	}
	stage, told, stop = start()
	if strings.Contains(told.String(), "ledger taken") || !strings.Contains(told.String(), "is not used") {
		t.Errorf("a damaged snapshot was used: %s", told)
	}
	if got := stage.Ledger().Extent(); got != want {
		t.Errorf("read from the log the ledger goes to %+v, want %+v", got, want)
	}
	if part, ok := stage.Ledger().Part(ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, "901"); !ok || part.Value.String() != "100" {
		t.Errorf("901: %+v, %t", part, ok)
	}
	stop()
	stage, told, stop = start()
	if !strings.Contains(told.String(), "ledger taken from a snapshot") || stage.Ledger().Extent() != want {
		t.Errorf("the damaged snapshot was not written anew: %s", told)
	}
	stop()
}

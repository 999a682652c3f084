package sink

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// wholeProjection returns one whose store holds everything that the log does, of every
// stream, some of it twice.
func wholeProjection(t *testing.T) *Projection {
	t.Helper()
	return fillWhole(t, newLog(t))
}

// fillWhole publishes messages of every stream, some of them twice, and returns a projection that shows
// them.
func fillWhole(t *testing.T, log *stream.Log) *Projection {
	t.Helper()
	s := newStore(t)
	accepted, verdicts, totals := everything(t)
	for _, m := range slices.Concat(accepted, verdicts, totals) {
		publish(t, log, m)
	}
	// The same places of SUBMISSIONS under other places of ACCEPTED and VERDICTS.
	publish(t, log, accepted[0])
	publish(t, log, verdicts[1])
	publish(t, log, holdsOf(t)...)
	release := &event.Release{Name: "bulletin", Period: "2021", CreatedAt: receivedAt.UnixMilli(), Catalogue: "v1", Basis: 2, Totals: []event.Total{{Indicator: "gdp", Value: "7.5", Unit: "亿元", Status: "A"}}}
	if err := log.PublishRelease(t.Context(), release); err != nil {
		t.Fatal(err)
	}
	stop := runWorkers(t, log, s, testConfig())
	for name, consumer := range map[string]string{
		stream.Accepted: AcceptedConsumer, stream.Verdicts: VerdictsConsumer, stream.Totals: TotalsConsumer, stream.Releases: ReleasesConsumer,
	} {
		last, err := log.LastSequence(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if err := (&Projection{Store: s, Log: log}).waitForConsumer(t.Context(), name, consumer, last); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	return &Projection{Store: s, Log: log}
}

// differences compares, and returns what differs in words.
func differences(t *testing.T, p *Projection) []string {
	t.Helper()
	found, err := p.Compare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	words := []string{}
	for _, i := range found {
		if !i.IsContent() {
			t.Errorf("%+v is not told as a difference of content", i)
		}
		words = append(words, i.String())
	}
	return words
}

// Every kind of difference between rows and the log is found and named by the next
// comparison, and mended; the log does not grow, and a second mending changes nothing.
func TestContentIsComparedAndMended(t *testing.T) {
	t.Parallel()
	type change struct {
		name, statement string
		told            []string
	}
	lacks := func(place, what string, lacking, surplus int) string {
		return fmt.Sprintf("%s: of the %s, ClickHouse lacks %d that the log holds and has %d that it does not hold", place, what, lacking, surplus)
	}
	p := wholeProjection(t)
	if got := differences(t, p); len(got) > 0 {
		t.Fatalf("before anything was changed: %s", got)
	}
	for name, want := range map[string]string{stream.Accepted: "2-3", stream.Verdicts: "2-3", stream.Releases: ""} {
		shown, err := p.ShownOf(t.Context(), name, []stream.Range{{From: 2, To: 3}, {From: 1000, To: 2000}})
		if got := stream.FormatRanges(shown); err != nil || got != want {
			t.Errorf("of messages 2, 3 and 1000 to 2000 of %s those with rows are %q, %v; want %q", name, got, err, want)
		}
	}
	if got, err := p.AcceptedIn(t.Context(), []stream.Range{{From: 2, To: 2}}); err != nil || len(got) == 0 {
		t.Errorf("what message 2 of ACCEPTED brought: %v, %v", got, err)
	}
	whole := answers(t, p)
	// What the changes of a round make different lies at different places.
	for _, round := range []struct {
		name    string
		changes []change
	}{
		{"rows of every table altered or missing", []change{
			{"an altered decision", "ALTER TABLE holds_data UPDATE text = 'another' WHERE event = 'refuse' SETTINGS mutations_sync = 2", []string{lacks("320813", "held figures", 1, 1)}},
			{"a missing released row", "ALTER TABLE observations_data DELETE WHERE sequence = 11 AND indicator = 'gdp' SETTINGS mutations_sync = 2", []string{lacks("320813 sti-annual gdp 2021", "observations", 1, 0)}},
			{"an altered value", "ALTER TABLE observations_data UPDATE value = 1 WHERE indicator = 'hnte_valid' AND sequence = 3 SETTINGS mutations_sync = 2", []string{lacks("320812 sti-annual hnte_valid 2021", "observations", 1, 1)}},
			{"missing rows", "ALTER TABLE observations_data DELETE WHERE indicator = 'rd' SETTINGS mutations_sync = 2", []string{lacks("320804 sti-annual rd 2021-YTD06", "observations", 1, 0), lacks("320812 sti-annual rd 2021", "observations", 1, 0)}},
			{"a forged total beyond the log", `INSERT INTO totals_data SELECT * REPLACE(toUInt64(1000000000) AS basis, toUInt64(1000000000) AS sequence, toDecimal128(424242, 12) AS value)
			FROM totals_data WHERE indicator = 'hnte_valid'`, []string{lacks("hnte_valid 2021", "totals", 0, 1)}},
			{"an altered verdict", "ALTER TABLE submissions_data UPDATE finding_seen = ['', ''] WHERE sequence = 1 SETTINGS mutations_sync = 2", []string{lacks("320812 sti-annual", "verdicts", 1, 1)}},
			{"an altered release", "ALTER TABLE releases_data UPDATE value = 8 WHERE name = 'bulletin' SETTINGS mutations_sync = 2", []string{lacks("gdp 2021", "released totals", 1, 1)}},
		}},
		{"others forged or missing", []change{
			{"a missing hold", "ALTER TABLE holds_data DELETE WHERE sequence = 17 AND indicator = 'gdp' SETTINGS mutations_sync = 2", []string{lacks("320813 sti-annual gdp 2021", "held figures", 1, 0)}},
			{"an altered note", "ALTER TABLE observations_data UPDATE note = note || '!' WHERE note != '' SETTINGS mutations_sync = 2", []string{lacks("320812 sti-annual hnte_valid 2021", "observations", 1, 1)}},
			{"a forged observation", "INSERT INTO observations_data SELECT * REPLACE('320830' AS area, toDecimal128(5, 12) AS value) FROM observations_data WHERE sequence = 3", []string{lacks("320830 sti-annual hnte_valid 2021", "observations", 0, 1)}},
			{"a forged total within the log", "INSERT INTO totals_data SELECT * REPLACE(toDecimal128(424242, 12) AS value) FROM totals_data WHERE indicator = 'hnte_valid'", []string{lacks("hnte_valid 2021", "totals", 0, 1)}},
			{"a missing verdict", "ALTER TABLE submissions_data DELETE WHERE sequence = 2 SETTINGS mutations_sync = 2", []string{lacks("320804 sti-annual", "verdicts", 1, 0)}},
		}},
		{"under the same keys", []change{
			{"a second content under one key", "INSERT INTO observations_data SELECT * REPLACE(toDecimal128(5, 12) AS value) FROM observations_data WHERE sequence = 3", []string{lacks("320812 sti-annual hnte_valid 2021", "observations", 0, 1)}},
			{"altered inputs", "ALTER TABLE totals_data UPDATE inputs = '[]' WHERE indicator = 'hnte_valid' SETTINGS mutations_sync = 2", []string{lacks("hnte_valid 2021", "totals", 1, 1)}},
		}},
		{"an emptied table", []change{
			{"an emptied table", "TRUNCATE TABLE totals_data", []string{lacks("hnte_valid 2021", "totals", 1, 0), lacks("rd 2021", "totals", 1, 0)}},
		}},
		{"what is no difference", []change{
			{"rows stored twice", "INSERT INTO observations_data SELECT * FROM observations_data", nil},
			{"a merge", "OPTIMIZE TABLE observations_data FINAL", nil},
			{"a dropped view", "DROP VIEW totals_latest", nil},
		}},
	} {
		t.Run(round.name, func(t *testing.T) {
			before := lastSequences(t, p)
			want := []string{}
			for _, c := range round.changes {
				if err := p.conn.Exec(t.Context(), c.statement); err != nil {
					t.Fatalf("%s: %v", c.name, err)
				}
				want = append(want, c.told...)
			}
			got := differences(t, p)
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			for again := range 2 {
				mended, err := p.Mend(t.Context(), true)
				if err != nil {
					t.Fatal(err)
				}
				if expected := again == 0 && len(want) > 0; expected != (len(mended) > 0) {
					t.Errorf("mending number %d changed %+v", again+1, mended)
				}
			}
			if got := differences(t, p); len(got) > 0 {
				t.Errorf("after mending: %s", got)
			}
			if diff := cmp.Diff(whole, answers(t, p)); diff != "" {
				t.Errorf("answers after mending (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(before, lastSequences(t, p)); diff != "" {
				t.Errorf("the log grew (-before +after):\n%s", diff)
			}
		})
	}
}

// answers returns what readers see, but for which of two equal messages a row came of.
func answers(t *testing.T, p *Projection) map[string]string {
	t.Helper()
	all := map[string]string{}
	for view, varying := range map[string]string{
		"observations": " EXCEPT accepted_sequence", "observations_latest": " EXCEPT accepted_sequence", "submissions": "", "findings": "", "totals": "", "totals_latest": "", "releases": "", "holds": "", "hold_statements": "",
	} {
		all[view] = query(t, p.Store, "SELECT *"+varying+" FROM "+view+" ORDER BY ALL")
	}
	return all
}

func lastSequences(t *testing.T, p *Projection) map[string]uint64 {
	t.Helper()
	ends := map[string]uint64{}
	for _, e := range endStreams {
		last, err := p.Log.LastSequence(t.Context(), e.stream)
		if err != nil {
			t.Fatal(err)
		}
		ends[e.stream] = last
	}
	return ends
}

// A part that cannot be read any more, as a full or a broken disk leaves it, is told by its name by the
// next comparison, also where the part was compared before; it is put aside and filled again from the log.
func TestUnreadablePartIsMended(t *testing.T) {
	t.Parallel()
	p := wholeProjection(t)
	empty, cutOff := func(int64) int64 { return 0 }, func(size int64) int64 { return max(size-10, 0) }
	for _, c := range []struct {
		name, table string
		left        func(size int64) int64
	}{
		{"rows, empty", "observations_data", empty},
		{"rows, cut off", "observations_data", cutOff},
		{"verdicts, cut off", "submissions_data", cutOff},
		{"totals, empty", "totals_data", empty},
	} {
		t.Run(c.name, func(t *testing.T) { damagedIsMended(t, p, c.table, c.left) })
	}
}

func damagedIsMended(t *testing.T, p *Projection, table string, left func(int64) int64) {
	if err := p.conn.Exec(t.Context(), "OPTIMIZE TABLE "+table+" FINAL"); err != nil {
		t.Fatal(err)
	}
	whole := answers(t, p)
	if got := differences(t, p); len(got) > 0 {
		t.Fatalf("before: %s", got)
	}
	var path, name string
	if err := p.conn.QueryRow(t.Context(), "SELECT path, name FROM system.parts WHERE active AND database = currentDatabase() AND table = ?", table).Scan(&path, &name); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(path, "*.bin"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err == nil {
			err = os.Truncate(file, left(info.Size()))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, statement := range []string{"SYSTEM DROP MARK CACHE", "SYSTEM DROP UNCOMPRESSED CACHE"} {
		if err := p.conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(differences(t, p), " "); !strings.Contains(got, "cannot read part "+name) {
		t.Errorf("told %s", got)
	}
	if n, err := p.PutAside(t.Context()); err != nil || n != 1 {
		t.Fatalf("put aside %d parts, %v", n, err)
	}
	if _, err := p.Mend(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if got := differences(t, p); len(got) > 0 {
		t.Errorf("after mending: %s", got)
	}
	if diff := cmp.Diff(whole, answers(t, p)); diff != "" {
		t.Errorf("answers after mending (-before +after):\n%s", diff)
	}
}

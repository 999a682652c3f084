package sink

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// rebuildOf returns a rebuild of the projection, which has not begun.
func rebuildOf(t *testing.T, p *Projection) *rebuilding {
	t.Helper()
	beside, err := p.openBeside()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = beside.Close() })
	return &rebuilding{store: p.Store, beside: beside, log: p.Log}
}

func rebuildAll(t *testing.T, p *Projection, c *catalogue.Catalogue, carry bool) []Rebuilt {
	t.Helper()
	rebuilt, err := p.Rebuild(t.Context(), p.Log, c, receivedAt, testConfig(), carry, p.logger)
	if err != nil {
		t.Fatal(err)
	}
	if got := query(t, p.Store, "SELECT count() AS n FROM system.databases WHERE name = currentDatabase() || '_rebuild'"); got != "n\n0\n" {
		t.Errorf("the database of the rebuild is left: %s", got)
	}
	return rebuilt
}

// New tables are filled beside those that are read, whatever has become of these, and put in
// their place. Rows whose messages the log no longer keeps stay, unless they are to go.
func TestRebuildBeside(t *testing.T) {
	t.Parallel()
	p := wholeProjection(t)
	c := parseCatalogue(t, catalogueText)
	whole := answers(t, p)
	expired := event.TotalsBatch{Basis: 1, Trigger: event.ByStream, Catalogue: "v1", Period: "2019", Totals: []event.Total{{Indicator: "gdp", Value: "4", Unit: "亿元", Status: "A"}}}
	put(t, p.Store, &totalsBlock{}, 0, totalsMessage(t, expired))
	for _, statement := range []string{"ALTER TABLE observations_data UPDATE value = 1 WHERE 1 SETTINGS mutations_sync = 2", "DROP TABLE releases_data SYNC", "DROP VIEW findings"} {
		if err := p.conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	rebuildAll(t, p, c, true)
	if got := query(t, p.Store, "SELECT value FROM totals WHERE period = '2019'"); got != "value\n4\n" {
		t.Errorf("a total that the log no longer keeps: %s", got)
	}
	rebuildAll(t, p, c, false)
	if diff := cmp.Diff(whole, answers(t, p)); diff != "" {
		t.Errorf("(-before +rebuilt)\n%s", diff)
	}
}

// A rebuild that was interrupted while it exchanged tables exchanges each once, and takes up
// what the sink has stored in the old tables since.
func TestRebuildGoesOnWithItsExchange(t *testing.T) {
	t.Parallel()
	p := wholeProjection(t)
	c := parseCatalogue(t, catalogueText)
	b := rebuildOf(t, p)
	if err := b.begin(t.Context(), c, receivedAt); err != nil {
		t.Fatal(err)
	}
	f := &rebuild{store: b.beside, progress: b.beside, log: p.Log, config: testConfig(), logger: p.logger, block: &observationBlock{}, Rebuilt: Rebuilt{Stream: stream.Accepted}}
	if err := f.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.exchange(t.Context()); err != nil {
		t.Fatal(err)
	}
	// As if the last exchange had not come about.
	if err := p.conn.Exec(t.Context(), "EXCHANGE TABLES totals_data AND "+quoteName(b.beside.database)+".totals_data"); err != nil {
		t.Fatal(err)
	}
	accepted, _, _ := everything(t)
	late := publish(t, p.Log, accepted[1])
	rebuilt := rebuildAll(t, p, c, true)
	if rebuilt[0].From != late || rebuilt[0].Messages != 1 {
		t.Errorf("rebuilt %+v, want what came after message %d alone", rebuilt[0], late-1)
	}
	if got := differences(t, p); len(got) > 0 {
		t.Errorf("after the rebuild: %s", got)
	}
}

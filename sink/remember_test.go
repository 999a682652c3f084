package sink

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
)

// ClickHouse remembers which log it was filled from, and up to where the streams went of which it has no
// rows. One of these that is put back older is told until somebody accepts the loss, also where the tables
// were filled anew meanwhile; so is another log. Neither is remembered instead, and totals go on.
func TestOlderStreamsAreToldByClickHouse(t *testing.T) {
	t.Parallel()
	log, nc := newBroker(t)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	p := fillWhole(t, log)
	check := func(log *stream.Log) []reconcile.Divergence {
		t.Helper()
		found, err := reconcile.CheckProjection(t.Context(), log, &Projection{Store: p.Store, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	remember := func() {
		t.Helper()
		if err := reconcile.Remember(t.Context(), p.Log, p, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	fill := func(name, subject string, n int) {
		t.Helper()
		for range n {
			if _, err := js.Publish(t.Context(), subject, []byte("{}")); err != nil {
				t.Fatal(name, err)
			}
		}
	}
	// putBack replaces a stream by a copy that had n messages.
	putBack := func(name, subject string, n int) {
		t.Helper()
		s, err := js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		config := s.CachedInfo().Config
		if err := js.DeleteStream(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		if _, err := js.CreateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		fill(name, subject, n)
	}
	subjects := map[string]string{
		stream.Tokens: "$KV.TOKENS.a", stream.Schedules: "$KV.SCHEDULES.pause.a", stream.Sources: "$KV.SOURCES.a", stream.Commands: "commands.recompute",
		stream.Dead: "dead.sink", stream.Originals: "$O.ORIGINALS.C.a", stream.Direct: "direct.320812.sti-annual",
	}
	for name, subject := range subjects {
		fill(name, subject, 3)
	}
	if found := check(p.Log); len(found) > 0 {
		t.Fatalf("before anything was remembered: %+v", found)
	}
	remember()
	for name, subject := range subjects {
		putBack(name, subject, 2)
		found := check(p.Log)
		if len(found) != 1 || found[0].Stream != name || found[0].Kind != reconcile.TailLost || found[0].Known != 3 || found[0].StopsMending() || found[0].StopsIntake() {
			t.Fatalf("%s is older, and told is %+v", name, found)
		}
		if told := found[0].Reason(); !strings.Contains(told.Error(), name+" has lost its end") || !strings.Contains(bilingual.Chinese(told), name+" 丢失了末尾") {
			t.Errorf("told: %v", told)
		}
		remember()
		if found := check(p.Log); len(found) != 1 {
			t.Errorf("%s: the older end is remembered instead: %+v", name, found)
		}
		if name == stream.Tokens {
			rebuildAll(t, p, parseCatalogue(t, catalogueText), true)
			if found := check(p.Log); len(found) != 1 {
				t.Errorf("%s, after new tables were filled: %+v", name, found)
			}
		}
		if err := p.Log.AcceptLoss(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		if found := check(p.Log); len(found) > 0 {
			t.Errorf("the loss of %s was accepted, and told is %+v", name, found)
		}
		remember()
	}
	found := check(newLog(t))
	last := found[len(found)-1]
	if last.Kind != reconcile.OtherLog || !last.StopsSink() || !last.StopsIntake() {
		t.Errorf("of another log is told %+v", found)
	}
}

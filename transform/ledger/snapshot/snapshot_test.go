package snapshot

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// publish adds a figure to ACCEPTED and folds it into the ledger.
func publish(t *testing.T, log *stream.Log, l *ledger.Ledger, value int64) {
	t.Helper()
	batch := fixture.Accepted(uint64(value), "901", fixture.AcceptedFigure("gdp", fixture.Period("2021"), value))
	batch.Submissions[0].ReceivedAt = value * 1000
	body, err := event.EncodeAccepted(batch)
	if err != nil {
		t.Fatal(err)
	}
	published, err := log.Publish(t.Context(), stream.Message{Subject: "accepted.901.annual", Body: body})
	if err == nil {
		err = l.Apply(published[0].Sequence, "accepted.901.annual", batch)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir, secret string) *Store {
	t.Helper()
	s, err := Open(dir, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// best returns the figure of gdp 2021 and up to where the ledger goes.
func best(l *ledger.Ledger) string {
	part, ok := l.Part(ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}, "901")
	return fmt.Sprintf("%d: %s %t", l.Basis(), part.Value, ok)
}

// A snapshot is used where it is of this program, catalogue and log, and nothing in it beyond the
// moment that is asked for; any other is passed over, with the reason, for an older one or for
// the start of the log.
func TestSnapshotIsBelievedWithProofAlone(t *testing.T) {
	log, js := fixture.Broker(t)
	c, dir := fixture.Catalogue(t), filepath.Join(t.TempDir(), "ledger")
	s, l := open(t, dir, "secret"), ledger.New(c)
	if extent, err := s.Write(t.Context(), log, l); err != nil || extent.Basis != 0 {
		t.Fatalf("an empty ledger: %+v, %v", extent, err)
	}
	for value := range int64(3) {
		publish(t, log, l, value+1)
		if extent, err := s.Write(t.Context(), log, l); err != nil || extent.Basis != uint64(value+1) {
			t.Fatalf("snapshot: %+v, %v", extent, err)
		}
	}
	publish(t, log, l, 9)
	if bases, err := s.bases(); err != nil || !cmp.Equal(bases, []uint64{3, 2}) {
		t.Fatalf("snapshots of %v, %v", bases, err)
	}
	newest, err := os.ReadFile(s.path(3))
	if err != nil {
		t.Fatal(err)
	}
	older, err := os.ReadFile(s.path(2))
	if err != nil {
		t.Fatal(err)
	}
	other := fixture.CatalogueWith(t, "  - {id: more, name_zh: 多, name_en: More, unit: 家, kind: flow, datasets: [annual]}\n", "")
	for _, test := range []struct {
		name      string
		newest    []byte
		store     *Store
		catalogue *catalogue.Catalogue
		moment    ledger.Moment
		want, why string
	}{
		{name: "whole", want: "3: 3 true"},
		{name: "older moment", moment: ledger.Moment{Received: time.UnixMilli(2500)}, want: "2: 2 true"},
		{name: "older basis", moment: ledger.Moment{Basis: 2}, want: "2: 2 true"},
		{name: "before all", moment: ledger.Moment{Basis: 1}, want: "0: 0 false"},
		{name: "a bit", newest: flipped(newest, len(newest)/2), want: "2: 2 true", why: "damaged"},
		{name: "a bit of the stamp", newest: flipped(newest, len(magic)+20), want: "2: 2 true", why: "damaged"},
		{name: "cut off", newest: newest[:len(newest)-1], want: "2: 2 true", why: "damaged"},
		{name: "empty", newest: []byte{}, want: "2: 2 true", why: "cut off"},
		{name: "under another name", newest: older, want: "2: 2 true", why: "the name of another"},
		{name: "another secret", store: open(t, dir, "forged"), want: "0: 0 false", why: "did not write it"},
		{name: "another program", store: &Store{dir: dir, secret: []byte("secret"), program: "x"}, want: "0: 0 false", why: "another version"},
		{name: "another catalogue", catalogue: other, want: "0: 0 false", why: "another catalogue"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.newest != nil {
				if err := os.WriteFile(s.path(3), test.newest, 0o600); err != nil {
					t.Fatal(err)
				}
				defer func() { _ = os.WriteFile(s.path(3), newest, 0o600) }()
			}
			store, first := s, c
			if test.store != nil {
				store = test.store
			}
			if test.catalogue != nil {
				first = test.catalogue
			}
			var told bytes.Buffer
			got := ledger.New(first)
			if _, err := store.Load(t.Context(), log, got, test.moment, zerolog.New(&told)); err != nil {
				t.Fatal(err)
			}
			if best(got) != test.want || test.why == "" != (strings.Count(told.String(), "not used") == 0) || !strings.Contains(told.String(), test.why) {
				t.Errorf("got %s, want %s; told %s", best(got), test.want, told.String())
			}
		})
	}

	// A log that was created anew is another one, and one that has lost a message, or has another
	// message at the place, is not the log of the snapshot.
	refused := func(why string) {
		t.Helper()
		var told bytes.Buffer
		got := ledger.New(c)
		if _, err := s.Load(t.Context(), log, got, ledger.Moment{}, zerolog.New(&told)); err != nil || got.Basis() != 0 || !strings.Contains(told.String(), why) {
			t.Errorf("%s: %s, %v; told %s", why, best(got), err, told.String())
		}
	}
	accepted, err := js.Stream(t.Context(), stream.Accepted)
	if err != nil {
		t.Fatal(err)
	}
	config := accepted.CachedInfo().Config
	config.DenyDelete = false
	if err := js.DeleteStream(t.Context(), stream.Accepted); err != nil {
		t.Fatal(err)
	}
	if accepted, err = js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	l = ledger.New(c)
	for value := range int64(4) {
		publish(t, log, l, value+1)
	}
	refused("created anew")
	for _, is := range []struct{ identity, why string }{{"another.2", "it is of another log"}, {"another.1", "an older copy of the log was put back"}} {
		config.Metadata = map[string]string{"citytally-log": is.identity}
		if _, err := js.UpdateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		refused(is.why)
		if _, err := s.Write(t.Context(), log, l); err != nil {
			t.Fatal(err)
		}
	}
	present, err := log.Extent(t.Context(), stream.Accepted)
	if err != nil {
		t.Fatal(err)
	}
	of, _, err := s.newStamp(t.Context(), log, l, l.Extent())
	if err != nil {
		t.Fatal(err)
	}
	if of.Message = "other"; !strings.Contains(fmt.Sprint(s.checkStamp(t.Context(), log, l, of, 4, &present)), "another message at its place") {
		t.Error("another message at its place is taken for the same")
	}
	if err := accepted.DeleteMsg(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	refused("has lost messages")
}

func flipped(text []byte, at int) []byte {
	text = bytes.Clone(text)
	text[at] ^= 1
	return text
}

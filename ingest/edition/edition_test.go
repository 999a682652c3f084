package edition_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openLog(t *testing.T) *stream.Log {
	t.Helper()
	server := natsdtest.Start(t)
	nc, err := nats.Connect(server.ClientURL(), server.InProcess())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	log, _, err := stream.Setup(t.Context(), nc, stream.DefaultConfig(), false, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func cityOf(t *testing.T, code string) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Parse([]byte("city: " + code + "\nareas: [{code: " + code + ", kind: city}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Editions are read back in their order, at their places; somebody who has not seen the last
// decision puts nothing in force.
func TestEditions(t *testing.T) {
	log := openLog(t)
	clerk := event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	none, err := edition.History(t.Context(), log)
	if err != nil || none.First() != nil || none.Last() != nil {
		t.Fatalf("an empty log: %+v, %v", none, err)
	}
	began := time.UnixMilli(1_700_000_000_000)
	first, err := none.Adopt(t.Context(), log, cityOf(t, "a"), "first", clerk, began)
	if err != nil {
		t.Fatal(err)
	}
	known := cityOf(t, "a")
	if read, err := edition.History(t.Context(), log, cityOf(t, "b"), known); err != nil || read.Last() != known {
		t.Errorf("a catalogue that is known was read again: %p, %p, %v", read.Last(), known, err)
	}
	if _, err := none.Adopt(t.Context(), log, cityOf(t, "b"), "late", clerk, began); !errors.Is(err, edition.ErrOvertaken) {
		t.Errorf("somebody who has not seen the first: %v", err)
	}
	if _, err := none.Adopt(t.Context(), log, cityOf(t, "b"), " ", clerk, began); err == nil || !strings.Contains(err.Error(), "reason") {
		t.Errorf("without a reason: %v", err)
	}
	one, err := edition.History(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	second, err := one.Adopt(t.Context(), log, cityOf(t, "b"), "second", clerk, began.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	all, err := edition.History(t.Context(), log)
	if err != nil || len(all.All) != 2 || all.First().City != "a" || all.Last().City != "b" || all.All[1].Sequence != second || all.All[1].Decision.Reason != "second" {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, test := range []struct {
		sequence uint64
		by       time.Time
		city     string
	}{
		{0, time.Time{}, "b"}, {first, time.Time{}, "a"}, {second, time.Time{}, "b"}, {0, began, "a"}, {0, began.Add(-time.Hour), "a"}, {0, began.Add(time.Hour), "b"},
	} {
		if got := all.At(test.sequence, test.by); got.City != test.city {
			t.Errorf("at %d, %s: %s, want %s", test.sequence, test.by, got.City, test.city)
		}
	}
	if all.Of(cityOf(t, "a").Version()) == nil || all.Of("0123456789ab") != nil {
		t.Error("catalogues by version")
	}
}

// Rules are read back beside the catalogues, those that began with one included.
func TestRulesAreEditionsToo(t *testing.T) {
	log := openLog(t)
	clerk := event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	e := &edition.Editions{}
	if err := e.Begin(t.Context(), log, cityOf(t, "a"), "rules: []\n", "first", clerk, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := e.AdoptRules(t.Context(), log, "rules:\n", "late", clerk, time.Now()); !errors.Is(err, edition.ErrOvertaken) {
		t.Errorf("somebody who has not seen the first: %v", err)
	}
	e, err := edition.History(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	second, err := e.AdoptRules(t.Context(), log, "rules:\n", "second", clerk, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	all, err := edition.History(t.Context(), log)
	if err != nil || len(all.All) != 1 || len(all.Rules) != 2 || all.Rules[0].Sequence != all.All[0].Sequence {
		t.Fatalf("%+v, %v", all, err)
	}
	if last, ok := all.LastRules(); !ok || last.Text != "rules:\n" || last.Sequence != second || last.Decision.Reason != "second" || last.Version() != catalogue.VersionOf([]byte("rules:\n")) {
		t.Errorf("the last rules: %+v", last)
	}
}

// A catalogue that cannot be read stops whoever reads it, until a person has it skipped.
func TestUnreadableCatalogueIsSkippedByAPerson(t *testing.T) {
	log := openLog(t)
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Decisions: []event.Decision{{Kind: event.Adopt, Catalogue: "city: [\n"}}})
	if err != nil {
		t.Fatal(err)
	}
	published, err := log.Publish(t.Context(), stream.Message{Subject: edition.Subject, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := edition.History(t.Context(), log); !event.IsNewerLayout(err) || !strings.Contains(err.Error(), "citytally skip") {
		t.Errorf("want an error that says what to do, got %v", err)
	}
	if err := log.Skip(t.Context(), stream.Accepted, published[0].Sequence, "garbage", event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}); err != nil {
		t.Fatal(err)
	}
	if all, err := edition.History(t.Context(), log); err != nil || len(all.All) != 0 {
		t.Errorf("skipped: %+v, %v", all, err)
	}
}

package transform

import (
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// changed returns a catalogue with pieces of its text replaced.
func changed(t *testing.T, c *catalogue.Catalogue, replaced ...string) *catalogue.Catalogue {
	t.Helper()
	next, err := catalogue.Parse([]byte(strings.NewReplacer(replaced...).Replace(c.Text())))
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func adopt(t *testing.T, log *stream.Log, c *catalogue.Catalogue) (sequence uint64) {
	t.Helper()
	editions, err := edition.History(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	sequence, err = editions.Adopt(t.Context(), log, c, "new rules", event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return sequence
}

// shown follows TOTALS and returns what readers show of a year once the totals of a basis
// are there: by indicator, value and unit, or withdrawn. All are of one catalogue.
func shown(t *testing.T, log *stream.Log, period string, basis uint64, version string) map[string]string {
	t.Helper()
	latest := map[string]string{}
	fixture.Await(t, log, stream.Totals, "totals of "+period+" under "+version, func(d stream.Delivery) bool {
		batch, err := event.DecodeTotals(d.Body)
		if err != nil {
			t.Fatal(err)
		}
		if batch.Basis >= basis && batch.Catalogue != version {
			t.Errorf("totals of basis %d under catalogue %s, want %s", batch.Basis, batch.Catalogue, version)
		}
		for _, total := range batch.Totals {
			if batch.Period == period {
				latest[total.Indicator] = total.Value + " " + total.Unit
				if total.Status == catalogue.Withdrawn.String() {
					latest[total.Indicator] = "withdrawn"
				}
			}
		}
		return batch.Period == period && batch.Basis >= basis
	})
	return latest
}

// At the place where a catalogue comes into force all totals change over: those that no
// longer follow are withdrawn. It is the same whether the stage runs then or starts later,
// and a replay to a place before it answers under the catalogue of that place.
//
// Rules: catalogue in the log.
func TestTotalsChangeOverWithTheCatalogue(t *testing.T) {
	for _, running := range []bool{true, false} {
		log, c := fixture.Log(t), fixture.Catalogue(t)
		_, stop := startTransform(t, log, c)
		var verdict event.Verdict
		for _, area := range []string{"901", "902", "903", "906"} {
			verdict = fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From(area,
				fixture.Figure("gdp", "2021", "100"), fixture.Figure("rd", "2021", "2"), fixture.Figure("enterprises", "2021", "10"), fixture.Figure("balance", "2021", "5"))))
		}
		fixture.TotalWith(t, log, "balance", "2021", func(total event.Total) bool { return total.Value == "20" })
		if !running {
			stop()
		}
		next := changed(t, c,
			"{id: rd,", "{id: research,", "numerator: rd,", "numerator: research,", // gone, and a ratio without figures
			"unit: 万元", "unit: 元", // other figures for the same
			"name_en: enterprises, unit: 家", "name_en: enterprises, unit: 户", "unit: 家/亿元", "unit: 户/亿元", // no figures
			"name_en: GDP, unit: 亿元", "name_en: GDP, unit: 亿元, city_total: city", // reported by nobody
			"  - {id: enterprises_per_gdp,", "  - {id: per_gdp,")
		place := adopt(t, log, next)
		if !running {
			_, stop = startTransform(t, log, c)
		}
		want := map[string]string{
			"rd": "withdrawn", "rd_intensity": "withdrawn", "enterprises": "withdrawn", "gdp": "withdrawn", "balance": "200000 元", "enterprises_per_gdp": "withdrawn",
		}
		for indicator, value := range want {
			fixture.TotalWith(t, log, indicator, "2021", func(total event.Total) bool {
				return total.Value+" "+total.Unit == value || value == "withdrawn" && total.Status == "X"
			})
		}
		if got := shown(t, log, "2021", place, next.Version()); len(got) != len(want) {
			t.Errorf("running %v: shown %v, want %v", running, got, want)
		}
		if again := fixture.VerdictOn(t, log, verdict.Sequence); again.Catalogue != c.Version() || again.Outcome != event.AllAccepted {
			t.Errorf("the verdict of before: %+v", again)
		}
		after := fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("901", fixture.Figure("rd", "2021", "3"), fixture.Figure("enterprises", "2021", "10"))))
		if after.Catalogue != next.Version() || after.Accepted != 1 || after.RejectedRows != 1 {
			t.Errorf("a verdict after it: %+v; want 10 户 accepted beside 10 家", after)
		}
		back := adopt(t, log, changed(t, next, "unit: 户", "unit: 家"))
		fixture.TotalWith(t, log, "enterprises", "2021", func(total event.Total) bool { return total.Unit == "家" && total.Value == "30" })
		stop()
		restarted, _ := startTransform(t, log, c)
		if restarted.Ledger().Catalogue().Version() == next.Version() {
			t.Errorf("after a restart catalogue %s is in force", next.Version())
		}
		for _, test := range []struct {
			basis   uint64
			version string
			balance string
		}{{place - 1, c.Version(), "20"}, {place, next.Version(), "200000"}, {back - 1, next.Version(), "200000"}} {
			h, err := ledger.Replay(t.Context(), log, c, ledger.Moment{Basis: test.basis}, nil)
			if err != nil {
				t.Fatal(err)
			}
			total, _ := tally.Tally(h.Ledger.Catalogue(), h.Ledger, ledger.Cell{Indicator: "balance", Period: fixture.Period("2021")})
			if h.Ledger.Catalogue().Version() != test.version || total.Value != test.balance {
				t.Errorf("up to %d: %s under %s, want %s under %s", test.basis, total.Value, h.Ledger.Catalogue().Version(), test.balance, test.version)
			}
		}
	}
}

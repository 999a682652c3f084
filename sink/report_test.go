package sink

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/reconcile"
)

func parseCatalogue(t testing.TB, text string) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const catalogueText = `
city: "320800"
programmes:
  - {id: p, name_zh: 科技, name_en: science}
areas:
  - {code: "320800", name_zh: 淮安市, name_en: Huai'an, kind: city}
  - {code: "320812", name_zh: 清江浦区, name_en: Qingjiangpu, kind: district, valid_from: 2016-10-08}
datasets:
  - {id: d, name_zh: 年报, name_en: annual, periods: [year, ytd], due_days: 20}
indicators:
  - {id: zz_first, name_zh: 研发强度, name_en: intensity, programme: p, unit: "%", kind: stock, city_total: city, change: point, decimals: 1, datasets: [d], minimum: "0", maximum: "99.5"}
  - {id: hnte_valid, name_zh: 高企, name_en: high-tech firms, programme: p, unit: 家, datasets: [d]}
`

// Rules: what totals carry.
func TestReport(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	c := parseCatalogue(t, catalogueText)
	if err := s.SyncCatalogue(t.Context(), c, time.Now()); err != nil {
		t.Fatal(err)
	}
	_, _, totals := everything(t)
	put(t, s, &totalsBlock{}, 1, totals...)
	put(t, s, &totalsBlock{}, 9, totalsMessage(t, event.TotalsBatch{Basis: 7, Trigger: event.ByManual, Catalogue: c.Version(), Period: "2021",
		Totals: []event.Total{{Indicator: "zz_first", Value: "1.80", Unit: "%", Stage: "final", Status: "A", Change: "0.060", ChangeKind: "point", Expected: 1}}}),
		totalsMessage(t, event.TotalsBatch{Basis: 7, Period: "2020", Totals: []event.Total{{Indicator: "zz_first", Value: "1.74"}}}))
	got, err := s.Report(t.Context(), "2021")
	if err != nil {
		t.Fatal(err)
	}
	at := receivedAt.UTC()
	want := []ReportRow{
		{Indicator: "zz_first", NameZH: "研发强度", NameEN: "intensity", Programme: "p", Value: "1.8", Unit: "%", Stage: "final", Status: "A", Change: "0.06", ChangeKind: "point",
			Decimals: 1, Rounding: "half_up", Coverage: Coverage{Have: 1, Expected: 1, Missing: []string{}}, Flags: []string{}, Basis: 7, Trigger: "manual", Catalogue: c.Version(), ComputedAt: at},
		{Indicator: "hnte_valid", NameZH: "高企", NameEN: "high-tech firms", Programme: "p", Value: "582", Unit: "家", Stage: "estimate", Status: "A", Qualifier: "about",
			Change: "4.676258992806", ChangeKind: "percent", ChangeAbsolute: "26", Rounding: "half_up", Coverage: Coverage{Have: 1, Expected: 2, Missing: []string{"320804"}},
			Flags: []string{"DERIVED"}, Basis: 2, Trigger: "stream", Catalogue: "v1", ComputedAt: at},
		{Indicator: "rd", Unit: "亿元", Status: "O", ChangeKind: "percent", ChangeReason: "BASE_MISSING", Coverage: Coverage{Expected: 2, Missing: []string{"320804", "320812"}},
			Publishable: true, Flags: []string{}, Basis: 2, Trigger: "stream", Catalogue: "v1", ComputedAt: at},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	body, err := json.Marshal(got[0])
	if err != nil || !strings.Contains(string(body), `"coverage":{"have":1,"expected":1,"missing":[]},"publishable":false,"flags":[],"basis":7`) {
		t.Errorf("JSON %s, %v", body, err)
	}
	none, err := s.Report(t.Context(), "1999")
	if err != nil || none == nil || len(none) != 0 {
		t.Errorf("a year without totals: %v, %v", none, err)
	}
}

func TestSyncCatalogueShowsTheVersionInForceLast(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	old := parseCatalogue(t, catalogueText)
	next := parseCatalogue(t, strings.ReplaceAll(strings.Replace(catalogueText, "hnte_valid", "hnte_new", 1), "清江浦区", "清江浦"))
	for _, step := range []struct {
		c    *catalogue.Catalogue
		want string
	}{
		{old, "hnte_valid 清江浦区"}, {old, "hnte_valid 清江浦区"}, {next, "hnte_new 清江浦"}, {old, "hnte_valid 清江浦区"},
	} {
		now = now.Add(time.Microsecond)
		if err := s.SyncCatalogue(t.Context(), step.c, now); err != nil {
			t.Fatal(err)
		}
		got := query(t, s, "SELECT id FROM indicators WHERE position = 2") + query(t, s, "SELECT name_zh FROM areas WHERE position = 2") +
			query(t, s, "SELECT count() AS n, any(catalogue) AS v FROM indicators")
		id, name, _ := strings.Cut(step.want, " ")
		if want := "id\n" + id + "\nname_zh\n" + name + "\nn,v\n2," + step.c.Version() + "\n"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	got := query(t, s, "SELECT code, valid_from, valid_to, kind FROM areas ORDER BY position") +
		query(t, s, "SELECT id, minimum, maximum, change, datasets FROM indicators WHERE minimum IS NOT NULL") +
		query(t, s, "SELECT id, periods, stage, due_days FROM datasets")
	want := "code,valid_from,valid_to,kind\n320800,,,city\n320812,2016-10-08,,district\n" +
		"id,minimum,maximum,change,datasets\nzz_first,0,99.5,point,['d']\n" +
		"id,periods,stage,due_days\nd,\"['year', 'ytd']\",final,20\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What qualifies a change, why there is none, and what is carried comes back from the
// store, in a report and in a comparison with the log.
func TestChangesAreToldInFull(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	want := event.Total{
		Indicator: "gdp", Value: "10", Unit: "亿元", Stage: "flash", Status: "I", ChangeKind: "percent", ChangeAbsolute: "1", ChangeReason: "BREAK",
		ChangeQualifier: "above", ChangeAreas: []string{"320812", "320813"}, Carried: []string{"320804"}, Flags: []string{event.Overflow}, Expected: 2, Publishable: true,
	}
	put(t, s, &totalsBlock{}, 1, totalsMessage(t, event.TotalsBatch{Basis: 2, Trigger: event.ByStream, Catalogue: "v1", Period: "2021", Totals: []event.Total{want}}))
	totals, err := s.LatestTotals(t.Context(), 2021, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := totals[reconcile.TotalKey{Indicator: "gdp", Period: "2021"}]; !got.Equal(&want) {
		t.Errorf("latest total: want %+v, got %+v", want, got)
	}
	rows, err := s.Report(t.Context(), "2021")
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	r := rows[0]
	if r.ChangeQualifier != "above" || !slices.Equal(r.ChangeAreas, want.ChangeAreas) || !slices.Equal(r.Carried, want.Carried) || !slices.Equal(r.Flags, want.Flags) {
		t.Errorf("report: got %+v", r)
	}
}

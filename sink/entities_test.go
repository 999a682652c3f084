package sink

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

const listsCatalogue = `city: c
areas:
  - {code: c, name_zh: 市, name_en: City, kind: city}
  - {code: a, name_zh: 甲, name_en: A, kind: district}
  - {code: b, name_zh: 乙, name_en: B, kind: district}
  - {code: z, name_zh: 丙, name_en: Z, kind: carved_out}
  - {code: i, name_zh: 丁, name_en: I, kind: inside, host: a}
datasets:
  - {id: r0, name_zh: 名单, name_en: R0, rows: entities, periods: [year]}
  - {id: r1, name_zh: 名单, name_en: R1, rows: entities, periods: [quarter]}
indicators:
  - {id: e0, name_zh: 户数, name_en: E0, unit: 家, kind: stock, city_total: distinct, datasets: [r0]}
  - {id: e1, name_zh: 户数, name_en: E1, unit: 家, kind: stock, city_total: distinct, counts_for: registered_address, datasets: [r1]}
`

// randomLists returns lists of few entities, with corrections and withdrawals, so that areas
// often claim the same.
func randomLists(seed uint64, n int) (all []event.AcceptedSubmission) {
	r := rand.New(rand.NewPCG(seed, 0))
	areas, own := []string{"a", "b", "z", "i"}, map[string][]uint64{}
	days := []catalogue.Day{0, 0, 20150101, 20201231, 20210331, 20211231, 20220101}
	for sequence := uint64(1); sequence <= uint64(n); sequence++ {
		list := r.IntN(2)
		s := event.AcceptedSubmission{ID: fmt.Sprintf("%032x", sequence), Sequence: sequence, Area: areas[r.IntN(len(areas))], Dataset: fmt.Sprintf("r%d", list), ReceivedAt: 1_640_000_000_000}
		own[s.Area] = append(own[s.Area], sequence)
		for row, n := range r.Perm(12)[:1+r.IntN(8)] {
			period := catalogue.Period{Year: int16(2020 + n%2), Kind: catalogue.Year}
			if list == 1 {
				period = catalogue.Period{Year: 2021, Kind: catalogue.Quarter, Index: uint8(1 + n%2)}
			}
			code := fmt.Sprintf("91000000X%08d", n/2)
			e := &event.ListedEntity{Code: code + string(catalogue.EntityCheck(code)), Name: []string{"甲公司", "乙公司"}[r.IntN(2)], From: days[r.IntN(4)], To: days[r.IntN(len(days))],
				Registered: append(areas, "")[r.IntN(5)]}
			if before := own[s.Area]; r.IntN(3) == 0 {
				e.Since = before[r.IntN(len(before))]
			}
			status := catalogue.Normal
			if r.IntN(5) == 0 {
				status = catalogue.Withdrawn
			}
			s.Add(event.AcceptedObservation{Indicator: fmt.Sprintf("e%d", list), Unit: "家", Period: period, Value: catalogue.Value{Coefficient: 1}, Stage: catalogue.Flash + catalogue.Stage(r.IntN(2)), Status: status, Row: row + 1, Entity: e, Epoch: uint8(r.IntN(8) / 7)})
		}
		all = append(all, s)
	}
	return all
}

// The view says of every area and entity what the ledger counts, whatever the lists say and
// however often they are stored; figures are no entities, and entities no figures.
//
// Rules: distinct.
func TestEntitiesAgreeWithTheLedger(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Parse([]byte(listsCatalogue))
	if err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	if err := s.SyncCatalogue(t.Context(), c, time.Now()); err != nil {
		t.Fatal(err)
	}
	l := ledger.New(c)
	lists := randomLists(7, 120)
	batch := &event.AcceptedBatch{Submissions: lists}
	body, err := event.EncodeAccepted(batch)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		put(t, s, &observationBlock{}, 1, stream.Message{Subject: "accepted.a.r0", Body: body})
	}
	if err := l.Apply(1, "accepted.a.r0", batch); err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("indicator,period,area,in_force,valid,counted\n")
	var claims strings.Builder
	claims.WriteString("indicator,period,entity,areas,counts_for\n")
	for _, indicator := range []string{"e0", "e1"} {
		for _, cell := range l.Cells() {
			if cell.Indicator != indicator {
				continue
			}
			counts, several := l.Lists(cell)
			for _, area := range []string{"a", "b", "i", "z"} {
				if n, ok := counts[area]; ok {
					fmt.Fprintf(&want, "%s,%s,%s,%d,%d,%d\n", indicator, cell.Period, area, n.InForce, n.Valid, n.Counted)
				}
			}
			for _, e := range several {
				var areas []string
				for i := range e.Claims {
					if e.Claims[i].Entity.ValidOn(catalogue.DayOf(cell.Period.LastDay())) {
						areas = append(areas, e.Claims[i].Area)
					}
				}
				if len(areas) > 1 {
					fmt.Fprintf(&claims, "%s,%s,%s,%s,%s\n", indicator, cell.Period, e.Code, strings.Join(areas, " "), e.CountsFor)
				}
			}
		}
	}
	if got := query(t, s, "SELECT indicator, period, area, count() AS in_force, countIf(valid) AS valid, countIf(counts) AS counted FROM entities GROUP BY ALL ORDER BY ALL"); got != want.String() {
		t.Errorf("entities by area:\n%swant\n%s", got, want.String())
	}
	if got := query(t, s, "SELECT DISTINCT indicator, period, entity, arrayStringConcat(claimed_by, ' ') AS areas, counts_for FROM entities WHERE length(claimed_by) > 1 ORDER BY ALL"); got != claims.String() {
		t.Errorf("entities that several areas claim:\n%swant\n%s", got, claims.String())
	}
	if got := query(t, s, "SELECT count() AS n FROM observations"); got != "n\n0\n" {
		t.Errorf("observations: %s, want none of entities", got)
	}
}

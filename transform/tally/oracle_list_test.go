package tally

import (
	"cmp"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// oracleEntry is what a row of a list says.
type oracleEntry struct {
	oracleRow
	code, from, to, registered string
	since                      uint64
}

func oracleEntryOf(r oracleRow, e *event.ListedEntity) oracleEntry {
	since := e.Since
	if since == 0 {
		since = r.sequence
	}
	return oracleEntry{r, e.Code, e.From.String(), e.To.String(), e.Registered, since}
}

// lists puts in the place of the figures that areas reported the counts of those that
// listed entities, by the rows alone: of each area's rows about an entity the best one stands.
func (o *oracle) lists(best map[string]*oracleRow, indicator *catalogue.Indicator, period catalogue.Period) {
	var stand []oracleEntry
	latest, lowest := map[string]uint64{}, map[string]catalogue.Stage{}
	for _, e := range o.entries {
		if e.indicator != indicator.ID || e.period != period {
			continue
		}
		latest[e.area] = max(latest[e.area], e.sequence)
		better := slices.ContainsFunc(o.entries, func(f oracleEntry) bool {
			return f.indicator == e.indicator && f.period == e.period && f.area == e.area && f.code == e.code &&
				cmp.Or(cmp.Compare(f.epoch, e.epoch), cmp.Compare(f.stage, e.stage), cmp.Compare(f.sequence, e.sequence)) > 0
		})
		if !better && !e.withdrawn {
			stand = append(stand, e)
			if lowest[e.area] == 0 || e.stage < lowest[e.area] {
				lowest[e.area] = e.stage
			}
		}
	}
	slices.SortFunc(stand, func(a, b oracleEntry) int { return cmp.Compare(a.since, b.since) })
	end := period.LastDay().Format("2006-01-02")
	counts := map[string]int64{}
	claims := map[string][]oracleEntry{} // those that may count, by entity
	for _, e := range stand {
		counts[e.area] += 0
		if e.from > end || e.to != "" && e.to < end {
			continue
		}
		if area, _ := o.catalogue.Area(e.area); area.Kind == catalogue.District || area.Kind == catalogue.CarvedOut {
			claims[e.code] = append(claims[e.code], e)
		} else {
			counts[e.area]++
		}
	}
	for _, of := range claims {
		area, address := of[0].area, ""
		for _, e := range of {
			if address == "" {
				address = e.registered
			}
		}
		if indicator.CountsFor == "registered_address" && slices.ContainsFunc(of, func(e oracleEntry) bool { return e.area == address }) {
			area = address
		}
		counts[area]++
	}
	for area, n := range counts {
		best[area] = &oracleRow{area: area, indicator: indicator.ID, period: period, value: oracleExactly(n), stage: lowest[area], sequence: latest[area], listed: true}
	}
}

// partlyListed reports whether some of a level's figures are counted from lists and others
// not.
func (l *oracleLevel) partlyListed() bool {
	lists := 0
	for _, f := range l.figures[0] {
		if f.listed {
			lists++
		}
	}
	return lists > 0 && lists < len(l.figures[0])
}

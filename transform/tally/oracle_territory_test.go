package tally

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
)

// oracleTerritory is the city as lots of land: each lot belongs to one area at a time.
// When an area's land goes to several, each of its lots is parted between them, also on
// the maps of earlier days.
type oracleTerritory struct {
	catalogue *catalogue.Catalogue
	maps      []oracleMap // by day
}

// oracleMap is who owns each lot from a day on.
type oracleMap struct {
	from  time.Time
	owner map[string]string
}

// oracleHandover is land that goes from one area to another.
type oracleHandover struct{ giver, taker string }

func oracleTerritoryOf(c *catalogue.Catalogue) *oracleTerritory {
	o := &oracleTerritory{catalogue: c, maps: []oracleMap{{owner: map[string]string{}}}}
	days := map[time.Time][]oracleHandover{}
	hand := func(day time.Time, giver, taker string) {
		h := oracleHandover{o.holder(giver), o.holder(taker)}
		if h.giver != h.taker && !slices.Contains(days[day], h) {
			days[day] = append(days[day], h)
		}
	}
	for _, area := range c.Areas {
		ofItself := len(area.Predecessors) == 0
		for _, predecessor := range area.Predecessors {
			before, _ := c.Area(predecessor)
			hand(before.ValidTo.Time, predecessor, area.Code)
		}
		for _, gain := range area.Gained {
			hand(gain.Day.Time, gain.From, area.Code)
			ofItself = ofItself && gain.Day != area.ValidFrom
		}
		if ofItself && area.Kind != catalogue.InsideZone {
			o.maps[0].owner[area.Code] = area.Code
		}
	}
	for _, day := range slices.SortedFunc(maps.Keys(days), time.Time.Compare) {
		o.handOver(day, days[day])
	}
	return o
}

// holder returns the area whose land an area's is.
func (o *oracleTerritory) holder(code string) string {
	if area, _ := o.catalogue.Area(code); area.Kind == catalogue.InsideZone {
		return area.Host
	}
	return code
}

// handOver draws the map of a day on which land changes hands.
func (o *oracleTerritory) handOver(day time.Time, handovers []oracleHandover) {
	takers := map[string][]string{}
	for _, h := range handovers {
		takers[h.giver] = append(takers[h.giver], h.taker)
	}
	next := maps.Clone(o.maps[len(o.maps)-1].owner)
	for lot, giver := range maps.Clone(next) {
		to := takers[giver]
		if len(to) == 0 {
			continue
		}
		if area, _ := o.catalogue.Area(giver); area.ValidTo.IsZero() || area.ValidTo.After(day) {
			to = append(slices.Clone(to), giver)
		}
		for i, taker := range to {
			part := lot + "/" + strconv.Itoa(i)
			next[part] = taker
			for _, earlier := range o.maps {
				if owner, known := earlier.owner[lot]; known {
					earlier.owner[part] = owner
				}
			}
		}
		delete(next, lot)
		for _, earlier := range o.maps {
			delete(earlier.owner, lot)
		}
	}
	o.maps = append(o.maps, oracleMap{day, next})
}

// takers returns the areas that own an area's land from a day on.
func (o *oracleTerritory) takers(giver string, day time.Time) []string {
	takers := map[string]bool{}
	for i, m := range o.maps {
		if i == 0 || !m.from.Equal(day) {
			continue
		}
		for lot, owner := range o.maps[i-1].owner {
			if owner == giver {
				takers[m.owner[lot]] = true
			}
		}
	}
	delete(takers, "")
	return slices.Sorted(maps.Keys(takers))
}

// of returns the lots that each of some areas owns at the end of a period.
func (o *oracleTerritory) of(areas []string, period catalogue.Period) map[string]string {
	lots := map[string]string{}
	for _, m := range o.maps {
		if !m.from.After(period.LastDay()) {
			lots = m.owner
		}
	}
	lots = maps.Clone(lots)
	maps.DeleteFunc(lots, func(_, owner string) bool { return !slices.Contains(areas, owner) })
	return lots
}

// compare returns why the change of a total cannot be told, and the areas because of
// which.
func (o *oracleTerritory) compare(period catalogue.Period, now, base oracleLevel) (reason string, areas []string) {
	was, is := o.of(base.expected, period.YearBefore()), o.of(now.expected, period)
	because, known, fresh := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for lot, owner := range was {
		if is[lot] == "" {
			because[owner] = true
		}
	}
	for lot, owner := range is {
		if was[lot] != "" {
			known[owner] = true
		}
	}
	for lot, owner := range is {
		switch {
		case was[lot] == "" && known[owner]:
			because[owner] = true
		case was[lot] == "":
			fresh[owner] = true
		}
	}
	switch {
	case len(because) > 0:
		return "BREAK", slices.Sorted(maps.Keys(because))
	case len(fresh) > 0:
		return "NEW_AREA", slices.Sorted(maps.Keys(fresh))
	}
	differing := map[string]bool{}
	for lot := range is {
		if slices.Contains(now.have, is[lot]) != slices.Contains(base.have, was[lot]) {
			differing[lot] = true
		}
	}
	for grown := true; grown; {
		before := len(differing)
		for lot := range maps.Clone(differing) {
			for other := range is {
				if is[other] == is[lot] || was[other] == was[lot] {
					differing[other] = true
				}
			}
		}
		grown = len(differing) > before
	}
	for lot := range differing {
		if !slices.Contains(now.have, is[lot]) {
			because[is[lot]] = true
		}
		if !slices.Contains(base.have, was[lot]) {
			because[was[lot]] = true
		}
	}
	if len(because) > 0 {
		return "MISSING_MEMBER", slices.Sorted(maps.Keys(because))
	}
	return "", nil
}

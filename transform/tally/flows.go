package tally

import (
	"cmp"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/ledger"
)

// yearFlows is what areas reported of a flow for the periods of one year.
type yearFlows struct {
	year    int16
	periods [catalogue.PeriodsInYear]catalogue.Period
	parts   [catalogue.PeriodsInYear][]ledger.Part // by number of the period and area
	highest catalogue.Stage                        // of all parts
	areas   map[string]*areaFlows
}

// areaFlows is one area's part of them, by number of the period; nil where it reported
// nothing.
type areaFlows [catalogue.PeriodsInYear]*ledger.Part

type flowsKey struct {
	indicator string
	year      int16
}

// The most indicators and years whose flows a calculator remembers.
const rememberedFlows = 2000

// flowsOf returns what areas reported of a flow in a year.
func (c *calculator) flowsOf(indicator *catalogue.Indicator, year int16) *yearFlows {
	key := flowsKey{indicator.ID, year}
	flows, ok := c.flows[key]
	if !ok {
		flows = &yearFlows{year: year, periods: catalogue.PeriodsOfYear(year)}
		for n := range c.source.Reported(indicator.ID, year).Numbers() {
			if parts := c.figures(indicator, flows.periods[n]); len(parts) > 0 {
				flows.parts[n] = slices.Clone(parts)
				for i := range parts {
					flows.highest = max(flows.highest, parts[i].Stage)
				}
			}
		}
		if c.flows == nil || len(c.flows) == rememberedFlows {
			c.flows = map[flowsKey]*yearFlows{}
		}
		c.flows[key] = flows
	}
	return flows
}

// follow returns the periods whose figures follow from those of a set.
func (c *calculator) follow(kind catalogue.Kind, s catalogue.PeriodSet) catalogue.PeriodSet {
	if kind != catalogue.Flow {
		return s.Follow(kind)
	}
	follow, ok := c.following[s]
	if !ok {
		follow = s.Follow(catalogue.Flow)
		if c.following == nil || len(c.following) == rememberedFlows {
			c.following = map[catalogue.PeriodSet]catalogue.PeriodSet{}
		}
		c.following[s] = follow
	}
	return follow
}

// of returns what an area reported for periods at whose end it existed; nil where that
// is nothing.
func (f *yearFlows) of(c *catalogue.Catalogue, code string) *areaFlows {
	flows, ok := f.areas[code]
	if ok {
		return flows
	}
	if area, known := c.Area(code); known {
		for n, parts := range f.parts {
			place, reported := slices.BinarySearchFunc(parts, code, func(p ledger.Part, code string) int { return cmp.Compare(p.Area, code) })
			if !reported || !area.ValidIn(f.periods[n]) {
				continue
			}
			if flows == nil {
				flows = &areaFlows{}
			}
			flows[n] = &parts[place]
		}
	}
	if f.areas == nil {
		f.areas = map[string]*areaFlows{}
	}
	f.areas[code] = flows
	return flows
}

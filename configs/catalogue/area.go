package catalogue

import (
	"fmt"
	"slices"
	"time"
)

// AreaKind says how an area's figures count in the city's totals.
type AreaKind string

// The kinds of area. The figures of districts and carved-out zones add up to the city's. The
// figures of an inside zone are part of its host's, and are never added.
const (
	City       AreaKind = "city"
	District   AreaKind = "district"
	CarvedOut  AreaKind = "carved_out"
	InsideZone AreaKind = "inside"
)

// Area is who reports: the city itself, a district or county, or a functional zone.
type Area struct {
	// Code is the GB/T 2260 code, or any token of letters, digits, - and _.
	Code   string   `yaml:"code" json:"code"`
	NameZH string   `yaml:"name_zh" json:"name_zh"`
	NameEN string   `yaml:"name_en" json:"name_en"`
	Kind   AreaKind `yaml:"kind" json:"kind"`
	// Host is the district an inside zone lies in.
	Host string `yaml:"host" json:"host,omitempty"`
	// ValidFrom is the area's first day, such as 2016-10-08, and ValidTo the first day on
	// which it no longer exists. Empty is no bound.
	ValidFrom Date `yaml:"valid_from" json:"valid_from,omitzero"`
	ValidTo   Date `yaml:"valid_to" json:"valid_to,omitzero"`
	// Predecessors are the areas whose territory this one took over at ValidFrom.
	Predecessors []string `yaml:"predecessors" json:"predecessors,omitempty"`
}

// Additive reports whether the area's figures are added up to the city's.
func (a *Area) Additive() bool { return a.Kind == District || a.Kind == CarvedOut }

// ValidIn reports whether the area exists on the last day of the period.
func (a *Area) ValidIn(p Period) bool {
	return (a.ValidFrom.IsZero() || !p.LastDay().Before(a.ValidFrom.Time)) &&
		(a.ValidTo.IsZero() || p.LastDay().Before(a.ValidTo.Time))
}

// Date is a calendar day, written 2016-10-08.
type Date struct{ time.Time }

// UnmarshalText reads 2006-01-02.
func (d *Date) UnmarshalText(text []byte) error {
	day, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("want a day such as 2016-10-08, got %q", text)
	}
	d.Time = day
	return nil
}

// MarshalText writes 2006-01-02.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.Format(time.DateOnly)), nil }

// Expected returns the codes, in order, of the areas whose figures add up to
// the city's in the period: the districts and carved-out zones that exist then.
func (c *Catalogue) Expected(p Period) []string {
	var codes []string
	for i := range c.Areas {
		if a := &c.Areas[i]; a.Additive() && a.ValidIn(p) {
			codes = append(codes, a.Code)
		}
	}
	slices.Sort(codes)
	return codes
}

// Recast returns the codes of the areas that covered an area's territory in an earlier
// period: the area itself where it existed, else its predecessors. It reports false when the
// predecessors of part of the territory are not known.
func (c *Catalogue) Recast(code string, p Period) ([]string, bool) {
	area, ok := c.Area(code)
	if !ok {
		return nil, false
	}
	if area.ValidIn(p) {
		return []string{code}, true
	}
	var codes []string
	for _, predecessor := range area.Predecessors {
		before, ok := c.Recast(predecessor, p)
		if !ok {
			return nil, false
		}
		codes = append(codes, before...)
	}
	return codes, len(codes) > 0
}

// Absorbed reports whether an area took over its predecessors whole: none of their
// territory went to another area as well.
func (c *Catalogue) Absorbed(area *Area) bool {
	for i := range c.Areas {
		other := &c.Areas[i]
		if other.Code != area.Code && slices.ContainsFunc(other.Predecessors, func(code string) bool { return slices.Contains(area.Predecessors, code) }) {
			return false
		}
	}
	return true
}

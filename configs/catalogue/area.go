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
	// Gained are the parts of other areas that became parts of this one.
	Gained []Gain `yaml:"gained" json:"gained,omitempty"`
}

// Gain is a part of an area's territory that became part of another: of an area that goes
// on, or of one that ends, as a zone does that is given back.
type Gain struct {
	// From is the area that the part belonged to, and Day the first day on which it no
	// longer did.
	From string `yaml:"from" json:"from"`
	Day  Date   `yaml:"day" json:"day"`
}

// String returns the gain for a list of differences.
func (g Gain) String() string { return g.From + " " + g.Day.Format(time.DateOnly) }

// Additive reports whether the area's figures are added up to the city's.
func (a *Area) Additive() bool { return a.Kind == District || a.Kind == CarvedOut }

// ValidIn reports whether the area exists on the last day of the period.
func (a *Area) ValidIn(p Period) bool { return a.ExistsOn(p.LastDay()) }

// ExistsOn reports whether the area exists on a day.
func (a *Area) ExistsOn(day time.Time) bool {
	return (a.ValidFrom.IsZero() || !day.Before(a.ValidFrom.Time)) && (a.ValidTo.IsZero() || day.Before(a.ValidTo.Time))
}

// Validity returns the days from which and to which the area exists, as 2016-10-08 – …; ""
// where it has no bounds.
func (a *Area) Validity() string { return validity(a.ValidFrom, a.ValidTo) }

func validity(from, to Date) string {
	if from.IsZero() && to.IsZero() {
		return ""
	}
	text := [2]string{"…", "…"}
	for i, day := range [2]Date{from, to} {
		if !day.IsZero() {
			text[i] = day.Format(time.DateOnly)
		}
	}
	return text[0] + " – " + text[1]
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

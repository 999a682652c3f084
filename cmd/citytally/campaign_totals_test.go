package main

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// figures are what goes into a total: the parts by area and their sum.
type figures struct {
	reported bool
	parts    []*vintage
}

func (o *oracle) figures(indicator string, year int) (f figures) {
	for _, area := range membersOf(indicator) {
		if v := o.inForce(indicator, strconv.Itoa(year), area); v != nil {
			f.reported = true
			if v.value != nil {
				f.parts = append(f.parts, v)
			}
		}
	}
	return f
}

// membersOf are the areas whose figures make the city's: the park lies inside a
// district.
func membersOf(indicator string) []string {
	if indicator == "rank" {
		return []string{"100"}
	}
	return []string{"101", "102", "103", "104", "105"}
}

func (f figures) areas() (codes []string) {
	for _, p := range f.parts {
		codes = append(codes, p.area)
	}
	return codes
}

func (f figures) sum() *big.Rat {
	sum := new(big.Rat)
	for _, p := range f.parts {
		sum.Add(sum, p.value)
	}
	return sum
}

// only returns the parts of the areas.
func (f figures) only(areas []string) figures {
	kept := figures{reported: f.reported}
	for _, p := range f.parts {
		if slices.Contains(areas, p.area) {
			kept.parts = append(kept.parts, p)
		}
	}
	return kept
}

// value is the level of an indicator in a year: its figure or nil, the areas it
// covers and its inputs.
func (o *oracle) value(indicator string, year int) (value *big.Rat, areas []string, inputs []*vintage, reported bool) {
	parts := map[string][2]string{"intensity": {"spending", "output"}, "per_person": {"output", "people"}}
	of, isRatio := parts[indicator]
	if !isRatio {
		f := o.figures(indicator, year)
		if len(f.parts) > 0 {
			value = f.sum()
		}
		return value, f.areas(), f.parts, f.reported
	}
	above, below := o.figures(of[0], year), o.figures(of[1], year)
	reported = above.reported || below.reported
	above, below = above.only(below.areas()), below.only(above.areas())
	if sum := below.sum(); len(above.parts) > 0 && sum.Sign() != 0 {
		value = above.sum()
		value.Quo(value, sum)
		if indicator == "intensity" {
			value.Mul(value, big.NewRat(100, 1))
		}
	}
	return value, above.areas(), append(above.parts, below.parts...), reported
}

// total is the line of totals_latest for an indicator and year; false when
// nobody has reported anything.
func (o *oracle) total(indicator string, year int) (string, bool) {
	value, areas, inputs, reported := o.value(indicator, year)
	if !reported {
		return "", false
	}
	members := membersOf(indicator)
	missing := []string{}
	for _, m := range members {
		if !slices.Contains(areas, m) {
			missing = append(missing, m)
		}
	}
	change, absolute, reason := o.change(indicator, year, value, areas)
	var sources []string
	lowest := 0
	for i, v := range inputs {
		rank := slices.Index(campaignStages, v.row.Stage)
		if i == 0 || rank < lowest {
			lowest = rank
		}
		sources = append(sources, line(v.area, v.row.Indicator, figure(v.value), v.sequence))
	}
	publishable := value != nil && (len(missing) == 0 || indicator == "spending")
	return line(indicator, year, figure(value), campaignStages[lowest], figure(change), figure(absolute), reason,
		len(members)-len(missing), len(members), strings.Join(missing, " "), publishable, strings.Join(sources, ";")), true
}

func (o *oracle) change(indicator string, year int, value *big.Rat, areas []string) (change, absolute *big.Rat, reason string) {
	base, before, _, _ := o.value(indicator, year-1)
	switch {
	case value == nil:
		return nil, nil, "VALUE_MISSING"
	case base == nil:
		return nil, nil, "BASE_MISSING"
	case !slices.Equal(areas, before):
		return nil, nil, "MISSING_MEMBER"
	}
	absolute = new(big.Rat).Sub(value, base)
	switch {
	case indicator == "intensity":
		return absolute, absolute, ""
	case base.Sign() == 0:
		return nil, absolute, "BASE_ZERO"
	}
	change = new(big.Rat).Quo(absolute, base)
	return change.Mul(change, big.NewRat(100, 1)), absolute, ""
}

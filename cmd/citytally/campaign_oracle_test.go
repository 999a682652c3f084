package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// oracle says what ClickHouse has to show once everything has come to rest. It
// shares no code with the program: rational numbers, all vintages kept, and
// every total from scratch.
type oracle struct {
	submissions, findings, observations, latest, totals []string

	vintages map[string][]vintage // by indicator, period and area
}

type vintage struct {
	row      row
	area     string
	value    *big.Rat // nil is missing
	sequence uint64
}

// stored is a message of SUBMISSIONS as the broker has it.
type stored struct {
	sequence uint64
	body     []byte
}

// newOracle folds everything that was received, in the order of the log. It
// returns an error for a message that nobody sent.
func newOracle(log []stored, sent map[string]*parcel) (*oracle, error) {
	o := &oracle{vintages: map[string][]vintage{}}
	first := map[*parcel]bool{}
	for _, m := range log {
		p := sent[canonical(m.body)]
		if p == nil {
			return nil, fmt.Errorf("message %d of SUBMISSIONS was sent by nobody: %s", m.sequence, m.body)
		}
		o.receive(m.sequence, p, first[p])
		first[p] = first[p] || p.accepted() > 0
	}
	for _, indicator := range []string{"output", "spending", "people", "rank"} {
		for _, year := range campaignYears {
			for _, area := range campaignAreas {
				if v := o.best(indicator, year, area); v != nil {
					o.latest = append(o.latest, v.line())
				}
			}
		}
	}
	for _, indicator := range []string{"output", "spending", "people", "intensity", "per_person", "rank"} {
		for year := 2017; year <= 2024; year++ {
			if line, ok := o.total(indicator, year); ok {
				o.totals = append(o.totals, line)
			}
		}
	}
	for _, lines := range [][]string{o.submissions, o.findings, o.observations, o.latest, o.totals} {
		slices.Sort(lines)
	}
	return o, nil
}

// canonical is a submission's body in one form, whether the sender or the gateway
// encoded it.
func canonical(body []byte) string {
	var p parcel
	if err := json.Unmarshal(body, &p); err != nil {
		return string(body)
	}
	text, err := json.Marshal(&p)
	if err != nil {
		return string(body)
	}
	return string(text)
}

// receive folds in one message. again says that its content was accepted before.
func (o *oracle) receive(sequence uint64, p *parcel, again bool) {
	outcome := "partial"
	switch accepted := p.accepted(); {
	case accepted == 0:
		outcome = "rejected"
	case accepted == len(p.Observations):
		outcome = "accepted"
	}
	o.submissions = append(o.submissions, line(sequence, p.Area, p.Dataset, outcome, again,
		len(p.Observations), p.accepted(), 0, len(p.Observations)-p.accepted()))
	if p.Observations == nil {
		o.findings = append(o.findings, line(sequence, 0, "SUBMISSION_UNREADABLE"))
	}
	for i, r := range p.Observations {
		if r.refusal != "" {
			o.findings = append(o.findings, line(sequence, i+1, r.refusal))
			continue
		}
		if again {
			continue
		}
		v := vintage{row: r, area: p.Area, sequence: sequence}
		if r.Value != "" {
			v.value, _ = new(big.Rat).SetString(r.Value)
			if r.Unit == "万元" {
				v.value.Quo(v.value, big.NewRat(10_000, 1))
			}
		}
		cell := cellOf(r.Indicator, r.Period, p.Area)
		o.vintages[cell] = append(o.vintages[cell], v)
		o.observations = append(o.observations, v.line())
	}
}

func cellOf(parts ...string) string { return strings.Join(parts, " ") }

func line(fields ...any) string {
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = fmt.Sprint(f)
	}
	return strings.Join(texts, ",")
}

func (v *vintage) line() string {
	status := "A"
	if v.value == nil {
		status = "O"
	}
	return line(v.row.Indicator, v.row.Period, v.area, v.sequence, figure(v.value), v.row.Stage, status)
}

// figure writes a number to twelve places, half away from zero, without
// trailing zeros; none is "".
func figure(r *big.Rat) string {
	if r == nil {
		return ""
	}
	text := strings.TrimSuffix(strings.TrimRight(r.FloatString(12), "0"), ".")
	if text == "-0" {
		return "0"
	}
	return text
}

// best is the vintage with the highest stage, then the highest sequence.
func (o *oracle) best(indicator, period, area string) *vintage {
	var best *vintage
	all := o.vintages[cellOf(indicator, period, area)]
	for i := range all {
		v := &all[i]
		rank := slices.Index(campaignStages, v.row.Stage)
		if best == nil || rank > slices.Index(campaignStages, best.row.Stage) ||
			rank == slices.Index(campaignStages, best.row.Stage) && v.sequence > best.sequence {
			best = v
		}
	}
	return best
}

// figures are what goes into a total: the parts by area and their sum.
type figures struct {
	reported bool
	parts    []*vintage
}

func (o *oracle) figures(indicator string, year int) (f figures) {
	for _, area := range membersOf(indicator) {
		if v := o.best(indicator, strconv.Itoa(year), area); v != nil {
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

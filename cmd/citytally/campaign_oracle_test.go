package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// oracle says what ClickHouse has to show once everything has come to rest. It
// shares no code with the program: rational numbers, all vintages kept, and
// every total from scratch.
type oracle struct {
	submissions, findings, observations, latest, totals []string

	vintages map[string][]vintage // by indicator, period and area
	// accepted are the numbers of the rows that were accepted, by key and for submissions
	// without a key by content; of those each time that they were accepted.
	accepted map[string][]acceptance
}

type vintage struct {
	row      row
	area     string
	value    *big.Rat // nil is missing
	epoch    int      // how often the figure had been withdrawn before
	sequence uint64
}

func (v *vintage) withdraws() bool { return v.row.Action != "" }

// acceptance are the rows that were accepted of a message, by index.
type acceptance map[int]bool

// stored is a message of SUBMISSIONS as the broker has it.
type stored struct {
	sequence uint64
	body     []byte
}

// newOracle folds everything that was received, in the order of the log. It
// returns an error for a message that nobody sent.
func newOracle(log []stored, sent map[string]*parcel) (*oracle, error) {
	o := &oracle{vintages: map[string][]vintage{}, accepted: map[string][]acceptance{}}
	for _, m := range log {
		p := sent[canonical(m.body)]
		if p == nil {
			return nil, fmt.Errorf("message %d of SUBMISSIONS was sent by nobody: %s", m.sequence, m.body)
		}
		o.receive(m.sequence, p)
	}
	for _, indicator := range []string{"output", "spending", "people", "rank"} {
		for _, year := range campaignYears {
			for _, area := range campaignAreas {
				if v := o.inForce(indicator, year, area); v != nil {
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

// receive folds in one message.
func (o *oracle) receive(sequence uint64, p *parcel) {
	if p.Observations == nil {
		o.findings = append(o.findings, line(sequence, 0, "SUBMISSION_UNREADABLE"))
		o.submissions = append(o.submissions, line(sequence, p.Area, p.Dataset, "rejected", false, 0, 0, 0, 0))
		return
	}
	before := o.accepted[p.id]
	codes, repeated := o.judge(p, before), false
	switch {
	case before == nil:
	case p.Key != "":
		codes, repeated = o.asFirst(p, codes, before[0]), true
	default:
		repeated = !o.changes(p, codes) && !slices.Contains(codes, "SUPERSEDED") && (slices.Contains(codes, "") || o.saysNothing(codes))
		if repeated && !slices.Contains(codes, "") {
			codes = o.asFirst(p, codes, before[len(before)-1])
		}
	}
	rows, taken := len(codes), acceptance{}
	for i, code := range codes {
		switch {
		case code == "":
			taken[i] = true
		case code == "silent" || informs(code):
			rows--
		}
		if code != "" && code != "silent" {
			o.findings = append(o.findings, line(sequence, i+1, code))
		}
	}
	outcome := "partial"
	switch {
	case len(taken) == 0:
		outcome = "rejected"
	case len(taken) == rows:
		outcome = "accepted"
	}
	if rows == 0 && len(taken) == 0 {
		o.findings = append(o.findings, line(sequence, 0, "SUBMISSION_EMPTY"))
	}
	o.submissions = append(o.submissions, line(sequence, p.Area, p.Dataset, outcome, repeated, rows, len(taken), 0, rows-len(taken)))
	if repeated || len(taken) == 0 {
		return
	}
	o.accepted[p.id] = append(before, taken)
	for i := range taken {
		o.store(sequence, p, p.Observations[i])
	}
}

func informs(code string) bool { return code == "VALUE_SILENT" || code == "NOTHING_TO_WITHDRAW" }

// judge returns what is said of each row: the code of a finding, "" for a row that is
// taken, or silent. A figure of content that was accepted before, and is another one now,
// stays; a missing or a withdrawn one may be reported again.
func (o *oracle) judge(p *parcel, before []acceptance) []string {
	codes := make([]string, len(p.Observations))
	for i := range p.Observations {
		r := &p.Observations[i]
		best := o.inForce(r.Indicator, r.Period, p.Area)
		known := slices.ContainsFunc(before, func(a acceptance) bool { return a[i] })
		switch {
		case r.refusal != "":
			codes[i] = r.refusal
		case r.silent() && best == nil:
			codes[i] = "silent"
		case r.silent():
			codes[i] = "VALUE_SILENT"
		case best == nil && r.Action != "":
			codes[i] = "NOTHING_TO_WITHDRAW"
		case best != nil && known && best.value != nil && !o.same(p, r, best):
			codes[i] = "SUPERSEDED"
		case best != nil && r.Action == "" && slices.Index(campaignStages, r.Stage) < slices.Index(campaignStages, best.row.Stage):
			codes[i] = "STAGE_BACKWARDS"
		}
	}
	return codes
}

// same reports whether a row says what is in force.
func (o *oracle) same(p *parcel, r *row, best *vintage) bool {
	v := o.read(p, *r)
	return r.Action == "" && figure(v.value) == figure(best.value) && (v.value == nil) == (best.value == nil) && r.Stage == best.row.Stage
}

// changes reports whether a row that would be taken says another thing than what is in force.
func (o *oracle) changes(p *parcel, codes []string) bool {
	for i, code := range codes {
		r := &p.Observations[i]
		if best := o.inForce(r.Indicator, r.Period, p.Area); code == "" && (best == nil || !o.same(p, r, best)) {
			return true
		}
	}
	return false
}

func (o *oracle) saysNothing(codes []string) bool {
	return !slices.ContainsFunc(codes, func(code string) bool { return code != "silent" && !informs(code) })
}

// asFirst returns what is said of the rows of a submission that was received before: those
// that were accepted then are, and of the others none.
func (o *oracle) asFirst(p *parcel, codes []string, first acceptance) []string {
	for i := range codes {
		r := &p.Observations[i]
		switch {
		case first[i]:
			codes[i] = ""
		case r.refusal != "":
			codes[i] = r.refusal
		case r.silent(): // as it is judged now
		case r.Action != "":
			codes[i] = "NOTHING_TO_WITHDRAW"
		default:
			codes[i] = "NOT_ACCEPTED_THEN"
		}
	}
	return codes
}

// read returns the figure that a row reports.
func (o *oracle) read(p *parcel, r row) vintage {
	v := vintage{row: r, area: p.Area}
	if r.Value != "" {
		v.value, _ = new(big.Rat).SetString(r.Value)
		if r.Unit == "万元" {
			v.value.Quo(v.value, big.NewRat(10_000, 1))
		}
	}
	return v
}

func (o *oracle) store(sequence uint64, p *parcel, r row) {
	v, cell := o.read(p, r), cellOf(r.Indicator, r.Period, p.Area)
	v.sequence = sequence
	for _, earlier := range o.vintages[cell] {
		if earlier.withdraws() {
			v.epoch++
		}
	}
	if v.withdraws() {
		v.row.Stage = o.inForce(r.Indicator, r.Period, p.Area).row.Stage
	}
	o.vintages[cell] = append(o.vintages[cell], v)
	o.observations = append(o.observations, v.line())
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
	switch {
	case v.withdraws():
		status = "X"
	case v.value == nil:
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

// inForce is the vintage that was reported since the figure was last withdrawn with the
// highest stage, then the highest sequence, as it was set; nil is none.
func (o *oracle) inForce(indicator, period, area string) *vintage {
	var best *vintage
	all := o.vintages[cellOf(indicator, period, area)]
	for i := range all {
		v := &all[i]
		rank := slices.Index(campaignStages, v.row.Stage)
		switch {
		case v.withdraws():
			best = nil
		case best != nil && v.row.Stage == best.row.Stage && (v.value == nil) == (best.value == nil) && figure(v.value) == figure(best.value):
			// It confirms what was set before.
		case best == nil || v.epoch > best.epoch || v.epoch == best.epoch && (rank > slices.Index(campaignStages, best.row.Stage) ||
			rank == slices.Index(campaignStages, best.row.Stage) && v.sequence > best.sequence):
			best = v
		}
	}
	return best
}

package page

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
)

// maxRows is how many rows of a submission a page shows.
const maxRows = 300

// rows are the figures of a submission, with what is said about them.
type rows struct {
	All     []row
	Whole   []event.Finding // findings on the whole submission
	Counts  []effectCount
	Total   int // of all rows, of which a page may show less
	Judged  bool
	Omitted int // findings that the verdict does not list
	Placed  bool
	Verdict *event.Verdict

	places map[int]int // of the first row with a number
}

// effectCount says how many rows had an effect.
type effectCount struct {
	Effect event.Effect
	Name   string
	Count  int
}

// row is one figure as it was reported.
type row struct {
	Number                         int
	Cell                           string
	Indicator, Period, Value, Unit string
	Stage, Note                    string
	Malformed                      string
	Effect                         event.Effect
	From, To                       string
	Findings                       []event.Finding
	// Hold is what has become of the row, of one that was held when it was judged.
	Hold *inquiry.Hold
}

// Worst returns the gravest severity of the row's findings; "" without one.
func (r *row) Worst() event.Severity {
	worst := event.Severity("")
	for _, f := range r.Findings {
		if f.Severity == event.Reject || f.Severity == event.Hold && worst != event.Reject || worst == "" {
			worst = f.Severity
		}
	}
	return worst
}

// On returns the findings on a column of the table: indicator, period, stage, or value,
// which has all others.
func (r *row) On(column string) (on []event.Finding) {
	for _, f := range r.Findings {
		of := f.Column
		switch of {
		case "indicator", "period", "stage":
		default:
			of = "value"
		}
		if of == column {
			on = append(on, f)
		}
	}
	return on
}

// rowsOf puts the rows of a submission beside what a verdict says of them. One of the two
// may be nil: without the submission only rows with findings or changes are known.
func (v *visit) rowsOf(s *event.Submission, verdict *event.Verdict) *rows {
	t := &rows{Verdict: verdict, Judged: verdict != nil, places: map[int]int{}}
	if s != nil {
		for i := range s.Observations {
			o := &s.Observations[i]
			t.add(v.rowOf(s, o, cmp.Or(o.Row, i+1)))
		}
	}
	if verdict != nil {
		t.judge(v, verdict)
	}
	t.Total = len(t.All)
	t.shorten()
	for i := range t.All {
		t.Placed = t.Placed || t.All[i].Cell != ""
	}
	return t
}

// add adds a row. Several figures of a wide table have one number, and stand together.
func (t *rows) add(r row) int {
	if _, ok := t.places[r.Number]; !ok {
		t.places[r.Number] = len(t.All)
	}
	t.All = append(t.All, r)
	return len(t.All) - 1
}

// judge adds what a verdict says.
func (t *rows) judge(v *visit, verdict *event.Verdict) {
	t.Omitted = verdict.FindingsOmitted
	for _, e := range verdict.Effects {
		t.Counts = append(t.Counts, effectCount{e.Effect, v.W.Effects[e.Effect], e.Count})
	}
	for i := range verdict.Changes {
		c := &verdict.Changes[i]
		r := &t.All[t.find(row{Number: c.Row, Indicator: v.Indicator(c.Indicator), Period: v.Period(c.Period)})]
		r.Effect, r.From, r.To = c.Effect, v.Said(c.From), v.Said(c.To)
	}
	for _, f := range verdict.Findings {
		if f.Row == 0 {
			t.Whole = append(t.Whole, f)
			continue
		}
		r := &t.All[t.find(row{Number: f.Row, Cell: f.Cell, Indicator: v.Indicator(f.Indicator), Period: v.Period(f.Period)})]
		r.Findings = append(r.Findings, f)
	}
	t.mark(effectsOf(verdict.Effects))
}

// stand adds what has become of rows that were held: counts by state take the place of that of the
// rows that were held when they were judged.
func (t *rows) stand(v *visit, s *Submission) {
	if s.Held == nil {
		return
	}
	var counts []effectCount
	for _, c := range t.Counts {
		if c.Effect != event.Held {
			counts = append(counts, c)
			continue
		}
		for _, state := range []struct {
			name  string
			count int
		}{{"pending", s.Held.Pending}, {"released", s.Held.Released}, {"refused", s.Held.Refused}, {"superseded", s.Held.Superseded}} {
			switch {
			case state.count == 0:
			case state.name == "pending":
				counts = append(counts, effectCount{event.Held, v.W.HeldStates[state.name], state.count})
			default:
				counts = append(counts, effectCount{event.Effect(state.name), fmt.Sprintf(v.W.FromTo, c.Name, v.W.HeldStates[state.name]), state.count})
			}
		}
	}
	t.Counts = counts
	for i := range t.All {
		if r := &t.All[i]; r.Effect == event.Held {
			r.Hold = holdOf(v, r, s)
		}
	}
}

// holdOf returns what is or was held of a row; nil where that is not among those told.
func holdOf(v *visit, r *row, s *Submission) *inquiry.Hold {
	of := func(h *inquiry.Hold) bool {
		own := h.Sequence == s.Verdict.Sequence && (h.Listed != nil || h.Row == r.Number) && v.Indicator(h.Indicator) == r.Indicator && v.Period(h.Period) == r.Period
		return own || slices.ContainsFunc(r.Findings, func(f event.Finding) bool { return f.Hold == h.ID })
	}
	for i := range s.Holds {
		if of(&s.Holds[i]) {
			return &s.Holds[i]
		}
	}
	return nil
}

// find returns the place of a row: of those with its number the one with its cell, or else
// with its figure, or else the first. A row that is not known is added.
func (t *rows) find(wanted row) int {
	first, ok := t.places[wanted.Number]
	if !ok {
		return t.add(wanted)
	}
	for _, same := range []func(r *row) bool{
		func(r *row) bool { return wanted.Cell != "" && r.Cell == wanted.Cell },
		func(r *row) bool { return r.Indicator == wanted.Indicator && r.Period == wanted.Period },
	} {
		for i := first; i < len(t.All) && t.All[i].Number == wanted.Number; i++ {
			if same(&t.All[i]) {
				return i
			}
		}
	}
	return first
}

func (v *visit) rowOf(s *event.Submission, o *event.Observation, number int) row {
	r := row{
		Number: number, Cell: s.CellOf(o, "value"), Indicator: v.Indicator(o.Indicator), Period: v.Period(o.Period),
		Value: string(o.Value), Unit: o.Unit, Stage: o.Stage, Note: o.Note,
	}
	if indicator, ok := v.page.catalogue().Indicator(o.Indicator); ok && o.Unit == "" && o.Listing == nil {
		if said, err := catalogue.ParseValue(r.Value); err == nil && !said.Missing && said.Unit == "" {
			r.Unit = indicator.Unit().Written() // what the figure is taken as
		}
	}
	if o.Listing != nil {
		r.Value = strings.TrimSpace(o.EntityName + " " + o.Entity)
		if dataset, ok := v.page.catalogue().Dataset(s.Dataset); ok && o.Indicator == "" {
			if list, ok := v.page.catalogue().ListOf(dataset); ok {
				r.Indicator = v.Indicator(list.ID)
			}
		}
	}
	if format, ok := v.W.Qualifiers[o.Qualifier]; ok && r.Value != "" {
		r.Value = strings.Replace(format, "%s", r.Value, 1)
	}
	if name, ok := v.W.Stages[o.Stage]; ok {
		r.Stage = name
	}
	switch {
	case o.Action == "D":
		r.Value = strings.TrimSpace(v.W.Withdraws + " " + r.Value)
	case o.Status == "O":
		r.Value = v.W.NoFigure
	}
	if o.Malformed != "" {
		r.Malformed = o.Malformed
		severity := event.Reject
		if o.Foreign != "" {
			severity = event.Inform
		}
		r.Findings = []event.Finding{{Severity: severity, MessageZH: o.ProblemZH, MessageEN: o.Problem, Seen: o.Malformed}}
	}
	return r
}

// effectsOf returns the effects that the rows with a number had, of which there are several in a
// wide table: the rows of an effect are 2-40,42.
func effectsOf(effects []event.RowEffect) map[int][]event.Effect {
	of := map[int][]event.Effect{}
	for _, e := range effects {
		for span := range strings.SplitSeq(e.Rows, ",") {
			from, to, ranged := strings.Cut(span, "-")
			first, err := strconv.Atoi(from)
			if err != nil {
				continue
			}
			last := first
			if ranged {
				if last, err = strconv.Atoi(to); err != nil {
					continue
				}
			}
			for i := first; i <= last && i-first < event.MaxRows; i++ {
				if !slices.Contains(of[i], e.Effect) {
					of[i] = append(of[i], e.Effect)
				}
			}
		}
	}
	return of
}

// mark tells every row its effect. What changed a figure has it already; what has a finding that
// refuses or holds it has that effect; the others have the one that is left, and none where
// several are.
func (t *rows) mark(of map[int][]event.Effect) {
	taken := map[int][]event.Effect{}
	for i := range t.All {
		r := &t.All[i]
		if r.Effect == "" {
			switch worst := r.Worst(); {
			case worst == event.Reject && slices.Contains(of[r.Number], event.Refused):
				r.Effect = event.Refused
			case worst == event.Hold && slices.Contains(of[r.Number], event.Held):
				r.Effect = event.Held
			}
		}
		if r.Effect != "" {
			taken[r.Number] = append(taken[r.Number], r.Effect)
		}
	}
	for i := range t.All {
		r := &t.All[i]
		left := of[r.Number]
		if len(left) > 1 {
			left = slices.DeleteFunc(slices.Clone(left), func(e event.Effect) bool { return slices.Contains(taken[r.Number], e) })
		}
		if r.Effect == "" && len(left) == 1 {
			r.Effect = left[0]
		}
	}
}

// shorten leaves out rows with nothing said about them, and then the last ones, while there
// are more than a page shows.
func (t *rows) shorten() {
	if len(t.All) <= maxRows {
		return
	}
	var kept []row
	for wanted := range 2 {
		for i := range t.All {
			said := len(t.All[i].Findings) > 0 || t.All[i].From != ""
			if said == (wanted == 0) && len(kept) < maxRows {
				kept = append(kept, t.All[i])
			}
		}
	}
	t.All = kept
}

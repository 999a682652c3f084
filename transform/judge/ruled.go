package judge

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/rules"
)

// withoutRules returns the checks by the catalogue and by what was accepted before alone, for
// what has been judged before.
func (r *checks) withoutRules() *checks { return &checks{catalogue: r.catalogue, again: true} }

// applyRules adds to the rows what the rules find about those that are good so far. A row
// that says what is in force already was judged when that was reported.
func (r *checks) applyRules(s *ruledSubmission) {
	plans := r.rules.Plans(s.dataset)
	if len(plans) == 0 {
		return
	}
	s.index()
	row := rules.Row{Area: s.area, Dataset: s.dataset, Reason: strings.TrimSpace(s.reason), Figures: s}
	at := 0 // index of the row that is told about
	tell := func(f *rules.Fault) {
		finding := ruleFinding(f, row.Value, s.byBureau)
		switch finding.Column {
		case "value":
			finding.Seen = event.Excerpt(seenValue(&s.read[at], finding.Seen), maxSeen)
		case "period":
			finding.Seen = row.Period.String()
		}
		s.rows[at].find(finding)
	}
	for i := range s.read {
		o, state, said := &s.read[i], &s.states[i], s.rows[i].stated
		row.Raw = o.Raw
		if said != nil && said.ratio != nil {
			if plan := plans[said.ratio.ID]; plan != nil {
				row.On, row.Period, row.Value, row.HasInForce, at = rules.OnRatio, said.period, said.value, false, i
				plan.Judge(&row, tell)
			}
			continue
		}
		plan := plans[o.Indicator]
		if plan == nil || !s.good[i] || s.rows[i].isStillHeld() || state.Reported() && state.Best.SameContent(ledger.FigureOf(o)) {
			continue
		}
		row.Period, row.Value, row.Stage, row.Note = o.Period, o.Value, o.Stage, o.Note
		row.InForce, row.InForceStage, row.HasInForce = state.Best.Value, state.Best.Stage, state.Best.Counts()
		row.On, row.Base, row.Change, at = rules.OnFigure, nil, nil, i
		if said != nil {
			row.Base, row.Change = said.base, said.change
		}
		if !ledger.FigureOf(o).Counts() {
			if !row.HasInForce {
				continue
			}
			row.On, row.Value = rules.OnWithdrawal, row.InForce
		}
		plan.Judge(&row, tell)
	}
}

// seenValue returns a value as the file has it and, where it was in another unit, what it comes to in
// the indicator's: 10123600万元 = 1012.36亿元. Value is the text of the latter.
func seenValue(o *event.AcceptedObservation, value string) string {
	switch {
	case o.Raw == "":
		return value
	case strings.Trim(strings.ReplaceAll(o.Raw, ",", ""), " "+catalogue.ParseUnit(o.Unit).Written()) == value:
		return o.Raw
	}
	return o.Raw + " = " + value + catalogue.ParseUnit(o.Unit).Written()
}

// ruleFinding returns what a rule has found about a row with a value. Nothing that the bureau
// itself reports is held.
func ruleFinding(f *rules.Fault, v catalogue.Value, byBureau bool) *event.Finding {
	finding := reject(strings.ToUpper(f.Rule.ID), cmp.Or(f.Rule.Column, "value"), v.String(), f.MessageZH, f.MessageEN)
	finding.Severity, finding.Rule, finding.Values = f.Rule.Severity, f.Rule.ID, f.Seen
	switch {
	case finding.Severity == event.Hold && byBureau:
		finding.Severity = event.Inform
	case finding.Severity == event.Hold:
		finding.ReleasedBy = cmp.Or(f.Rule.ReleasedBy, event.ByBureau)
	}
	return finding
}

// ruledSubmission is a submission as rules see it, together with what was accepted before.
type ruledSubmission struct {
	moment
	area     *catalogue.Area
	byBureau bool
	reason   string
	dataset  string
	read     []event.AcceptedObservation
	rows     []rowState
	states   []ledger.CellState

	good    []bool  // rows that nothing was wrong with before the rules
	periods periods // of these rows
	ordered bool    // rows are in the order of their cells
	places  map[ledger.Cell]int

	catalogue           *catalogue.Catalogue
	counted             bool // withdrawn and reported were counted
	withdrawn, reported int
	repeated            map[[2]catalogue.Period][2]int // what Repeated has counted
}

var _ rules.Figures = (*ruledSubmission)(nil)

// index prepares for looking rows up.
func (s *ruledSubmission) index() {
	s.good = make([]bool, len(s.read))
	s.ordered = ascending(s.read)
	if !s.ordered {
		s.places = make(map[ledger.Cell]int, len(s.read))
	}
	for i := range s.read {
		if s.good[i] = s.rows[i].mayCount() && !s.rows[i].silent; !s.good[i] {
			continue
		}
		s.periods.add(s.read[i].Period)
		if !s.ordered {
			s.places[ledger.CellOf(&s.read[i])] = i
		}
	}
}

// place returns the index of the good row that reports a cell.
func (s *ruledSubmission) place(cell ledger.Cell) (int, bool) {
	if !s.periods.has(cell.Period) {
		return 0, false
	}
	if !s.ordered {
		i, ok := s.places[cell]
		return i, ok
	}
	i := sort.Search(len(s.read), func(i int) bool { return ledger.CellOf(&s.read[i]).Compare(cell) >= 0 })
	return i, i < len(s.read) && s.good[i] && ledger.CellOf(&s.read[i]) == cell
}

// Figure returns the figure that the submission reports, or else the one in force.
func (s *ruledSubmission) Figure(indicator string, period catalogue.Period) (v catalogue.Value, submitted, ok bool) {
	cell := ledger.Cell{Indicator: indicator, Period: period}
	if i, ok := s.place(cell); ok {
		figure := ledger.FigureOf(&s.read[i])
		return figure.Value, true, figure.Counts()
	}
	figure, ok := s.moment.Figure(s.area.Code, cell)
	return figure.Value, false, ok
}

// InForce returns the figure in force of another area.
func (s *ruledSubmission) InForce(area, indicator string, period catalogue.Period) (catalogue.Value, bool) {
	figure, ok := s.moment.Figure(area, ledger.Cell{Indicator: indicator, Period: period})
	return figure.Value, ok
}

// Years returns years outside of which the area has no figure of an indicator, nor reports one.
func (s *ruledSubmission) Years(indicator string) catalogue.Years {
	return s.moment.Years(s.area.Code, indicator).And(s.periods.years())
}

// Periods returns the periods of a year outside of which the area has none, nor reports one.
func (s *ruledSubmission) Periods(indicator string, year int16) catalogue.PeriodSet {
	return s.moment.Periods(s.area.Code, indicator, year) | s.periods.of(year)
}

// Repeated returns how many telling figures of the submission for a period can be compared with those in
// another one, and how many of them are the same.
func (s *ruledSubmission) Repeated(period, in catalogue.Period) (same, compared int) {
	of := [2]catalogue.Period{period, in}
	counts, counted := s.repeated[of]
	if counted {
		return counts[0], counts[1]
	}
	for i := range s.read {
		o := &s.read[i]
		if !s.good[i] || o.Period != period || !ledger.FigureOf(o).Counts() || !rules.Telling(o.Value) {
			continue
		}
		if was, _, known := s.Figure(o.Indicator, in); known {
			if compared++; was == o.Value {
				same++
			}
		}
	}
	if s.repeated == nil {
		s.repeated = map[[2]catalogue.Period][2]int{}
	}
	s.repeated[of] = [2]int{same, compared}
	return same, compared
}

// Withdrawals returns how many figures in force the submission withdraws, or says not to be
// there any more, and how many the area has in force in the dataset for those periods.
func (s *ruledSubmission) Withdrawals() (withdrawn, reported int) {
	if s.counted {
		return s.withdrawn, s.reported
	}
	s.counted = true
	var periods []catalogue.Period
	for i := range s.read {
		if o := &s.read[i]; s.good[i] && s.states[i].Best.Counts() && !ledger.FigureOf(o).Counts() {
			s.withdrawn++
			if !slices.Contains(periods, o.Period) {
				periods = append(periods, o.Period)
			}
		}
	}
	for i := range s.catalogue.Indicators {
		ind := &s.catalogue.Indicators[i]
		if !slices.Contains(ind.Datasets, s.dataset) {
			continue
		}
		for _, period := range periods {
			if _, ok := s.moment.Figure(s.area.Code, ledger.Cell{Indicator: ind.ID, Period: period}); ok {
				s.reported++
			}
		}
	}
	return s.withdrawn, s.reported
}

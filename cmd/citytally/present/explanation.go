package present

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/tally"
)

// explainer prints one explanation as text.
type explainer struct {
	*Printer
	of    *answer.Explanation
	words *ExplainWords
}

// Explanation prints what a total follows from, as a tree, or as JSON.
func (p *Printer) Explanation(w io.Writer, e *answer.Explanation, format string) error {
	if format == FormatJSON {
		return JSON(w, e)
	}
	x := &explainer{Printer: p, of: e, words: &p.words().Explain}
	x.print(w)
	return nil
}

func (x *explainer) print(w io.Writer) {
	indicator, _ := x.Catalogue.Indicator(x.of.Indicator)
	fmt.Fprintf(w, "%s  %s\n", x.Indicator(x.of.Indicator), x.headline(indicator, &x.of.Level))
	for _, line := range x.facts(indicator) {
		fmt.Fprintf(w, "  %s\n", line)
	}
	fmt.Fprintln(w)
	x.level(&x.of.Level, x.periodName(x.of.Period)).print(w, "", "")
	if x.of.Base != nil {
		fmt.Fprintln(w)
		x.level(x.of.Base, fmt.Sprintf(x.words.BaseOf, x.periodName(x.of.Base.Period))).print(w, "", "")
	}
}

func (x *explainer) headline(indicator *catalogue.Indicator, l *answer.Level) string {
	if !l.Reported || l.Value == "" {
		return x.periodName(l.Period) + ": " + x.Printer.words().NoValue
	}
	value, exact := decimal.RequireFromString(l.Value), ""
	total := shown(indicator, value, l.Qualifier)
	if !decimal.RequireFromString(total.text).Equal(value) {
		exact = fmt.Sprintf(x.words.Unrounded, x.qualified(l.Value, l.Qualifier))
	}
	return fmt.Sprintf("%s: %s%s  %s", x.periodName(l.Period), x.exact(total.text, l.Unit, total.qualifier), exact, x.stage(l.Stage, l.Status))
}

// facts are the lines about the total as a whole.
func (x *explainer) facts(indicator *catalogue.Indicator) []string {
	words := x.words
	lines := x.definition(indicator)
	lines = append(lines, x.rule(indicator))
	verdict := words.NotPublishable
	if x.of.Publishable {
		verdict = words.Publishable
	}
	lines = append(lines, fmt.Sprintf(words.Coverage, x.of.Have, x.of.Expected, words.Policies[string(x.of.Policy)])+" → "+verdict, x.changed(indicator))
	for _, code := range slices.Sorted(maps.Keys(x.of.Recast)) {
		before := x.Areas(x.of.Recast[code])
		lines = append(lines, fmt.Sprintf(words.Recast, x.Area(code), cmp.Or(before, words.UnknownBefore)))
	}
	lines = append(lines, x.notes(x.of.Flags, x.of.Carried, false)...)
	if held := x.withHeld(&heldTotal{x.of.Indicator, x.of.Unit, x.of.Value, x.of.Qualifier, x.of.Change, x.of.ChangeKind, x.of.ChangeQualifier, x.of.Held}); held != "" {
		lines = append(lines, held)
	}
	for i := range x.of.Contradictions {
		lines = append(lines, x.contradiction(&x.of.Contradictions[i]))
	}
	lines = append(lines, fmt.Sprintf(words.Basis, x.of.Basis, x.of.Catalogue))
	if !x.of.Received.IsZero() {
		lines = append(lines, fmt.Sprintf(words.AsOf, x.Time(x.of.Received)))
	}
	return lines
}

// definition says what the indicator is, as far as the catalogue has it.
func (x *explainer) definition(indicator *catalogue.Indicator) (lines []string) {
	for _, said := range [...]struct{ pattern, text string }{{x.words.Meaning, indicator.Meaning}, {x.words.Population, indicator.Population}, {x.words.Source, indicator.Source}} {
		if said.text != "" {
			lines = append(lines, fmt.Sprintf(said.pattern, said.text))
		}
	}
	if validity := indicator.Validity(); validity != "" {
		lines = append(lines, fmt.Sprintf(x.words.Validity, validity))
	}
	for _, day := range indicator.Redefined {
		lines = append(lines, fmt.Sprintf(x.words.Redefined, day.Format(time.DateOnly)))
	}
	return lines
}

// contradiction tells the two values of one figure, each with what it is the sum of.
func (x *explainer) contradiction(c *answer.Contradiction) string {
	var ways [2]string
	for i, way := range c.Ways {
		text := way.Value + " ="
		for n, f := range way.Figures {
			switch {
			case f.Subtracted:
				text += " −"
			case n > 0:
				text += " +"
			}
			text += " " + x.periodName(f.Period)
			if f.Area != c.Area {
				text += " " + x.Area(f.Area)
			}
			text += " (" + f.Value + ", " + x.stage(f.Stage, "") + ")"
		}
		ways[i] = text
	}
	return fmt.Sprintf(x.words.Contradiction, x.Area(c.Area), x.Indicator(c.Indicator), ways[0], ways[1])
}

func (x *explainer) rule(indicator *catalogue.Indicator) string {
	switch x.of.Rule {
	case catalogue.RatioRule:
		factor := ""
		if x.of.Factor != 1 {
			factor = fmt.Sprintf(" × %d", x.of.Factor)
		}
		return fmt.Sprintf(x.words.RatioRule, x.Indicator(indicator.Numerator), x.Indicator(indicator.Denominator), factor)
	case catalogue.DistinctRule:
		return fmt.Sprintf(x.words.DistinctRule, x.Indicator(indicator.ID), x.words.ClaimRules[string(indicator.CountsFor)])
	case catalogue.CityRule:
		return fmt.Sprintf(x.words.CityRule, x.Indicator(indicator.ID))
	}
	return fmt.Sprintf(x.words.SumRule, x.Indicator(indicator.ID))
}

// changed tells the change on the year before, the base, and the absolute change.
func (x *explainer) changed(indicator *catalogue.Indicator) string {
	e, base := x.of, x.base(x.of.Period)
	if e.Change == "" {
		why := e.ChangeReason
		common := x.Printer.words()
		return fmt.Sprintf(x.words.NoChange, base.On, cmp.Or(x.noChange(e.Period, why, e.Value, e.ChangeAreas, e.Missing), common.NoValue), cmp.Or(why, tally.ValueMissing))
	}
	absolute := x.exact(e.ChangeAbsolute, e.Unit, e.ChangeQualifier)
	if e.ChangeKind == string(catalogue.Point) {
		absolute = x.qualified(x.change(nil, e.Change, e.ChangeKind, ""), e.ChangeQualifier)
	}
	return fmt.Sprintf(x.words.Change, base.On, x.change(indicator, e.Change, e.ChangeKind, e.ChangeQualifier), base.Name, x.exact(e.Base.Value, e.Base.Unit, e.Base.Qualifier), absolute)
}

func (x *explainer) level(l *answer.Level, title string) *node {
	top := &node{lines: []string{title}}
	for i := range l.Sums {
		top.children = append(top.children, x.sum(&l.Sums[i]))
	}
	switch {
	case !l.Reported:
		top.lines = append(top.lines, x.words.NobodyReported)
	case len(l.Missing) > 0:
		top.children = append(top.children, &node{lines: []string{fmt.Sprintf(x.words.Missing, x.Areas(l.Missing))}})
	default:
		top.children = append(top.children, &node{lines: []string{x.words.NoneMissing}})
	}
	for i := range l.Refused {
		top.children = append(top.children, x.refused(&l.Refused[i]))
	}
	return top
}

// refused tells a figure of a missing area that was refused, what was wrong, and
// where it came from.
func (x *explainer) refused(r *answer.RefusedFigure) *node {
	f := &r.Finding
	head := fmt.Sprintf(x.words.Refused, r.Area+" "+x.Area(r.Area), x.Indicator(r.Indicator))
	if f.Seen != "" {
		head += "  " + f.Seen
	}
	from := fmt.Sprintf("#%d %s", r.Sequence, r.Submission)
	if f.Row > 0 {
		from = fmt.Sprintf(x.words.Row, f.Row) + " · " + from
	}
	if r.File != "" {
		from = r.File + " " + from
	}
	return &node{lines: []string{head, x.Language.Choose(f.MessageZH, f.MessageEN) + " (" + f.Code + ")", from + " · " + fmt.Sprintf(x.words.Received, x.Time(r.ReceivedAt))}}
}

func (x *explainer) sum(s *answer.Sum) *node {
	pattern := map[answer.Role]string{
		answer.NumeratorRole: x.words.Numerator, answer.DenominatorRole: x.words.Denominator, answer.WholeRole: x.words.Total,
	}[s.Role]
	n := &node{lines: []string{fmt.Sprintf(pattern, x.Indicator(s.Indicator), x.exact(s.Value, s.Unit, ""))}}
	for i := range s.Parts {
		n.children = append(n.children, x.part(&s.Parts[i], s.Unit))
	}
	for i := range s.Excluded {
		p := &s.Excluded[i]
		child := x.part(p, s.Unit)
		because := x.words.Excluded[p.Because]
		if strings.Contains(because, "%s") {
			because = fmt.Sprintf(because, x.Area(p.Host))
		}
		child.lines = slices.Insert(child.lines, 1, because)
		n.children = append(n.children, child)
	}
	for i := range s.Claims {
		c := &s.Claims[i]
		n.children = append(n.children, &node{lines: []string{fmt.Sprintf(x.words.Claimed, c.Name, c.Entity, x.Areas(c.Areas), x.Area(c.CountsFor))}})
	}
	if s.ClaimsOmitted > 0 {
		n.children = append(n.children, &node{lines: []string{fmt.Sprintf(x.words.MoreClaimed, s.ClaimsOmitted)}})
	}
	for i := range s.Holds {
		n.children = append(n.children, x.hold(&s.Holds[i]))
	}
	return n
}

func (x *explainer) part(p *answer.ExplainedPart, unit string) *node {
	sign := ""
	if p.Subtracted {
		sign = x.words.Subtracted
	}
	n := &node{lines: []string{p.Area + " " + x.Area(p.Area) + "  " + sign + x.figure(&p.ExplainedFigure, unit)}}
	n.lines = append(n.lines, x.provenance(&p.ExplainedFigure))
	for _, extra := range [...]struct{ pattern, text string }{{x.words.Raw, p.Raw}, {x.words.Note, p.Note}, {x.words.Reason, p.Reason}} {
		if extra.text != "" {
			n.lines = append(n.lines, fmt.Sprintf(extra.pattern, extra.text))
		}
	}
	if l := p.List; l != nil {
		n.lines = append(n.lines, fmt.Sprintf(x.words.OnList, l.InForce, l.Valid, l.Counted))
		if l.Earlier > 0 {
			n.lines = append(n.lines, fmt.Sprintf(x.words.OnEarlierList, l.Earlier, x.earlierEntities(l)))
		}
	}
	if len(p.ConfirmedBy) > 0 {
		n.lines = append(n.lines, fmt.Sprintf(x.words.Confirmed, x.provenance(&p.ConfirmedBy[0])))
	}
	for i := range p.Superseded {
		s := &p.Superseded[i]
		n.lines = append(n.lines, fmt.Sprintf(x.words.Superseded, x.figure(s, unit)+" · "+x.provenance(s)))
	}
	return n
}

// earlierEntities names entities of an area's earlier lists, the first few of them.
func (x *explainer) earlierEntities(l *answer.ExplainedList) string {
	const most = 5
	var names []string
	for i := range l.EarlierEntities[:min(len(l.EarlierEntities), most)] {
		e := &l.EarlierEntities[i]
		names = append(names, fmt.Sprintf("%s %s (#%d)", e.Name, e.Entity, e.Sequence))
	}
	if l.Earlier > most {
		names = append(names, "…")
	}
	return strings.Join(names, x.Printer.words().List)
}

// figure tells a figure with its stage, and with its period where that is not the
// period of the total or of its base.
func (x *explainer) figure(f *answer.ExplainedFigure, unit string) string {
	text := x.exact(f.Value, cmp.Or(f.Unit, unit), f.Qualifier) + "  " + x.stage(f.Stage, f.Status)
	if f.Period != x.of.Period && (x.of.Base == nil || f.Period != x.of.Base.Period) {
		text += "  " + fmt.Sprintf(x.words.OfPeriod, x.periodName(f.Period))
	}
	return text
}

// provenance says where a figure came from: file and row, submission, sender, time.
func (p *Printer) provenance(f *answer.ExplainedFigure) string {
	words := &p.words().Explain
	var place []string
	if f.File != "" {
		place = append(place, f.File)
	}
	if f.Row > 0 {
		place = append(place, fmt.Sprintf(words.Row, f.Row))
	}
	var facts []string
	if len(place) > 0 {
		facts = append(facts, strings.Join(place, " "))
	}
	facts = append(facts, fmt.Sprintf("%s #%d %s", f.Dataset, f.Sequence, f.Submission))
	if f.Via != "" {
		facts = append(facts, fmt.Sprintf(words.Via, cmp.Or(words.Channels[f.Via], f.Via)))
	}
	if f.By != "" {
		facts = append(facts, fmt.Sprintf(words.By, f.By))
	}
	if f.OnBehalf {
		facts = append(facts, words.OnBehalf)
	}
	facts = append(facts, fmt.Sprintf(words.Received, p.Time(f.ReceivedAt)))
	if !f.ReleasedAt.IsZero() {
		facts = append(facts, fmt.Sprintf(words.ReleasedAt, p.Time(f.ReleasedAt)))
	}
	return strings.Join(facts, " · ")
}

// exact is a figure unrounded, as it was reported or computed, with its unit, which Chinese
// writes without a space.
func (p *Printer) exact(value, unit, qualifier string) string {
	switch {
	case value == "":
		return p.words().NoValue
	case p.Language == Chinese:
		return p.qualified(value+catalogue.ParseUnit(unit).Written(), qualifier)
	}
	return p.qualified(amountInEnglish(value, unit), qualifier)
}

// stage is a figure's stage with its status.
func (p *Printer) stage(stage, status string) string {
	return strings.TrimSpace(p.words().Stages[stage] + " " + status)
}

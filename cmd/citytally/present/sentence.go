package present

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/tally"
)

// Sentence tells a total in one sentence, with its change on the year before and the
// areas that it lacks.
func (p *Printer) Sentence(period string, row *sink.ReportRow) string {
	indicator, ok := p.Catalogue.Indicator(row.Indicator)
	if !ok {
		indicator = &catalogue.Indicator{ID: row.Indicator, NameZH: row.Indicator, NameEN: row.Indicator}
	}
	words, name := &p.words().Sentence, p.title(indicator.NameZH, indicator.NameEN)
	if row.Value == "" {
		return fmt.Sprintf(words.NoTotal, name, p.gaps(row))
	}
	levels := words.Levels
	if row.Qualifier != "" {
		levels = words.QualifiedLevels // 预计近40亿元, not 预计达近40亿元
	}
	return fmt.Sprintf(words.Total, name, fill(levels, row.Stage, p.Figure(row)), p.changeClause(period, indicator, row), p.gaps(row))
}

// Figure returns a total's value, rounded for display, with its unit and qualifier.
func (p *Printer) Figure(row *sink.ReportRow) string {
	if row.Value == "" {
		return "—"
	}
	return p.amount(row.Indicator, decimal.RequireFromString(row.Value), row.Unit, row.Qualifier)
}

// amount returns a figure of an indicator, rounded for display, with its unit and
// qualifier.
func (p *Printer) amount(indicator string, value decimal.Decimal, unit, qualifier string) string {
	figure := p.digits(indicator, value, qualifier)
	return p.exact(figure.text, unit, figure.qualifier)
}

// digits returns a figure of an indicator, rounded for display, without its unit.
func (p *Printer) digits(indicator string, value decimal.Decimal, qualifier string) rounded {
	if ind, ok := p.Catalogue.Indicator(indicator); ok {
		return shown(ind, value, qualifier)
	}
	return rounded{value.String(), qualifier}
}

// changeClause tells the change on the year before, or why there is none.
func (p *Printer) changeClause(period string, indicator *catalogue.Indicator, row *sink.ReportRow) string {
	words, base := &p.words().Sentence, p.base(period)
	if row.Change == "" {
		detail, why := "", row.ChangeReason
		switch {
		case row.ChangeReason == tally.SignChange:
			detail = p.words().Turned(row.Value)
		default:
			detail = p.because(why, row.ChangeAreas, row.Coverage.Missing)
		}
		reason := fillReason(words.NoRate[why], base.Name, detail)
		if row.ChangeReason == tally.BaseNegative || row.ChangeReason == tally.SignChange {
			return p.amountClause(base, row) + reason
		}
		return reason
	}
	start := p.words().Comma + words.Expected[row.Stage]
	change := decimal.RequireFromString(row.Change)
	size, points := roundSize(indicator, change, row.ChangeQualifier), row.ChangeKind == string(catalogue.Point)
	pattern := words.PercentDown
	switch {
	case change.IsZero() && size.qualifier == "":
		return start + fmt.Sprintf(words.Unchanged, base.Name)
	case decimal.RequireFromString(size.text).IsZero():
		return start + fmt.Sprintf(words.AlmostUnchanged, base.Name)
	case points && change.IsPositive():
		pattern = words.PointsUp
	case points:
		pattern = words.PointsDown
	case change.IsPositive():
		pattern = words.PercentUp
	}
	return start + fmt.Sprintf(pattern, base.On, p.qualified(size.text, size.qualifier))
}

// because names the areas because of which there is no change, but for those that the same text
// names as missing from the total; "" where there are none.
func (p *Printer) because(reason string, areas, missing []string) string {
	if reason == tally.MissingMember {
		areas = slices.DeleteFunc(slices.Clone(areas), func(area string) bool { return slices.Contains(missing, area) })
	}
	if len(areas) == 0 || reason == tally.SignChange {
		return ""
	}
	return p.words().Colon + p.Areas(areas)
}

// fillReason fills in why there is no change; a reason may say nothing of what is filled in.
func fillReason(reason string, filledIn ...any) string {
	if !strings.Contains(reason, "%") {
		return reason
	}
	return fmt.Sprintf(reason, filledIn...)
}

// noChange says in a word why there is no change, and because of which areas, but for those that the
// same text names as missing.
func (p *Printer) noChange(period, reason, value string, areas, missing []string) string {
	text := p.words().WhyNone(p.base(period), reason, value)
	if text == "" {
		return ""
	}
	return text + p.because(reason, areas, missing)
}

// amountClause tells an absolute change.
func (p *Printer) amountClause(base *BaseWords, row *sink.ReportRow) string {
	if row.ChangeAbsolute == "" {
		return ""
	}
	words := &p.words().Sentence
	difference := decimal.RequireFromString(row.ChangeAbsolute)
	size := p.amount(row.Indicator, difference.Abs(), row.Unit, roundSize(nil, difference, row.ChangeQualifier).qualifier)
	switch difference.Sign() {
	case 1:
		return p.words().Comma + fmt.Sprintf(words.AmountUp, base.On, size)
	case -1:
		return p.words().Comma + fmt.Sprintf(words.AmountDown, base.On, size)
	}
	return p.words().Comma + fmt.Sprintf(words.Unchanged, base.Name)
}

// gaps says which areas a total lacks, and whether it may be published so.
func (p *Printer) gaps(row *sink.ReportRow) string {
	words := p.words()
	notes := p.notes(row.Flags, row.Carried, true)
	if row.Coverage.Have < row.Coverage.Expected {
		notes = append([]string{p.coverage(row)}, notes...)
	}
	if held := p.withHeld(heldOfRow(row)); held != "" {
		notes = append(notes, held)
	}
	if len(notes) == 0 {
		return ""
	}
	if !row.Publishable {
		notes = append(notes, words.NotForPublication)
	}
	return fmt.Sprintf(words.Sentence.Gaps, strings.Join(notes, words.Clause))
}

// notes are what is special about a total. Grave leaves out that figures were derived,
// which is no reason for doubt.
func (p *Printer) notes(flags, carried []string, grave bool) (notes []string) {
	words := p.words()
	for _, flag := range flags {
		if grave && flag == event.Derived {
			continue
		}
		notes = append(notes, cmp.Or(words.Flags[flag], flag))
	}
	if len(carried) > 0 {
		notes = append(notes, fmt.Sprintf(words.Carried, p.Areas(carried)))
	}
	return notes
}

// coverage says how many areas a total has, and which it lacks.
func (p *Printer) coverage(row *sink.ReportRow) string {
	words := p.words()
	text := fmt.Sprintf(words.Coverage, row.Coverage.Have, row.Coverage.Expected)
	if len(row.Coverage.Missing) > 0 {
		text += words.Clause + fmt.Sprintf(words.MissingInText, p.Areas(row.Coverage.Missing))
	}
	return text
}

// signedChange returns the change with its sign, for a cell of the page, or in a word
// why there is none. A total without a value has neither.
func (p *Printer) signedChange(period string, row *sink.ReportRow) string {
	words := p.words()
	indicator, ok := p.Catalogue.Indicator(row.Indicator)
	if row.Change == "" || !ok {
		if row.ChangeReason == tally.ValueMissing {
			return ""
		}
		return p.noChange(period, row.ChangeReason, row.Value, row.ChangeAreas, row.Coverage.Missing)
	}
	change := decimal.RequireFromString(row.Change)
	size := roundSize(indicator, change, row.ChangeQualifier)
	text := map[int]string{1: "+", -1: "-"}[change.Sign()] + size.text
	if size.qualifier != "" {
		text = p.direction(change, p.qualified(size.text, size.qualifier))
	}
	if row.ChangeKind == string(catalogue.Point) {
		return fmt.Sprintf(words.Points, text)
	}
	return fmt.Sprintf(words.Percent, text)
}

package present

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/tally"
)

// Sentence tells a total in one sentence, with its change on the year before and the
// areas that it lacks.
func (p *Printer) Sentence(row *sink.ReportRow) string {
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
	return fmt.Sprintf(words.Total, name, fill(levels, row.Stage, p.Figure(row)), p.changeClause(indicator, row), p.gaps(row))
}

// Figure returns a total's value, rounded for display, with its unit and qualifier.
func (p *Printer) Figure(row *sink.ReportRow) string {
	if row.Value == "" {
		return "—"
	}
	return p.qualified(p.amount(row.Indicator, row.Value, row.Unit), row.Qualifier)
}

// amount returns a figure of an indicator, rounded for display, with its unit.
func (p *Printer) amount(indicator, value, unit string) string {
	figure := p.digits(indicator, value)
	if p.Language == Chinese {
		return figure + unit
	}
	return amountInEnglish(figure, unit)
}

// digits returns a figure of an indicator, rounded for display, without its unit.
func (p *Printer) digits(indicator, value string) string {
	figure := decimal.RequireFromString(value)
	if ind, ok := p.Catalogue.Indicator(indicator); ok {
		return ind.Display(figure, ind.Decimals)
	}
	return figure.String()
}

// roundedChange is a total's change, rounded for display.
type roundedChange struct {
	size   string // without its sign
	sign   int    // before rounding
	zero   bool   // the size is zero
	points bool   // in percentage points, not in percent
}

func roundChange(indicator *catalogue.Indicator, row *sink.ReportRow) roundedChange {
	exact := decimal.RequireFromString(row.Change)
	size := indicator.Display(exact.Abs(), indicator.ChangeDecimals)
	return roundedChange{
		size: size, sign: exact.Sign(), zero: decimal.RequireFromString(size).IsZero(), points: row.ChangeKind == string(catalogue.Point),
	}
}

// changeClause tells the change on the year before, or why there is none.
func (p *Printer) changeClause(indicator *catalogue.Indicator, row *sink.ReportRow) string {
	words := &p.words().Sentence
	if row.Change == "" {
		reason := words.NoRate[row.ChangeReason]
		if row.ChangeReason == tally.BaseNegative {
			return p.amountClause(row) + reason
		}
		return reason
	}
	start := p.words().Comma + words.Expected[row.Stage]
	c := roundChange(indicator, row)
	pattern := words.PercentDown
	switch {
	case c.sign == 0:
		return start + words.Unchanged
	case c.zero:
		return start + words.AlmostUnchanged
	case c.points && c.sign > 0:
		pattern = words.PointsUp
	case c.points:
		pattern = words.PointsDown
	case c.sign > 0:
		pattern = words.PercentUp
	}
	return start + fmt.Sprintf(pattern, c.size)
}

// amountClause tells an absolute change.
func (p *Printer) amountClause(row *sink.ReportRow) string {
	if row.ChangeAbsolute == "" {
		return ""
	}
	words := &p.words().Sentence
	difference := decimal.RequireFromString(row.ChangeAbsolute)
	size := p.amount(row.Indicator, difference.Abs().String(), row.Unit)
	switch difference.Sign() {
	case 1:
		return p.words().Comma + fmt.Sprintf(words.AmountUp, size)
	case -1:
		return p.words().Comma + fmt.Sprintf(words.AmountDown, size)
	}
	return p.words().Comma + words.Unchanged
}

// gaps says which areas a total lacks, and whether it may be published so.
func (p *Printer) gaps(row *sink.ReportRow) string {
	words := p.words()
	if len(row.Coverage.Missing) == 0 {
		return ""
	}
	text := p.coverage(row)
	if !row.Publishable {
		text += words.Clause + words.NotForPublication
	}
	return fmt.Sprintf(words.Sentence.Gaps, text)
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
func (p *Printer) signedChange(row *sink.ReportRow) string {
	words := p.words()
	indicator, ok := p.Catalogue.Indicator(row.Indicator)
	if row.Change == "" || !ok {
		if row.ChangeReason == tally.ValueMissing {
			return ""
		}
		return words.NoChange[row.ChangeReason]
	}
	c := roundChange(indicator, row)
	pattern := words.Percent
	if c.points {
		pattern = words.PointsInText
	}
	return fmt.Sprintf(pattern, map[int]string{1: "+", -1: "−"}[c.sign]+c.size)
}

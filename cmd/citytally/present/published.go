package present

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/transform/answer/published"
)

// PublishedComparison is how the totals of a period compare with the figures that
// were published. Basis is the highest sequence of ACCEPTED folded into the totals,
// and Catalogue the version under which that was.
type PublishedComparison struct {
	Period string `json:"period"`
	// Release and AsOf say what the totals are, where they are not the latest.
	Release     string                 `json:"release,omitempty"`
	AsOf        time.Time              `json:"as_of,omitzero"`
	Control     string                 `json:"control"`
	Basis       uint64                 `json:"basis"`
	Catalogue   string                 `json:"catalogue"`
	Compared    int                    `json:"compared"`
	Explained   int                    `json:"explained"`
	Unexplained int                    `json:"unexplained"`
	Comparisons []published.Comparison `json:"comparisons"`
	Findings    []published.Finding    `json:"findings"`
}

// Published prints a comparison with published figures as JSON or as a table: of what
// disagrees, or of all. Below the table is what the published figures say of one
// another.
func (p *Printer) Published(w io.Writer, c *PublishedComparison, format string, all bool) error {
	if format == FormatJSON {
		return JSON(w, c)
	}
	words := &p.words().Published
	fmt.Fprintf(w, words.Summary+"\n", c.Period, c.Control, c.Compared, c.Compared-c.Explained-c.Unexplained, c.Explained, c.Unexplained)
	fmt.Fprintf(w, words.Basis+"\n", c.Basis, c.Catalogue)
	if all || c.Explained+c.Unexplained > 0 {
		fmt.Fprintln(w)
		t := NewTable(w, table.Row{p.words().Indicator, words.Published, words.Interval, words.Total, words.Verdict}, 2, 4)
		for i := range c.Comparisons {
			if comparison := &c.Comparisons[i]; all || comparison.Agreement != published.Agrees {
				t.AppendRow(p.comparisonRow(comparison))
			}
		}
		t.Render()
	}
	p.publishedFindings(w, words.Irreproducible, c.Findings, true)
	p.publishedFindings(w, words.Consequences, c.Findings, false)
	return nil
}

func (p *Printer) comparisonRow(c *published.Comparison) table.Row {
	words := &p.words().Published
	name := p.Indicator(c.Indicator)
	switch c.Item {
	case published.Change:
		name = fmt.Sprintf(words.Change, name)
	case published.Within:
		name = fmt.Sprintf(words.Implied, name)
	}
	verdict := words.Agreements[c.Agreement]
	if c.Explained != "" {
		verdict = fmt.Sprintf(words.Explained, verdict)
	}
	if stages := p.words().Stages; c.Stage != "" {
		verdict += fmt.Sprintf(words.OtherStage, stages[c.Stage], stages[c.TotalStage])
	}
	return table.Row{name, p.qualified(c.Published, c.Qualifier), c.Interval.String(), comparedTotal(c), verdict}
}

// comparedTotal returns a total with at most three decimal places more than the
// published figure, which shows which way that was rounded.
func comparedTotal(c *published.Comparison) string {
	if c.Total == "" {
		return "—"
	}
	total := decimal.RequireFromString(c.Total)
	if published, err := decimal.NewFromString(c.Published); err == nil && -total.Exponent() > -published.Exponent()+3 {
		return total.Round(-published.Exponent() + 3).String()
	}
	return total.String()
}

func (p *Printer) publishedFindings(w io.Writer, heading string, findings []published.Finding, irreproducible bool) {
	for i := range findings {
		f := &findings[i]
		if f.Irreproducible != irreproducible {
			continue
		}
		if heading != "" {
			fmt.Fprintf(w, "\n%s\n", heading)
			heading = ""
		}
		fmt.Fprintf(w, "  %s%s%s\n", p.Indicator(f.Indicator), p.words().Colon, p.Language.Choose(f.ZH, f.EN))
	}
}

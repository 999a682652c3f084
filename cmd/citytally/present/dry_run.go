package present

import (
	"cmp"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/inquiry"
)

// DryRunWords are those of what would become of an upload.
type DryRunWords struct {
	// Nothing says that nothing was stored; it is a format of the place in the log.
	Nothing string
	// Totals heads the totals that would move, NoTotals says that none would. Without names
	// the place of a total that is not there.
	Totals, NoTotals, Without, Omitted string
	Total, From, To                    string
	// Send asks whether to send the file that was shown, SendUnseen where that could not be; NotSent says that nothing
	// of it would be taken.
	Send, SendUnseen, NotSent string
	// WithHeld is a format of what a total would be with the figures that are held.
	WithHeld string
}

// DryRun prints what would become of an upload, with the names of indicators by id.
func DryRun(w io.Writer, d *ingest.DryRun, names map[string]string, l Language) {
	words := &l.Words().DryRun
	var receipts []ingest.Receipt
	for i := range d.Verdicts {
		v := &d.Verdicts[i]
		receipts = append(receipts, ingest.Receipt{
			ID: v.Submission, Area: v.Area, Dataset: v.Dataset, File: v.File, Rows: v.Rows + v.Silent, Part: v.Part, Status: string(v.Outcome), Verdict: v,
		})
	}
	for i, r := range ingest.Merge(receipts) {
		if i == 0 {
			r.Understood = d.Understood
		}
		Receipt(w, &r, names, l)
	}
	if len(d.Totals) == 0 {
		fmt.Fprintf(w, "%s\n", words.NoTotals)
	} else {
		t := NewTable(w, table.Row{words.Total, words.From, words.To})
		for i := range min(len(d.Totals), shownTotals) {
			c := &d.Totals[i]
			t.AppendRow(table.Row{cellName(names, c.Indicator, c.Period, l), totalInWords(c.From, c.Unit, l), totalInWords(c.To, c.Unit, l)})
		}
		fmt.Fprintf(w, "%s\n", words.Totals)
		t.Render()
	}
	if n := d.TotalsOmitted + max(0, len(d.Totals)-shownTotals); n > 0 {
		fmt.Fprintf(w, words.Omitted+"\n", n)
	}
	fmt.Fprintf(w, words.Nothing+"\n", d.Basis)
}

// shownTotals is how many totals are printed.
const shownTotals = 30

// changeDecimals is how many decimals a change is shown with.
const changeDecimals = 2

// totalInWords returns a total with its stage, its change on the year before and how many
// areas it has.
func totalInWords(t *inquiry.Total, unit string, l Language) string {
	words := l.Words()
	if t == nil {
		return words.DryRun.Without
	}
	text := words.Receipt.NoFigure
	if t.Value != "" {
		if unit == "1" {
			unit = ""
		}
		text = fill(words.Qualifiers, t.Qualifier, t.Value) + unit
	}
	text += " " + words.Stages[t.Stage]
	if change, err := decimal.NewFromString(t.Change); err == nil {
		format := words.Percent
		if t.ChangeKind == string(catalogue.Point) {
			format = words.Points
		}
		rounded, qualifier := change.Round(changeDecimals), t.ChangeQualifier
		if qualifier != "" && !rounded.Equal(change) {
			qualifier = catalogue.About.String()
		}
		size := rounded.String()
		if change.IsPositive() {
			size = "+" + size
		}
		text += " " + fill(words.Qualifiers, qualifier, fmt.Sprintf(format, size))
	}
	text = fmt.Sprintf("%s  %d/%d", text, t.Have, t.Expected)
	if t.Held != nil {
		text += words.Comma + fmt.Sprintf(words.DryRun.WithHeld, fill(words.Qualifiers, t.Held.Qualifier, cmp.Or(t.Held.Value, words.NoValue)))
	}
	return text
}

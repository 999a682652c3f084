package present

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/token"
	"github.com/citytally/citytally/sink"
)

// HoldWords are those of figures that are held.
type HoldWords struct {
	List table.Row
	// None says that nothing is held; Omitted is a format of how many are not listed.
	None, Omitted string
	// States name what has become of a held figure, Releasers who releases it.
	States    map[string]string
	Releasers map[event.Releaser]string
	// Held heads one: its id, area, indicator and period, figure and state. InForce tells the
	// figure in force, Listed how many rows of a list are held and whose, TakenOff is the word behind one that
	// takes an entity off the list, From its submission and row, Because a finding, and Successor the place
	// of what superseded it. Explained, Released and Refused tell by whom, when and what; ByExplaining
	// an explanation that released the figure.
	Held, Listed, TakenOff, AndOthers, InForce, From, Because, Successor, Explained, Released, ByExplaining, Refused string
	// ByNow is a format of what has become of a submission's held rows; DecidedBy and DecidedWhy head
	// who decided, or is to, and why.
	ByNow, DecidedBy, DecidedWhy string
	// WithHeld says of a total what it would be with what is held: how many figures, whose,
	// the total without them and with them; HeldAlone of one that has no figure without them.
	WithHeld, HeldAlone string
}

// Holds prints held figures as a table or as JSON.
func (p *Printer) Holds(w io.Writer, holds *inquiry.Holds, format string) error {
	if format == FormatJSON {
		return JSON(w, holds)
	}
	words := &p.words().Hold
	if len(holds.Holds) == 0 {
		_, err := fmt.Fprintln(w, words.None)
		return err
	}
	t := NewTable(w, words.List)
	for i := range holds.Holds {
		h := &holds.Holds[i]
		said := ""
		if n := len(h.Explanations); n > 0 {
			said = h.Explanations[n-1].Text
		}
		if h.Decision != nil {
			said = h.Decision.Text
		}
		t.AppendRow(table.Row{
			h.ID, words.States[h.State], p.Area(h.Area), p.Indicator(h.Indicator), p.periodName(h.Period), p.saidWithUnit(&h.Said, h.Unit), p.saidWithUnit(h.InForce, h.Unit),
			words.Releasers[h.Releaser], p.codes(h), said,
		})
	}
	t.Render()
	if holds.HoldsOmitted > 0 {
		fmt.Fprintf(w, words.Omitted+"\n", holds.HoldsOmitted)
	}
	return nil
}

// WholeHolds prints each of held figures with everything about it.
func (p *Printer) WholeHolds(w io.Writer, holds []inquiry.Hold) {
	for i := range holds {
		lines := p.wholeHold(&holds[i])
		fmt.Fprintf(w, "%s\n  %s\n", lines[0], strings.Join(lines[1:], "\n  "))
	}
}

// hold tells a figure that is or was held, below the sum that it would be a part of.
func (x *explainer) hold(h *inquiry.Hold) *node { return &node{lines: x.wholeHold(h)} }

// wholeHold tells everything about a held figure, in lines.
func (p *Printer) wholeHold(h *inquiry.Hold) []string {
	words := &p.words().Hold
	lines := []string{
		fmt.Sprintf(words.Held, h.ID, p.Area(h.Area), p.Indicator(h.Indicator), p.periodName(h.Period), p.saidWithUnit(&h.Said, h.Unit), words.States[h.State], words.Releasers[h.Releaser]),
	}
	if h.Listed != nil {
		lines = append(lines, p.heldList(h.Listed))
	}
	if h.InForce != nil {
		lines = append(lines, fmt.Sprintf(words.InForce, p.saidWithUnit(h.InForce, h.Unit)))
	}
	lines = append(lines, strings.TrimSpace(fmt.Sprintf(words.From, h.Submission, h.Row, p.Time(h.ReceivedAt), h.File)))
	for _, f := range h.Findings {
		lines = append(lines, fmt.Sprintf(words.Because, f.Code, p.Language.Choose(f.MessageZH, f.MessageEN)))
	}
	explained := h.Decision != nil && h.Decision.Person.Role == string(token.District)
	for _, s := range h.Explanations {
		if explained && s.Sequence == h.Decision.Sequence {
			continue // it is the decision
		}
		lines = append(lines, fmt.Sprintf(words.Explained, s.Person.Name, p.Time(s.At), s.Text))
	}
	if h.Decision != nil {
		pattern := words.Released
		switch {
		case h.State == string(event.Refused):
			pattern = words.Refused
		case explained:
			pattern = words.ByExplaining
		}
		lines = append(lines, fmt.Sprintf(pattern, h.Decision.Person.Name, p.Time(h.Decision.At), h.Decision.Text))
	}
	if h.Successor != 0 {
		lines = append(lines, fmt.Sprintf(words.Successor, h.Successor))
	}
	return lines
}

// heldList tells how many rows of a list are held, and whose they are.
func (p *Printer) heldList(of *inquiry.HeldList) string {
	words, names := &p.words().Hold, []string(nil)
	for _, e := range of.Entities {
		name := e.Name + " " + e.Code
		if e.Withdrawn {
			name += words.TakenOff
		}
		names = append(names, strings.TrimSpace(name))
	}
	more := ""
	if of.Rows > len(of.Entities) {
		more = words.AndOthers
	}
	return fmt.Sprintf(words.Listed, of.Rows, strings.Join(names, p.words().List), more)
}

func (p *Printer) codes(h *inquiry.Hold) string {
	var all []string
	for _, f := range h.Findings {
		all = append(all, f.Code)
	}
	return strings.Join(all, " ")
}

// saidWithUnit returns what was said for a cell, with its unit; "" where nothing was.
func (p *Printer) saidWithUnit(s *event.Said, unit string) string {
	if s == nil {
		return ""
	}
	if s.Value == "" {
		return cmp.Or(s.Status, p.words().NoValue)
	}
	return p.exact(s.Value, unit, s.Qualifier)
}

// heldTotal is a total as it counts now, and what it would be with the figures that are held.
type heldTotal struct {
	indicator, unit, value, qualifier, change, changeKind, changeQualifier string
	held                                                                   *event.TotalWithHeld
}

func heldOfTotal(indicator string, t *event.Total) *heldTotal {
	return &heldTotal{indicator, t.Unit, t.Value, t.Qualifier, t.Change, t.ChangeKind, t.ChangeQualifier, t.Held}
}

func heldOfRow(r *sink.ReportRow) *heldTotal {
	return &heldTotal{r.Indicator, r.Unit, r.Value, r.Qualifier, r.Change, r.ChangeKind, r.ChangeQualifier, r.Held}
}

// withHeld says what a total is without the figures that are held and would be with them, with
// the changes where these differ; "" where none is held.
func (p *Printer) withHeld(t *heldTotal) string {
	if t.held == nil {
		return ""
	}
	now, would := p.words().NoValue, p.words().NoValue
	indicator, known := p.Catalogue.Indicator(t.indicator)
	text := func(value, qualifier string, least int) string {
		exact := decimal.RequireFromString(value)
		shown := p.digits(t.indicator, exact, qualifier)
		if known && least > indicator.Decimals {
			shown.text = indicator.Display(exact, max(least, indicator.DisplayDecimals(exact)))
		}
		return p.exact(shown.text, t.unit, shown.qualifier)
	}
	for places := 0; places <= catalogue.QuotientDecimals; places++ {
		if t.value != "" {
			now = text(t.value, t.qualifier, places)
		}
		if t.held.Value != "" {
			would = text(t.held.Value, t.held.Qualifier, places)
		}
		if now != would || t.value == "" || t.held.Value == "" || decimal.RequireFromString(t.value).Equal(decimal.RequireFromString(t.held.Value)) {
			break // else both read alike and are not
		}
	}
	if (t.change != t.held.Change || t.changeQualifier != t.held.ChangeQualifier) && known {
		if t.change != "" {
			now += fmt.Sprintf(p.words().Sentence.Gaps, p.change(indicator, t.change, t.changeKind, t.changeQualifier))
		}
		if t.held.Change != "" {
			would += fmt.Sprintf(p.words().Sentence.Gaps, p.change(indicator, t.held.Change, t.changeKind, t.held.ChangeQualifier))
		}
	}
	whose := cmp.Or(p.Areas(t.held.Areas), strings.Join(t.held.Holds, p.words().List)) // of the base, it may make no area's figure
	if t.value == "" {
		return fmt.Sprintf(p.words().Hold.HeldAlone, len(t.held.Holds), whose, would)
	}
	return fmt.Sprintf(p.words().Hold.WithHeld, len(t.held.Holds), whose, now, would)
}

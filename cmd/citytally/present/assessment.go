package present

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/answer/assess"
)

// Assessment is the result of a scorecard, and the figures that it was computed from.
type Assessment struct {
	Card   *assess.Card `json:"card"`
	Period string       `json:"period"`
	// Release and AsOf say which figures were used, where they were not the latest.
	// Basis is the highest sequence of ACCEPTED among them.
	Release   string    `json:"release,omitempty"`
	AsOf      time.Time `json:"as_of,omitzero"`
	Basis     uint64    `json:"basis"`
	Catalogue string    `json:"catalogue"`
	*assess.Result
}

// Assessment prints an assessment as tables, JSON or CSV.
func (p *Printer) Assessment(w io.Writer, a *Assessment, format string) error {
	switch format {
	case FormatJSON:
		return JSON(w, a)
	case FormatCSV:
		p.assessmentCSV(w, a)
	default:
		p.assessmentTables(w, a)
	}
	return nil
}

// assessmentTables prints the ranks, the key to the numbered columns, and the areas
// without a rank.
func (p *Printer) assessmentTables(w io.Writer, a *Assessment) {
	words := &p.words().Assess
	fmt.Fprintf(w, words.Title+"\n%s\n", p.Language.Choose(a.Card.NameZH, a.Card.NameEN), a.Period, p.assessmentBasis(a))
	if note := p.Language.Choose(a.Card.NoteZH, a.Card.NoteEN); note != "" {
		fmt.Fprintln(w, note)
	}
	fmt.Fprintln(w)
	header := table.Row{words.Rank, p.words().Area, fmt.Sprintf(words.Score, a.FullMarks)}
	right := []int{1, 3}
	for i := range a.Card.Items {
		header = append(header, itemNumber(i))
		right = append(right, i+4)
	}
	scores := NewTable(w, header, right...)
	var unranked []*assess.AreaResult
	for i := range a.Areas {
		area := &a.Areas[i]
		row := table.Row{"—", p.Area(area.Area), area.Score}
		if area.Rank > 0 {
			row[0] = area.Rank
		} else {
			unranked = append(unranked, area)
		}
		for _, score := range area.Scores {
			row = append(row, p.marks(a.Card, &score))
		}
		scores.AppendRow(row)
	}
	scores.Render()
	fmt.Fprintln(w)
	p.cardItems(w, a.Card)
	if len(unranked) > 0 {
		fmt.Fprintf(w, "\n%s\n", words.Unranked)
		for _, area := range unranked {
			fmt.Fprintf(w, "  "+words.Missing+"\n", p.Area(area.Area), p.list(area.Missing, p.Indicator))
		}
	}
}

// assessmentBasis says which figures were used.
func (p *Printer) assessmentBasis(a *Assessment) string {
	words := &p.words().Assess
	moment := words.Latest
	switch {
	case a.Release != "":
		moment = fmt.Sprintf(words.Release, a.Release)
	case !a.AsOf.IsZero():
		moment = fmt.Sprintf(words.AsOf, p.Time(a.AsOf))
	}
	return moment + fmt.Sprintf(words.Basis, a.Basis, a.Catalogue)
}

// itemNumber is the heading of the column of the i-th item of a card, from 0.
func itemNumber(i int) string { return fmt.Sprintf("[%d]", i+1) }

func (p *Printer) marks(card *assess.Card, score *assess.Score) string {
	if score.Score == "" {
		return p.words().Assess.NoScore[score.Reason]
	}
	return decimal.RequireFromString(score.Score).StringFixed(int32(card.Decimals))
}

// cardItems prints the key to the numbered columns.
func (p *Printer) cardItems(w io.Writer, card *assess.Card) {
	words := &p.words().Assess
	t := NewTable(w, table.Row{words.Number, p.words().Indicator, words.Weight, words.Target, words.Direction, words.Cap}, 3, 4, 6)
	for i := range card.Items {
		item := &card.Items[i]
		unit := ""
		if ind, ok := p.Catalogue.Indicator(item.Indicator); ok {
			unit = ind.Unit().After("")
		}
		target := item.Target
		if own := len(item.Targets); own > 0 {
			target = strings.TrimSpace(fmt.Sprintf("%s (+%d)", target, own))
		}
		t.AppendRow(table.Row{itemNumber(i), p.Indicator(item.Indicator), item.Weight, target + unit, words.Directions[item.Direction], item.Cap + "%"})
	}
	t.Render()
}

// assessmentCSV prints one row for each area and indicator.
func (p *Printer) assessmentCSV(w io.Writer, a *Assessment) {
	t := NewTable(w, table.Row{"period", "release", "as_of", "basis", "rank", "area", "name_zh", "name_en", "total", "indicator", "value", "unit", "qualifier", "stage", "target", "attained", "score", "reason"})
	asOf := ""
	if !a.AsOf.IsZero() {
		asOf = a.AsOf.UTC().Format(utcMilliseconds)
	}
	for i := range a.Areas {
		area := &a.Areas[i]
		rank, name := "", &catalogue.Area{}
		if area.Rank > 0 {
			rank = fmt.Sprint(area.Rank)
		}
		if found, ok := p.Catalogue.Area(area.Area); ok {
			name = found
		}
		for _, s := range area.Scores {
			unit := ""
			if ind, ok := p.Catalogue.Indicator(s.Indicator); ok {
				unit = ind.UnitName
			}
			t.AppendRow(table.Row{a.Period, a.Release, asOf, a.Basis, rank, area.Area, name.NameZH, name.NameEN, area.Score, s.Indicator, s.Value, unit, s.Qualifier, s.Stage, s.Target, s.Attained, s.Score, s.Reason})
		}
	}
	t.RenderCSV()
}

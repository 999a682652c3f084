package header

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// maxPartName is how many bytes a text may have to be the name of a part. Longer ones explain.
const maxPartName = 60

// parts refuses a table of figures with a column that names parts of a district beside them: streets,
// parks, enterprises. Taken without it, the figure of a part would pass for the district's.
func (t *table) parts() *Failure {
	for i := range t.Columns {
		c := &t.Columns[i]
		key := Key(c.Name)
		if c.Role != Extra || c.Name == "" || c.City || c.Level > 0 || len(c.Name) > MaxCell || !wording.Parts(key) && (wording.PassedOver(key) || wording.Remarks(key)) {
			continue
		}
		if kind, _ := wording.Compares(c.Name); kind != wording.NoComparison {
			continue
		}
		names, own := t.namesIn(i)
		if len(names) == 0 || len(names) == 1 && !wording.Parts(key) {
			continue
		}
		shown := event.Excerpt(strings.Join(names[:min(len(names), 3)], "、"), 60)
		name := event.Excerpt(c.Name, 60)
		zh := fmt.Sprintf("第 %d 列 %q 写有名称（%s），像是分项（街道、园区、企业等）的数，看不出哪个是全区（县）的数；请只留全区（县）的数，每项指标每期一个，并删去这一列", i+1, name, shown)
		en := fmt.Sprintf("column %d, %q, holds names (%s), as of parts of a district, such as streets, parks or enterprises, and it is not certain which figure is the district's; keep the figures of the whole district, one of each indicator and period, and delete the column", i+1, name, shown)
		if own > 0 {
			zh, en = zh+fmt.Sprintf("；第 %d 行若是全区（县）的数，留这一行即可", own), en+fmt.Sprintf("; if row %d is of the whole district, keep that row", own)
		}
		return &Failure{Problem: newProblem(ambiguous, shown, zh, en), Recognized: 100}
	}
	return nil
}

// namesIn returns the different names in a column of the rows with figures, and the number of the row that
// names the sender, or an area of the catalogue.
func (t *table) namesIn(i int) (names []string, own int) {
	figures := append(t.FigureColumns(), t.At[ValueField])
	for n := t.Begin; n < len(t.sample); n++ {
		r := &t.sample[n]
		cell := grid.Trim(r.Cell(i))
		if cell == "" || len(cell) > maxPartName || r.Problem != nil || !slices.ContainsFunc(figures, func(at int) bool { return holdsNumber(r, at) }) {
			continue
		}
		if _, err := catalogue.ParseValue(cell); err == nil || catalogue.Silent(cell) || !word.MatchString(cell) {
			continue
		}
		if _, err := catalogue.ReadPeriod(cell, 2000); err == nil {
			continue
		}
		if _, err := catalogue.ParseDay(cell, false); err == nil {
			continue
		}
		if _, ok := t.Catalogue.FindArea(cell); ok && own == 0 {
			own = r.Number
		}
		if !slices.Contains(names, cell) {
			names = append(names, cell)
		}
	}
	return names, own
}

// word finds a text that may be a name, and no code or time.
var word = regexp.MustCompile(`^[^\d]*\p{L}{2}`)

func holdsNumber(r *grid.Row, i int) bool {
	reading, err := catalogue.ParseValue(r.Cell(i))
	return i >= 0 && err == nil && !reading.Missing
}

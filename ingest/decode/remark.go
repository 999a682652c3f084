package decode

import (
	"fmt"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/decode/wording"
)

// A table says little beside its figures, and each text there is looked at in many ways: what says
// more than this is refused before it is.
const (
	// maxPassed is how many rows may be passed over or begin as a header does, maxRemarks how many different texts may stand in
	// them, and maxSaying how many of those may say something.
	maxPassed  = 50_000
	maxRemarks = 5000
	maxSaying  = 500
)

// remark is what a text beside the figures says by itself, wherever it stands.
type remark struct {
	units      wording.Units
	indicators []string // that it names
	stages     []catalogue.Stage
	general    bool     // its stages are those of all figures
	periods    []string // that its stages are of
	toDate     bool     // figures count from the beginning of the year
	said       []catalogue.Period
	// stated is whether its units are among those of the table already, footnote whether what it says of
	// stages and periods is: to say it again adds nothing.
	stated, footnote bool
}

// remarks are the texts that were looked at.
type remarks struct {
	all    map[string]*remark
	names  map[string][]string // the normalized names of the indicators, by their ids
	saying int
}

// remark looks at a text beside the figures, once.
func (t *table) remark(text string) *remark {
	if text == "" || isNumber(text) {
		return &remark{}
	}
	m := &t.reader.remarks
	if known := m.all[text]; known != nil {
		return known
	}
	if m.all == nil {
		m.all, m.names = map[string]*remark{}, normalizedNames(t.Catalogue)
	}
	said := &remark{}
	if len(text) <= maxStatement {
		said.units, said.toDate, said.periods = wording.FindUnits(text), wording.ToDateBelow(text), header.PeriodsIn(text)
		said.stages, said.general = wording.FindStages(text)
	}
	if periods := header.PeriodsSaid(text); len(periods) > 0 && wording.OfAll(text) {
		said.said = periods
	}
	if !said.units.Empty() {
		said.indicators = m.named(t.Catalogue, text)
	}
	if !said.units.Empty() || len(said.stages)+len(said.said) > 0 {
		m.saying++
	}
	m.all[text] = said
	return said
}

// isNumber reports whether a text is a number or a percentage, of which a row of totals has many.
func isNumber(text string) bool {
	return text[0] >= '0' && text[0] <= '9' && strings.Trim(text, "0123456789.,+-% ") == ""
}

// normalizedNames returns the names by which texts name indicators.
func normalizedNames(cat *catalogue.Catalogue) map[string][]string {
	names := make(map[string][]string, len(cat.Indicators))
	for i := range cat.Indicators {
		ind := &cat.Indicators[i]
		for _, name := range append([]string{ind.NameZH}, ind.Aliases...) {
			if len(name) > 2 {
				names[ind.ID] = append(names[ind.ID], catalogue.NormalizeName(name))
			}
		}
	}
	return names
}

// named returns the indicators that a text names, in the order of the catalogue.
func (m *remarks) named(cat *catalogue.Catalogue, text string) (ids []string) {
	key := catalogue.NormalizeName(text)
	for i := range cat.Indicators {
		id := cat.Indicators[i].ID
		if slices.ContainsFunc(m.names[id], func(name string) bool { return strings.Contains(key, name) }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// saysTooMuch returns the problem of a table that says too much beside its figures.
func (t *table) saysTooMuch(r *grid.Row) error {
	if t.reader.passed+t.reader.headerLike <= maxPassed && len(t.reader.remarks.all) <= maxRemarks && t.reader.remarks.saying <= maxSaying {
		return nil
	}
	return newProblem(TooLarge, r.Excerpt(",", maxSeen),
		fmt.Sprintf("数据以外的文字过多（到第 %d 行为止）：标题、小标题、脚注、合计行最多 %d 行、%d 种文字，其中写明单位、阶段、时期的最多 %d 种；请只保留表格，或检查表头", r.Number, maxPassed, maxRemarks, maxSaying),
		fmt.Sprintf("the file says too much beside its figures (up to row %d): at most %d rows of headings, footnotes and totals with %d different texts, of which %d speak of units, stages or periods; keep the table alone, or check its header", r.Number, maxPassed, maxRemarks, maxSaying))
}

package decode

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/event"
)

// stages holds what a table's file says of how final its figures are, outside of their rows.
type stages struct {
	said []statedStage
	// below are those of footnotes, which are known when the figures have been read.
	below []statedStage
	// figures counts those that had their stage of said, wanting is whether one had none at all.
	figures int
	wanting bool
}

// statedStage is one place that tells a stage.
type statedStage struct {
	stages           []catalogue.Stage
	general          bool
	periods          []string // that it names; none is all
	row              int
	seen             string
	whereZH, whereEN string
}

// findStages notes what stands above the figures and in the file's name.
func (t *table) findStages() {
	if t.stated != nil {
		t.stages.said = slices.Clone(t.stated.stages)
	}
	state := func(text string, row int, whereZH, whereEN string) {
		if s, ok := t.stageOf(text, row, whereZH, whereEN); ok {
			s.general = len(s.periods) < 2 // the title of a plan beside what was done speaks of both
			t.stages.said = append(t.stages.said, s)
		}
	}
	for i := range t.sample {
		r := &t.sample[i]
		if r.Number >= t.Row || t.keyed || r.Number == 0 { // what stands beside a list of JSON is among t.outside
			break
		}
		for c := range r.Cells {
			state(r.Cell(c), r.Number, fmt.Sprintf("第 %d 行", r.Number), fmt.Sprintf("row %d", r.Number))
		}
	}
	for _, text := range t.outside {
		state(text, 0, "列表之外的", "what stands outside of the list")
	}
	state(strings.TrimSuffix(t.File, path.Ext(t.File)), 0, "文件名", "the file's name")
	state(t.sheet, 0, "工作表名", "the sheet's name")
}

func (t *table) stageOf(text string, row int, whereZH, whereEN string) (s statedStage, ok bool) {
	said := t.remark(text)
	if len(said.stages) == 0 {
		return s, false
	}
	shown := event.Excerpt(text, 60)
	s.stages, s.general, s.periods, s.row, s.seen = said.stages, said.general, said.periods, row, text
	s.whereZH, s.whereEN = whereZH+catalogue.Quoted(shown), fmt.Sprintf("%s, %q", whereEN, shown)
	return s, true
}

// stagesInRow notes what a footnote says, of stages, of years to date and of the period of all figures.
func (t *table) stagesInRow(r *grid.Row) {
	for i := range r.Cells {
		text := r.Cell(i)
		said := t.remark(text)
		if t.toDateBelow.text == "" && said.toDate {
			t.toDateBelow.text, t.toDateBelow.row = event.Excerpt(text, 60), r.Number
		}
		if said.footnote {
			continue
		}
		said.footnote = true
		if len(said.said) > 0 {
			t.Said = append(t.Said, header.Said{Text: text, Periods: said.said})
		}
		if s, ok := t.stageOf(r.Cell(i), r.Number, fmt.Sprintf("第 %d 行脚注", r.Number), fmt.Sprintf("the footnote in row %d", r.Number)); ok {
			t.stages.below = append(t.stages.below, s)
		}
	}
}

// stageOutside gives a figure without a stage of its own the one that the file tells, if that is certain.
func (t *table) stageOutside(o *event.Observation) {
	if o.Stage != "" || o.Listing == nil && catalogue.Silent(string(o.Value)) {
		return
	}
	t.stages.wanting = true
	if stage := t.certainStage(); stage != 0 && !slices.ContainsFunc(t.stages.said, func(s statedStage) bool { return !s.concerns(o.Period) }) {
		o.Stage = stage.String()
		if !t.units.aside {
			t.stages.figures++
		}
	}
}

// certainStage returns the stage that all places agree on; 0 is none.
func (t *table) certainStage() (stage catalogue.Stage) {
	for i := range t.stages.said {
		s := &t.stages.said[i]
		if !s.general || !slices.Equal(s.periods, t.stages.said[0].periods) && len(s.periods) > 0 && len(t.stages.said[0].periods) > 0 {
			return 0
		}
		for _, other := range s.stages {
			if stage != 0 && other != stage {
				return 0
			}
			stage = other
		}
	}
	return stage
}

// concerns reports whether a place speaks of a period: it names none, one that ends on the same day, or the year of it.
func (s *statedStage) concerns(period string) bool {
	p, err := catalogue.ParsePeriod(period)
	return len(s.periods) == 0 || err == nil && slices.ContainsFunc(s.periods, func(named string) bool {
		n, err := catalogue.ParsePeriod(named)
		return err == nil && (n.LastDay().Equal(p.LastDay()) || n.Kind == catalogue.Year && n.Year == p.Year)
	})
}

// endStages says which stage was told by what, or that it was not certain.
func (t *table) endStages() {
	if len(t.stages.said) == 0 || !t.stages.wanting {
		return
	}
	first := &t.stages.said[0]
	if stage := t.certainStage(); t.stages.figures > 0 {
		t.understanding.say(fmt.Sprintf("%d 个数据按%s作为%s", t.stages.figures, first.whereZH, stage.NameZH()), fmt.Sprintf(plural(t.stages.figures, "%d figure")+" of the stage %s, by %s", t.stages.figures, stage, first.whereEN))
		return
	}
	for i := range t.stages.said {
		s := &t.stages.said[i]
		t.understanding.note("STAGE_UNCERTAIN", s.row, "", s.seen, s.whereZH+"说到数据阶段，看不出是哪些数据的，未采用；请加一列“阶段”写明", s.whereEN+" speaks of a stage, and it is not certain of which figures; it is not taken: write the stage in a column 阶段")
	}
}

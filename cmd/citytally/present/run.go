package present

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/ingest/event"
)

// RunWords are those of the record of a run.
type RunWords struct {
	// Ran and ByHand are formats of the job, what asked for it, how long it took, and the place in the log that
	// it worked from.
	Ran, ByHand string
	// Counted and WouldChange are formats of how many totals were computed and how many of them differed;
	// Stored of how many observations ClickHouse had lacked, Mended of rows stored and removed and of parts
	// put aside.
	Counted, WouldChange, Stored, Mended string
	// Healed and NotHealed say whether ClickHouse shows at the end what the log holds; Problem is a format of why the
	// run ended early.
	Healed, NotHealed, Problem string
	Differences                table.Row
	// Why are the reasons of a difference, and Fields and Catalogue formats of what belongs to them.
	Why               map[string]string
	Fields, Catalogue string
	// Omitted is a format of how many differences are not listed, DryRun says that nothing was changed.
	Omitted, DryRun string
	// Year is a format of the progress: years compared, of how many.
	Year string
}

// shownDifferences is how many totals that differ are printed.
const shownDifferences = 30

// Run prints the record of a run, as text or as JSON.
func (p *Printer) Run(w io.Writer, run *event.Run, format string) error {
	if format == FormatJSON {
		return JSON(w, run)
	}
	words, job := &p.words().Run, run.JobName()
	job, took := cmp.Or(p.words().Schedules.Jobs[job], job), run.FinishedAt.Sub(run.StartedAt).Round(time.Millisecond)
	if run.Trigger == event.ByManual {
		fmt.Fprintf(w, words.ByHand+"\n", job, took, run.Basis)
	} else {
		fmt.Fprintf(w, words.Ran+"\n", job, run.Schedule, took, run.Basis)
	}
	if run.Cells > 0 || run.JobName() == (&event.Run{}).JobName() {
		counted := words.Counted
		if run.Dry {
			counted = words.WouldChange
		}
		fmt.Fprintf(w, counted+"\n", run.Cells, run.Changed)
	}
	if run.ObservationsMissing > 0 {
		fmt.Fprintf(w, words.Stored+"\n", run.ObservationsMissing)
	}
	for _, i := range run.Imbalances {
		fmt.Fprintln(w, p.Language.Choose(i.Chinese(), i.String()))
	}
	for _, m := range run.Mended {
		fmt.Fprintf(w, words.Mended+"\n", p.Language.Choose(event.CountedInChinese(m.What), m.What), m.Stored, m.Removed, m.Detached)
	}
	for _, did := range run.Did {
		fmt.Fprintln(w, did)
	}
	p.runDifferences(w, run)
	switch {
	case run.Healed:
		fmt.Fprintln(w, words.Healed)
	case len(run.Imbalances) > 0 && !run.Dry:
		fmt.Fprintln(w, words.NotHealed)
	case run.Problem != "":
		fmt.Fprintf(w, words.Problem+"\n", run.Problem)
	}
	if run.Dry {
		fmt.Fprintln(w, words.DryRun)
	}
	return nil
}

// runDifferences prints the totals that differed, with their reasons.
func (p *Printer) runDifferences(w io.Writer, run *event.Run) {
	words := &p.words().Run
	shown := run.Differences[:min(len(run.Differences), shownDifferences)]
	if len(shown) > 0 {
		t := NewTable(w, words.Differences)
		for i := range shown {
			d := &shown[i]
			why := cmp.Or(words.Why[d.Why], d.Why)
			if len(d.Fields) > 0 {
				why += fmt.Sprintf(words.Fields, strings.Join(d.Fields, ", "))
			}
			if d.Catalogue != "" {
				why += fmt.Sprintf(words.Catalogue, d.Catalogue)
			}
			t.AppendRow(table.Row{p.Indicator(d.Indicator), p.periodName(d.Period), d.Was, d.Becomes, d.Unit, why})
		}
		t.Render()
	}
	if n := run.Changed - len(shown); n > 0 {
		fmt.Fprintf(w, words.Omitted+"\n", n)
	}
}

package present

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/ledger"
)

// ReleaseHead is a release without its totals.
type ReleaseHead struct {
	Name      string    `json:"name"`
	Period    string    `json:"period"`
	Note      string    `json:"note,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	AsOf      time.Time `json:"as_of,omitzero"`
	Basis     uint64    `json:"basis"`
	Catalogue string    `json:"catalogue"`
	Totals    int       `json:"totals"`
	// Absent are the indicators that were named as absent.
	Absent []string `json:"absent,omitempty"`
}

func headOf(r *event.Release) ReleaseHead {
	return ReleaseHead{
		Name: r.Name, Period: r.Period, Note: r.Note, CreatedAt: r.Created(), AsOf: r.AsOf(), Basis: r.Basis,
		Catalogue: r.Catalogue, Totals: len(r.Totals), Absent: r.Absent,
	}
}

// Releases lists releases, as a table or as JSON.
func (p *Printer) Releases(w io.Writer, releases []*event.Release, format string) error {
	if format == FormatJSON {
		heads := make([]ReleaseHead, len(releases))
		for i, r := range releases {
			heads[i] = headOf(r)
		}
		return JSON(w, heads)
	}
	words := p.words()
	t := NewTable(w, table.Row{words.Release.Name, words.Period, words.Release.Totals, words.Release.ReleasedAt, words.Note})
	for _, r := range releases {
		t.AppendRow(table.Row{r.Name, r.Period, len(r.Totals), p.Time(r.Created()), r.Note})
	}
	t.Render()
	return nil
}

// PrintReleased prints that a release was made, or, repeated, that it existed already.
func (p *Printer) PrintReleased(w io.Writer, r *event.Release, repeated bool) {
	words := &p.words().Release
	if repeated {
		fmt.Fprintf(w, words.Repeated+"\n", r.Name, p.Time(r.Created()))
		return
	}
	fmt.Fprintf(w, words.Created+"\n", r.Name, len(r.Totals), p.periodName(r.Period), r.Basis)
}

// PrintUnjudged prints how many submissions are not in a release because they had not
// been judged; for 0 it prints nothing.
func (p *Printer) PrintUnjudged(w io.Writer, submissions int) {
	if submissions > 0 {
		fmt.Fprintf(w, p.words().Release.Unjudged+"\n", submissions)
	}
}

// DescribeUnpublishable returns which totals prevent a release, a line each.
func (p *Printer) DescribeUnpublishable(withheld *answer.UnpublishableError) string {
	words := &p.words().Release
	var lines []string
	if len(withheld.Needless) > 0 {
		lines = append(lines, fmt.Sprintf(words.NotWithheld, strings.Join(withheld.Needless, p.words().List)))
	}
	if len(withheld.Totals) > 0 {
		lines = append(lines, fmt.Sprintf(words.Withheld, len(withheld.Totals)))
	}
	for i := range withheld.Totals {
		total := &withheld.Totals[i]
		line := fmt.Sprintf(words.WithheldTotal, p.Indicator(total.Indicator), total.Have(), total.Expected)
		if missing := total.NotReported(); len(missing) > 0 {
			line += p.words().Comma + fmt.Sprintf(p.words().Missing, p.Areas(missing))
		}
		for _, note := range p.notes(total.Flags, total.Carried, true) {
			line += p.words().Comma + note
		}
		if held := p.withHeld(heldOfTotal(total.Indicator, total)); held != "" {
			line += p.words().Comma + held
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// DescribeUnreported returns which indicators prevent a release because nobody has reported
// them, a line each, with the flag that names them; or which were named without need.
func (p *Printer) DescribeUnreported(u *answer.UnreportedError) string {
	words := &p.words().Release
	var lines []string
	if len(u.Unnamed) > 0 {
		lines = append(lines, fmt.Sprintf(words.Unreported, len(u.Unnamed)))
		ids := make([]string, len(u.Unnamed))
		for i := range u.Unnamed {
			ids[i] = u.Unnamed[i].Indicator
			lines = append(lines, "  "+ids[i]+" "+p.Indicator(ids[i]))
		}
		lines = append(lines, fmt.Sprintf(words.NameAbsent, strings.Join(ids, ",")))
	}
	if len(u.Reported) > 0 {
		lines = append(lines, fmt.Sprintf(words.NotAbsent, strings.Join(u.Reported, p.words().List)))
	}
	return strings.Join(lines, "\n")
}

// ReleaseDiff is what differs between a release and today.
type ReleaseDiff struct {
	ReleaseHead
	CatalogueToday string              `json:"catalogue_today"`
	Differences    []ReleaseDifference `json:"differences"`
}

// ReleaseDifference is a total that is different today, and why.
type ReleaseDifference struct {
	Indicator string          `json:"indicator"`
	Released  *ReleasedTotal  `json:"released"`
	Today     *ReleasedTotal  `json:"today"`
	Causes    []ChangedFigure `json:"causes"`
	// Holds are held figures that the total told of then and does not today, or the other way
	// about, and what has become of them.
	Holds []inquiry.Hold `json:"holds,omitempty"`
	// ByCatalogue says that the figures of then have another total under today's catalogue.
	ByCatalogue bool `json:"by_catalogue,omitempty"`
}

// ReleasedTotal is an [event.Total] as JSON, without its inputs. Programs read its keys,
// which stay when the event changes.
type ReleasedTotal struct {
	Value        string   `json:"value"`
	Unit         string   `json:"unit"`
	Stage        string   `json:"stage"`
	Status       string   `json:"status"`
	Qualifier    string   `json:"qualifier"`
	Change       string   `json:"change"`
	ChangeKind   string   `json:"change_kind"`
	ChangeReason string   `json:"change_reason"`
	Missing      []string `json:"missing"`
	Publishable  bool     `json:"publishable"`
	// The others are left out where they are empty.
	ChangeQualifier string   `json:"change_qualifier,omitempty"`
	ChangeAreas     []string `json:"change_areas,omitempty"`
	Flags           []string `json:"flags,omitempty"`
	Carried         []string `json:"carried,omitempty"`
	// Held says what the total would be with the figures that are held.
	Held *event.TotalWithHeld `json:"held,omitempty"`
}

// ChangedFigure is an [answer.Cause] as JSON: a figure that changed and the submission that
// changed it.
type ChangedFigure struct {
	Area       string    `json:"area"`
	Indicator  string    `json:"indicator"`
	Period     string    `json:"period"`
	Before     string    `json:"before"`
	After      string    `json:"after"`
	Stage      string    `json:"stage"`
	Submission string    `json:"submission"`
	Sequence   uint64    `json:"sequence"`
	ReceivedAt time.Time `json:"received_at"`
	Via        string    `json:"via"`
	By         string    `json:"by"`
	File       string    `json:"file"`
	Row        int       `json:"row"`
	Reason     string    `json:"reason,omitempty"`
}

// NewReleaseDiff returns how a release differs from the totals of today;
// catalogueToday is the version of the catalogue that they follow from.
func NewReleaseDiff(r *event.Release, differences []answer.Difference, catalogueToday string) *ReleaseDiff {
	d := &ReleaseDiff{ReleaseHead: headOf(r), CatalogueToday: catalogueToday, Differences: make([]ReleaseDifference, len(differences))}
	for i := range differences {
		difference := &differences[i]
		d.Differences[i] = ReleaseDifference{
			Indicator: difference.Indicator, Released: releasedTotal(difference.Released), Today: releasedTotal(difference.Today), Causes: make([]ChangedFigure, len(difference.Causes)),
			Holds: difference.Holds, ByCatalogue: difference.ByCatalogue,
		}
		for j := range difference.Causes {
			c := &difference.Causes[j]
			d.Differences[i].Causes[j] = ChangedFigure{
				Area: c.After.Area, Indicator: c.Cell.Indicator, Period: c.Cell.Period.String(), Before: partValue(c.Before), After: partValue(c.After.Part),
				Stage: c.After.Stage.String(), Submission: c.After.Submission.String(), Sequence: c.After.Sequence, ReceivedAt: c.After.ReceivedAt,
				Via: c.After.Via, By: c.After.By, File: c.After.File, Row: c.After.Row, Reason: c.After.Reason,
			}
		}
	}
	return d
}

// partValue returns a part's figure; "" where it is missing.
func partValue(p ledger.Part) string {
	if p.Area == "" || !p.Counts() {
		return ""
	}
	return p.Value.String()
}

func releasedTotal(t *event.Total) *ReleasedTotal {
	if t == nil {
		return nil
	}
	return &ReleasedTotal{
		Value: t.Value, Unit: t.Unit, Stage: t.Stage, Status: t.Status, Qualifier: t.Qualifier, Change: t.Change,
		ChangeKind: t.ChangeKind, ChangeReason: t.ChangeReason, Missing: t.NotReported(), Publishable: t.Publishable,
		ChangeQualifier: t.ChangeQualifier, ChangeAreas: t.ChangeAreas, Flags: t.Flags, Carried: t.Carried, Held: t.Held,
	}
}

// ReleaseDiff prints what differs between a release and today, as text or as JSON.
func (p *Printer) ReleaseDiff(w io.Writer, d *ReleaseDiff, format string) error {
	if format == FormatJSON {
		return JSON(w, d)
	}
	words := &p.words().Release
	if len(d.Differences) == 0 {
		fmt.Fprintf(w, words.Same+"\n", d.Name, p.Time(d.CreatedAt))
		return nil
	}
	fmt.Fprintf(w, words.Different+"\n", d.Name, p.Time(d.CreatedAt), len(d.Differences), d.Totals)
	if d.CatalogueToday != d.Catalogue {
		fmt.Fprintf(w, words.OtherCatalogue+"\n", d.Catalogue, d.CatalogueToday)
	}
	for i := range d.Differences {
		difference := &d.Differences[i]
		released := p.releasedTotal(d.Period, difference.Indicator, difference.Released)
		if slices.Contains(d.Absent, difference.Indicator) {
			released = words.WasAbsent
		}
		fmt.Fprintf(w, "\n%s  %s → %s\n", p.Indicator(difference.Indicator), released, p.releasedTotal(d.Period, difference.Indicator, difference.Today))
		for j := range difference.Causes {
			p.cause(w, &difference.Causes[j])
		}
		for j := range difference.Holds {
			lines := p.wholeHold(&difference.Holds[j])
			fmt.Fprintf(w, "  %s\n    %s\n", lines[0], strings.Join(lines[1:], "\n    "))
		}
		switch {
		case difference.ByCatalogue:
			fmt.Fprintf(w, "  %s\n", words.ByCatalogue)
		case len(difference.Causes)+len(difference.Holds) == 0:
			fmt.Fprintf(w, "  %s\n", words.ByProgram)
		}
	}
	return nil
}

func (p *Printer) cause(w io.Writer, c *ChangedFigure) {
	from := answer.ExplainedFigure{
		Dataset: c.Indicator + " " + c.Period, Sequence: c.Sequence, Submission: c.Submission, Via: c.Via, By: c.By, File: c.File, Row: c.Row, ReceivedAt: c.ReceivedAt,
	}
	unit := ""
	if indicator, ok := p.Catalogue.Indicator(c.Indicator); ok {
		unit = indicator.UnitName
	}
	fmt.Fprintf(w, "  %s %s  %s → %s · %s\n", c.Area, p.Area(c.Area), p.exact(c.Before, unit, ""), p.exact(c.After, unit, ""), p.provenance(&from))
	if c.Reason != "" {
		fmt.Fprintf(w, "    "+p.words().Explain.Reason+"\n", c.Reason)
	}
}

// releasedTotal tells a total on one line, with everything that may differ.
func (p *Printer) releasedTotal(period, indicator string, t *ReleasedTotal) string {
	words := p.words()
	if t == nil {
		return words.NoValue
	}
	text := words.NoValue
	if t.Value != "" {
		text = p.exact(t.Value, t.Unit, t.Qualifier) + ", " + p.stage(t.Stage, t.Status) + ", "
		if t.Change == "" {
			text += p.noChange(period, t.ChangeReason, t.Value, t.ChangeAreas, t.Missing)
		} else {
			text += p.change(nil, t.Change, t.ChangeKind, t.ChangeQualifier)
		}
	}
	if len(t.Missing) > 0 {
		text += ", " + fmt.Sprintf(words.Explain.Missing, p.Areas(t.Missing))
	}
	for _, note := range p.notes(t.Flags, t.Carried, false) {
		text += ", " + note
	}
	if held := p.withHeld(&heldTotal{indicator, t.Unit, t.Value, t.Qualifier, t.Change, t.ChangeKind, t.ChangeQualifier, t.Held}); held != "" {
		text += ", " + held
	}
	return text
}

package present

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
)

// Status is what a running instance holds, and what each stage has yet to do.
type Status struct {
	Process *Process        `json:"instance,omitempty"`
	Streams []stream.Status `json:"streams"`
	// Tables are the numbers of rows by ClickHouse view. They are nil, and Problem says
	// why, where ClickHouse does not answer.
	Tables    map[string]uint64 `json:"tables,omitempty"`
	Problem   string            `json:"problem,omitempty"`
	ProblemZH string            `json:"problem_zh,omitempty"`
	// Conservation says whether everything received is accounted for; nil where
	// ClickHouse does not answer.
	Conservation *reconcile.Conservation `json:"conservation,omitempty"`
	// Schedules are how what is done at its times stands.
	Schedules []Schedule `json:"schedules,omitempty"`
	// NotReady are the parts of the instance that cannot work now, and why.
	NotReady []Part `json:"not_ready,omitempty"`
	// NotShown are the parts of this status that could not be looked at, and why.
	NotShown []Part `json:"not_shown,omitempty"`
	// Sources are those of the settings that are fetched.
	Sources []Source `json:"sources,omitempty"`
	// Waiting are the oldest messages that each stage has yet to process.
	Waiting []Waiting `json:"waiting,omitempty"`
	// Location is whose time every table tells.
	Location *time.Location `json:"-"`
}

// Process is a running instance, without credentials.
type Process struct {
	PID              int       `json:"pid"`
	StartedAt        time.Time `json:"started_at"`
	Version          string    `json:"version"`
	HTTP             string    `json:"http,omitempty"`
	NATS             string    `json:"nats,omitempty"`
	ClickHouseHTTP   string    `json:"clickhouse_http,omitempty"`
	ClickHouseNative string    `json:"clickhouse_native,omitempty"`
	Operations       string    `json:"operations,omitempty"`
	// Confinement says what keeps the embedded ClickHouse from the rest of the machine.
	Confinement string `json:"confinement,omitempty"`
	// Exposed are the servers that other machines can reach without TLS.
	Exposed []string `json:"exposed,omitempty"`
}

// Part is the state of one part of an instance; Why says why it is not ready.
type Part struct {
	Part  string `json:"part"`
	Ready bool   `json:"ready"`
	Why   string `json:"why,omitempty"`
	WhyZH string `json:"why_zh,omitempty"`
}

// why says in a language why the part is not ready.
func (p *Part) why(l Language) string {
	if l == Chinese && p.WhyZH != "" { // an earlier version says it in English alone
		return p.WhyZH
	}
	return p.Why
}

// Waiting is a message that a stage has yet to process.
type Waiting struct {
	// For is the step that comes next: validate, tally, or insert.
	For     string `json:"for"`
	Stream  string `json:"stream"`
	Area    string `json:"area"`
	Dataset string `json:"dataset"`
	// Submission is its id; "" where the message holds several or names none.
	Submission string    `json:"submission,omitempty"`
	Sequence   uint64    `json:"sequence"`
	Since      time.Time `json:"since"`
	AgeSeconds float64   `json:"age_seconds"`
}

// StatusWords are those of a status: headings of its tables, and sentences.
type StatusWords struct {
	Process, WithoutTLS string
	// Servers name what a process serves, by the name of the setting.
	Servers map[string]string
	// NotReady and NotShown are formats of a part and why it is so; MoreAlike of how many more say the same, and
	// what is to be done about them.
	NotReady, NotShown, MoreAlike                 string
	Streams, Waiting, Schedules, Views, Accounts  table.Row
	Never, Paused, Unknown, Well                  string
	Balanced, NotBalanced, OtherContent, NotKnown string
	Sources                                       table.Row
}

// Status prints a status, as tables or as JSON.
func (p *Printer) Status(w io.Writer, s *Status, format string) error {
	return (&statusPrinter{s, p, &p.words().Status}).print(w, format)
}

// statusPrinter prints one status.
type statusPrinter struct {
	*Status
	printer *Printer
	words   *StatusWords
}

func (s *statusPrinter) print(w io.Writer, format string) error {
	if format == FormatJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(s.Status)
	}
	s.printProcess(w)
	for i := range s.NotReady {
		s.printPart(w, s.words.NotReady, &s.NotReady[i])
	}
	for i := range s.NotShown {
		s.printPart(w, s.words.NotShown, &s.NotShown[i])
	}
	if len(s.Streams) > 0 {
		s.printStreams(w)
	}
	s.printWaiting(w, time.Now())
	s.printSchedules(w)
	if len(s.Sources) > 0 {
		if err := s.printer.Sources(w, s.Sources, format); err != nil {
			return err
		}
	}
	if s.Problem != "" {
		problem := Part{Why: s.Problem, WhyZH: s.ProblemZH}
		fmt.Fprintf(w, "ClickHouse: %s\n", problem.why(s.printer.Language))
	}
	if len(s.Tables) > 0 {
		tables := NewTable(w, s.words.Views)
		for _, name := range slices.Sorted(maps.Keys(s.Tables)) {
			tables.AppendRow(table.Row{name, s.Tables[name]})
		}
		tables.Render()
	}
	s.printConservation(w)
	return nil
}

// toldAlike is how many reasons of one part are told that a person does the same about.
const toldAlike = 3

// printPart tells why a part is not ready or not shown, by a format. Of reasons about which the same is to be done, which
// stands behind their last semicolon, it tells the first few with that, and counts the others.
func (s *statusPrinter) printPart(w io.Writer, format string, p *Part) {
	var advices []string
	reasons := map[string][]string{} // by advice
	for why := range strings.Lines(p.why(s.printer.Language)) {
		why = strings.TrimSpace(why)
		advice := ""
		if at := max(strings.LastIndex(why, "; "), strings.LastIndex(why, "；")); at >= 0 {
			advice = why[at:]
		}
		if reasons[advice] == nil {
			advices = append(advices, advice)
		}
		reasons[advice] = append(reasons[advice], why)
	}
	for _, advice := range advices {
		for _, why := range reasons[advice][:min(len(reasons[advice]), toldAlike)] {
			fmt.Fprintf(w, format+"\n", p.Part, why)
		}
		if more := len(reasons[advice]) - toldAlike; more > 0 {
			fmt.Fprintf(w, format+"\n", p.Part, fmt.Sprintf(s.words.MoreAlike, more, advice))
		}
	}
}

// isNotReady reports whether a part cannot work now.
func (s *Status) isNotReady(part string) bool {
	return slices.ContainsFunc(s.NotReady, func(p Part) bool { return p.Part == part })
}

// instant writes an instant in the time of the status, which it names.
func (s *statusPrinter) instant(t time.Time) string {
	return (&Printer{Location: cmp.Or(s.Location, time.UTC)}).Time(t)
}

func (s *statusPrinter) printProcess(w io.Writer) {
	p := s.Process
	if p == nil {
		return
	}
	fmt.Fprintf(w, s.words.Process+"\n", p.PID, s.instant(p.StartedAt))
	for _, at := range []struct{ what, is string }{
		{"gateway", p.HTTP}, {"NATS", p.NATS}, {"ClickHouse", p.ClickHouseHTTP}, {"native protocol", p.ClickHouseNative}, {"operations", p.Operations},
		{"engine", p.Confinement},
	} {
		if at.is != "" {
			fmt.Fprintf(w, "  %s  %s\n", text.Pad(cmp.Or(s.words.Servers[at.what], at.what), 15, ' '), at.is)
		}
	}
	for _, server := range p.Exposed {
		fmt.Fprintf(w, s.words.WithoutTLS+"\n", server)
	}
}

func (s *statusPrinter) printStreams(w io.Writer) {
	streams := NewTable(w, s.words.Streams)
	for i := range s.Streams {
		st := &s.Streams[i]
		newest := ""
		if st.Messages > 0 {
			newest = s.instant(st.LastAt)
		}
		row := table.Row{st.Stream, st.Messages, bytesText(st.Bytes), newest}
		for _, name := range slices.Sorted(maps.Keys(st.Consumers)) {
			c := st.Consumers[name]
			streams.AppendRow(append(row, name, c.Pending, c.Delivered, c.Redelivered))
			row = table.Row{"", "", "", ""}
		}
		if len(st.Consumers) == 0 {
			streams.AppendRow(row)
		}
	}
	streams.Render()
}

// bytesText writes a size for a person: 512 B, 3.4 MB.
func bytesText(n uint64) string {
	const step = 1000
	if n < step {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n)/step, 0
	for size >= step && unit < 3 {
		size, unit = size/step, unit+1
	}
	return fmt.Sprintf("%.1f %cB", size, "kMGT"[unit])
}

func (s *statusPrinter) printWaiting(w io.Writer, now time.Time) {
	if len(s.Waiting) == 0 {
		return
	}
	rows := NewTable(w, s.words.Waiting)
	for i := range s.Waiting {
		m := &s.Waiting[i]
		rows.AppendRow(table.Row{m.For, m.Stream, s.printer.Area(m.Area), s.printer.Dataset(m.Dataset), m.Submission, now.Sub(m.Since).Round(100 * time.Millisecond)})
	}
	rows.Render()
}

func (s *statusPrinter) printSchedules(w io.Writer) {
	if len(s.Schedules) == 0 {
		return
	}
	rows := NewTable(w, s.words.Schedules)
	for i := range s.Schedules {
		sc := &s.Schedules[i]
		next, last, took, result := s.words.Never, "", "", ""
		if !sc.Next.IsZero() {
			next = s.instant(sc.Next)
		}
		if sc.Paused != nil {
			next = fmt.Sprintf(s.words.Paused, s.instant(sc.Paused.At), sc.Paused.Person.Name, sc.Paused.Reason)
		}
		if sc.Problem != "" {
			last, result = s.words.Unknown, sc.Problem
		}
		if run := sc.Last; run != nil {
			last, took, result = s.instant(run.FinishedAt), run.FinishedAt.Sub(run.StartedAt).Round(time.Millisecond).String(), cmp.Or(run.Problem, s.words.Well)
		}
		rows.AppendRow(table.Row{sc.Name, sc.Job, next, last, took, result})
	}
	rows.Render()
}

func (s *statusPrinter) printConservation(w io.Writer) {
	c := s.Conservation
	if c == nil {
		return
	}
	rows := NewTable(w, s.words.Accounts)
	for i := range c.Accounts {
		a := &c.Accounts[i]
		rows.AppendRow(table.Row{s.printer.Area(a.Area), s.printer.Dataset(a.Dataset), a.Received, a.Judged, a.Pending, a.Rows, a.Accepted, a.Held, a.Rejected})
	}
	if len(c.Accounts) > 0 {
		rows.Render()
	}
	switch {
	case s.isNotReady("log"):
		fmt.Fprintln(w, s.words.NotKnown)
	case !c.Balanced:
		fmt.Fprintln(w, s.words.NotBalanced)
	case s.isNotReady("content"):
		fmt.Fprintln(w, s.words.OtherContent)
	default:
		fmt.Fprintln(w, s.words.Balanced)
	}
	for _, i := range c.Imbalances {
		fmt.Fprintf(w, "  %s\n", i)
	}
}

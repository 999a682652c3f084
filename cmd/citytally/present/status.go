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

	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
)

// Status is what a running instance holds, and what each stage has yet to do.
type Status struct {
	Process *Process        `json:"instance,omitempty"`
	Streams []stream.Status `json:"streams"`
	// Tables are the numbers of rows by ClickHouse view. They are nil, and Problem says
	// why, where ClickHouse does not answer.
	Tables  map[string]uint64 `json:"tables,omitempty"`
	Problem string            `json:"problem,omitempty"`
	// Conservation says whether everything received is accounted for; nil where
	// ClickHouse does not answer.
	Conservation *reconcile.Conservation `json:"conservation,omitempty"`
	// Schedules are how what is done at its times stands.
	Schedules []Schedule `json:"schedules,omitempty"`
	// NotReady are the parts of the instance that cannot work now, and why.
	NotReady []Part `json:"not_ready,omitempty"`
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

// Print prints the status, as tables or as JSON.
func (s *Status) Print(w io.Writer, format string) error {
	if format == FormatJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(s)
	}
	s.printProcess(w)
	for i := range s.NotReady {
		s.NotReady[i].print(w)
	}
	s.printStreams(w)
	s.printWaiting(w, time.Now())
	s.printSchedules(w)
	if len(s.Sources) > 0 {
		if err := Sources(w, s.Sources, format); err != nil {
			return err
		}
	}
	if s.Problem != "" {
		fmt.Fprintf(w, "ClickHouse: %s\n", s.Problem)
		return nil
	}
	tables := NewTable(w, table.Row{"view", "rows"})
	for _, name := range slices.Sorted(maps.Keys(s.Tables)) {
		tables.AppendRow(table.Row{name, s.Tables[name]})
	}
	tables.Render()
	s.printConservation(w)
	return nil
}

// toldAlike is how many reasons of one part are told that a person does the same about.
const toldAlike = 3

// print tells why the part is not ready. Of reasons about which the same is to be done, which
// stands behind their last semicolon, it tells the first few with that, and counts the others.
func (p *Part) print(w io.Writer) {
	var advices []string
	reasons := map[string][]string{} // by advice
	for why := range strings.Lines(p.Why) {
		why = strings.TrimSpace(why)
		advice := ""
		if at := strings.LastIndex(why, "; "); at >= 0 {
			advice = why[at:]
		}
		if reasons[advice] == nil {
			advices = append(advices, advice)
		}
		reasons[advice] = append(reasons[advice], why)
	}
	for _, advice := range advices {
		for _, why := range reasons[advice][:min(len(reasons[advice]), toldAlike)] {
			fmt.Fprintf(w, "NOT READY: %s: %s\n", p.Part, why)
		}
		if more := len(reasons[advice]) - toldAlike; more > 0 {
			fmt.Fprintf(w, "NOT READY: %s: and %d more like these (--format json has all)%s\n", p.Part, more, advice)
		}
	}
}

// isNotReady reports whether a part cannot work now.
func (s *Status) isNotReady(part string) bool {
	return slices.ContainsFunc(s.NotReady, func(p Part) bool { return p.Part == part })
}

// instant writes an instant in the time of the status, which it names.
func (s *Status) instant(t time.Time) string {
	return (&Printer{Location: cmp.Or(s.Location, time.UTC)}).Time(t)
}

func (s *Status) printProcess(w io.Writer) {
	p := s.Process
	if p == nil {
		return
	}
	fmt.Fprintf(w, "process %d since %s\n", p.PID, s.instant(p.StartedAt))
	for _, at := range []struct{ what, is string }{
		{"gateway", p.HTTP}, {"NATS", p.NATS}, {"ClickHouse", p.ClickHouseHTTP}, {"native protocol", p.ClickHouseNative}, {"operations", p.Operations},
		{"engine", p.Confinement},
	} {
		if at.is != "" {
			fmt.Fprintf(w, "  %-15s  %s\n", at.what, at.is)
		}
	}
	for _, server := range p.Exposed {
		fmt.Fprintf(w, "WITHOUT TLS: other machines can reach %s\n", server)
	}
}

func (s *Status) printStreams(w io.Writer) {
	streams := NewTable(w, table.Row{"stream", "messages", "size", "newest", "reader", "to do", "in hand", "again"})
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

func (s *Status) printWaiting(w io.Writer, now time.Time) {
	if len(s.Waiting) == 0 {
		return
	}
	rows := NewTable(w, table.Row{"waits for", "in", "area", "dataset", "submission", "age"})
	for i := range s.Waiting {
		m := &s.Waiting[i]
		rows.AppendRow(table.Row{m.For, m.Stream, m.Area, m.Dataset, m.Submission, now.Sub(m.Since).Round(100 * time.Millisecond)})
	}
	rows.Render()
}

func (s *Status) printSchedules(w io.Writer) {
	if len(s.Schedules) == 0 {
		return
	}
	rows := NewTable(w, table.Row{"schedule", "job", "next", "last finished", "took", "result"})
	for i := range s.Schedules {
		sc := &s.Schedules[i]
		next, last, took, result := "never", "", "", ""
		if !sc.Next.IsZero() {
			next = s.instant(sc.Next)
		}
		if sc.Paused != nil {
			next = fmt.Sprintf("paused since %s by %s: %s", s.instant(sc.Paused.At), sc.Paused.Person.Name, sc.Paused.Reason)
		}
		if sc.Problem != "" {
			last, result = "unknown", sc.Problem
		}
		if run := sc.Last; run != nil {
			last, took, result = s.instant(run.FinishedAt), run.FinishedAt.Sub(run.StartedAt).Round(time.Millisecond).String(), cmp.Or(run.Problem, "well")
		}
		rows.AppendRow(table.Row{sc.Name, sc.Job, next, last, took, result})
	}
	rows.Render()
}

func (s *Status) printConservation(w io.Writer) {
	c := s.Conservation
	if c == nil {
		return
	}
	rows := NewTable(w, table.Row{"area", "dataset", "received", "judged", "pending", "rows", "accepted", "held", "rejected"})
	for i := range c.Accounts {
		a := &c.Accounts[i]
		rows.AppendRow(table.Row{a.Area, a.Dataset, a.Received, a.Judged, a.Pending, a.Rows, a.Accepted, a.Held, a.Rejected})
	}
	if len(c.Accounts) > 0 {
		rows.Render()
	}
	switch {
	case s.isNotReady("log"):
		fmt.Fprintln(w, "balanced: NOT KNOWN; the log and what was made from it do not go together: NOT READY: log says which side is the poorer, and what to do")
	case !c.Balanced:
		fmt.Fprintln(w, "balanced: NO; citytally recompute brings back what the log holds")
	case s.isNotReady("content"):
		fmt.Fprintln(w, "balanced: NO; the numbers of rows go together, but what the rows say does not: see NOT READY: content")
	default:
		fmt.Fprintln(w, "balanced: yes")
	}
	for _, i := range c.Imbalances {
		fmt.Fprintf(w, "  %s\n", i)
	}
}

package page

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/token"
)

// heldSize is how many held figures a page shows.
const heldSize = 20

// heldPage shows what is held, and why, with a form to explain it or to decide.
type heldPage struct {
	Holds []heldFigure
	// All says that those are shown too that were decided or superseded.
	All bool
	// Next is the address of the next page, "" on the last one.
	Next string
	// Done says what was done last, and Refused why something was not.
	Done    string
	Refused *Refusal
}

// heldFigure is one figure that is or was held.
type heldFigure struct {
	inquiry.Hold
	Value, InForce string
	// Listed says how many rows of a list are held, and whose; "" of a figure.
	Listed string
	// Total is the city's total now and what it would be; "" where it would not move.
	Total string
	// Typed is what was typed and refused.
	Typed string
}

// Pending reports whether nobody has decided yet.
func (f *heldFigure) Pending() bool { return f.State == "pending" }

// Decides reports whether the holder releases and refuses, and Explains whether it can say why
// its figures are right.
func (v *visit) Decides() bool  { return v.Who.Role == token.Bureau }
func (v *visit) Explains() bool { return v.Who.Role == token.District }

// Seen names the values that a rule saw, in the visitor's language. Words that a rule makes for
// its messages are no values.
func (v *visit) Seen(values []event.SeenValue) (seen []string) {
	for _, s := range values {
		if strings.HasSuffix(s.Name, "_zh") || strings.HasSuffix(s.Name, "_en") {
			continue
		}
		value := s.Value
		if s.Name == "against" || s.Name == "reference_period" {
			value = v.Period(value)
		}
		seen = append(seen, cmp.Or(v.W.SeenNames[s.Name], s.Name)+" "+value)
	}
	return seen
}

// showHeld answers GET /held.
func (p *Page) showHeld(w http.ResponseWriter, r *http.Request, v *visit) error {
	return p.renderHeld(w, r, v, &heldPage{Done: r.URL.Query().Get("done")}, "", "")
}

// renderHeld answers with the list, in which a text that was refused stands where it was typed.
func (p *Page) renderHeld(w http.ResponseWriter, r *http.Request, v *visit, shown *heldPage, typedFor, typed string) error {
	query := r.URL.Query()
	wanted := inquiry.WantedHolds{State: "pending", Limit: heldSize, Before: query.Get("before")}
	if shown.All = query.Get("state") == "all"; shown.All {
		wanted.State = ""
	}
	if _, err := event.ParseHoldID(wanted.Before); err != nil {
		wanted.Before = ""
	}
	told, err := p.gateway.Holds(w, r, v.Who, wanted)
	if err != nil {
		return err
	}
	totals, err := p.totalsOf(w, r, v, told.Holds)
	if err != nil {
		return err
	}
	for i := range told.Holds {
		h := &told.Holds[i]
		one := heldFigure{Hold: *h, Value: v.Reported(h.Indicator, h.Said)}
		if h.Listed != nil {
			one.Listed = v.heldList(h.Listed)
		}
		if h.InForce != nil {
			one.InForce = v.Reported(h.Indicator, *h.InForce)
		}
		if h.ID == typedFor {
			one.Typed = typed
		}
		if at := slices.IndexFunc(totals, func(t inquiry.CityTotal) bool { return t.Indicator == h.Indicator && t.Period == h.Period }); at >= 0 {
			if t := &totals[at]; t.Held != nil && slices.Contains(t.Held.Holds, h.ID) {
				one.Total = v.withHeld(t.Indicator, &t.Total)
			}
		}
		shown.Holds = append(shown.Holds, one)
	}
	if n := len(told.Holds); n > 0 && told.HoldsOmitted > 0 {
		next := url.Values{"before": {told.Holds[n-1].ID}}
		if shown.All {
			next.Set("state", "all")
		}
		shown.Next = "/held?" + next.Encode()
	}
	status := http.StatusOK
	if shown.Refused != nil {
		status = shown.Refused.Status
	}
	return p.render(w, v, status, "held", v.W.Held, shown)
}

// heldList says how many rows of a list are held, and whose they are.
func (v *visit) heldList(of *inquiry.HeldList) string {
	var names []string
	for _, e := range of.Entities {
		name := e.Name + " " + e.Code
		if e.Withdrawn {
			name += v.W.TakenOff
		}
		names = append(names, strings.TrimSpace(name))
	}
	more := ""
	if of.Rows > len(of.Entities) {
		more = v.W.AndOthers
	}
	return fmt.Sprintf(v.W.ListHeld, of.Rows, strings.Join(names, v.W.List), more)
}

// totalsOf returns the city's totals of the periods of what is held.
func (p *Page) totalsOf(w http.ResponseWriter, r *http.Request, v *visit, holds []inquiry.Hold) (totals []inquiry.CityTotal, err error) {
	var asked []string
	for i := range holds {
		if period := holds[i].Period; holds[i].State == "pending" && !slices.Contains(asked, period) {
			asked = append(asked, period)
			told, err := p.gateway.Totals(w, r, inquiry.WantedTotals{Period: period, Area: v.Area.Code})
			if err != nil {
				return nil, err
			}
			totals = append(totals, told.Totals...)
		}
	}
	return totals, nil
}

// withHeld says what a total is without the figures that are held, and what it would be with them; ""
// where none is.
func (v *visit) withHeld(indicator string, t *inquiry.Total) string {
	if t.Held == nil {
		return ""
	}
	now, would := v.total(indicator, t), v.W.NoTotal
	if t.Held.Value != "" {
		would = v.figure(indicator, t.Held.Value, t.Held.Qualifier, "")
	}
	if n := len(t.Held.Holds); n > 0 && t.Value == "" {
		return fmt.Sprintf(v.W.HeldAlone, n, would)
	}
	if len(t.Held.Holds) == 0 { // of figures that were not sent yet
		return fmt.Sprintf(v.W.WithTheseHeld, now, would)
	}
	return fmt.Sprintf(v.W.WithHeld, len(t.Held.Holds), now, would)
}

// decideHeld has on record what a district says of a held figure, or the bureau decides, and
// shows the list again.
func (p *Page) decideHeld(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	act := inquiry.HoldAct{
		Kind: event.DecisionKind(r.PostForm.Get("act")), IDs: []string{r.PathValue("id")},
		Text: strings.TrimSpace(strings.ReplaceAll(r.PostForm.Get("text"), "\r\n", "\n")), // as forms break lines
	}
	switch act.Kind {
	case event.ExplainHeld, event.ReleaseHeld, event.RefuseHeld:
	default:
		return badForm()
	}
	told, err := p.gateway.Decide(w, r, v.Who, act)
	if refused, ok := errors.AsType[*Refusal](err); ok {
		v.Path = "/held"
		return p.renderHeld(w, r, v, &heldPage{Refused: refused}, act.IDs[0], act.Text)
	}
	if err != nil {
		return err
	}
	done := "explained"
	if len(told.Holds) > 0 {
		done = cmp.Or(map[string]string{"released": "released", "refused": "refused"}[told.Holds[0].State], done)
	}
	http.Redirect(w, r, "/held?done="+done, http.StatusSeeOther)
	return nil
}

// summaryTimeout is how long the first page waits to be told what is held and owed, without
// which it is shown as well.
const summaryTimeout = 3 * time.Second

const (
	// maxOwed is how many obligations the first page lists, and owedWithin how far ahead their
	// deadlines may be.
	maxOwed    = 8
	owedWithin = 60 * 24 * time.Hour
)

// summary completes the first page with how many figures are held and what is owed, the
// earliest deadline first. While nobody can tell, it says nothing of them.
func (p *Page) summary(w http.ResponseWriter, r *http.Request, v *visit, h *homePage) {
	ctx, cancel := context.WithTimeout(r.Context(), summaryTimeout)
	defer cancel()
	r = r.WithContext(ctx)
	if told, err := p.gateway.Holds(w, r, v.Who, inquiry.WantedHolds{State: "pending", Limit: 1}); err == nil {
		h.Held = len(told.Holds) + told.HoldsOmitted
	}
	owed, err := p.gateway.Owed(w, r, v.Area.Code)
	if err != nil {
		w.Header().Del("Retry-After") // of the answer that did not come
		return
	}
	for _, o := range owed {
		switch {
		case o.Complete || o.Deadline.Sub(p.now()) > owedWithin:
		case p.now().Sub(o.Deadline) > recently:
			h.addLong(o)
		case len(h.Owed) == maxOwed:
			h.OwedOmitted++
		default:
			one := owedRow{Obligation: o}
			for _, id := range o.Missing {
				one.Lacks = append(one.Lacks, v.Indicator(id))
			}
			h.Owed = append(h.Owed, one)
		}
	}
}

// recently is how long what is overdue stands in a row of its own.
const recently = 60 * 24 * time.Hour

// addLong adds what is long overdue to the others of its dataset, the newest first.
func (h *homePage) addLong(o Obligation) {
	for i := range h.Long {
		if h.Long[i].Dataset == o.Dataset {
			h.Long[i].Owed = append([]Obligation{o}, h.Long[i].Owed...)
			return
		}
	}
	h.Long = append(h.Long, longOwed{o.Dataset, []Obligation{o}})
}

// longOwed is what is long overdue of a dataset.
type longOwed struct {
	Dataset string
	Owed    []Obligation
}

// owedRow is an obligation that is not complete.
type owedRow struct {
	Obligation
	Lacks []string // names of indicators
}

// marked answers GET /submissions/{id}/marked.
func (p *Page) marked(w http.ResponseWriter, r *http.Request, v *visit) error {
	return p.gateway.Marked(w, r, v.Who, r.PathValue("id"), v.Language == English)
}

// original answers GET /submissions/{id}/original.
func (p *Page) original(w http.ResponseWriter, r *http.Request, v *visit) error {
	return p.gateway.Original(w, r, v.Who, r.PathValue("id"))
}

package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/token"
)

// Feed writes what an area owes as iCalendar, in the language zh or en; "" is every area.
type Feed func(w io.Writer, owed []calendar.Obligation, area, language string, at time.Time) error

// CalendarLoader reads the calendar against a catalogue.
type CalendarLoader func(*catalogue.Catalogue) (*calendar.Calendar, error)

// WithCalendar makes the gateway tell what areas owe, in JSON and as a feed.
func WithCalendar(load CalendarLoader, feed Feed) Option {
	return func(g *Gateway) { g.loadCalendar, g.feed = load, feed }
}

// How far back and ahead obligations are told where the request does not say.
const (
	daysBack  = 60
	daysAhead = 120
	// yearsBack is how old the deadline may be of what is still owed.
	yearsBack = 10
	// feedDaysAhead is how far ahead the feed goes: what is due for a year is due in the next.
	feedDaysAhead = 500
	// maxSpanDays bounds the span of one request.
	maxSpanDays = 1100
)

// withPassword lets a request in that has its token as the password of HTTP Basic, which is all
// that calendar programs can send.
func withPassword(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if _, password, ok := r.BasicAuth(); ok {
			r = r.Clone(r.Context())
			r.Header.Set("Authorization", "Bearer "+password)
		}
		err := next(w, r)
		if problem, ok := errors.AsType[*Problem](err); ok && problem.Status == http.StatusUnauthorized {
			w.Header().Add("WWW-Authenticate", `Basic realm="citytally", charset="UTF-8"`)
		}
		return err
	}
}

// getFeed answers GET /v1/calendar.ics with the deadlines of the token's area, or of the one that
// is asked for. A token for every area gets those of all.
func (g *Gateway) getFeed(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	code := ""
	if who.Area != token.AnyArea || r.URL.Query().Get("area") != "" {
		area, err := g.areaOf(r.URL.Query(), who)
		if err != nil {
			return err
		}
		code = area.Code
	}
	language, err := wordOf(r.URL.Query(), "lang", "zh", "en")
	if err != nil {
		return err
	}
	now := time.Now()
	owed := calendar.OfArea(g.calendar.Load().Obligations(now.AddDate(0, 0, -daysBack), now.AddDate(0, 0, feedDaysAhead)), code)
	var content bytes.Buffer
	if err := g.feed(&content, owed, code, language, now); err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `inline; filename="citytally.ics"`)
	return writeTagged(w, r, "text/calendar; charset=utf-8", content.Bytes())
}

// Owed is what an area owes, and how much of it is there, at one place of the log.
type Owed struct {
	Area string `json:"area"`
	// Basis is the sequence of ACCEPTED up to which the answer counts everything.
	Basis       uint64           `json:"basis"`
	Obligations []OwedObligation `json:"obligations"`
}

// OwedObligation is an obligation and how much of it is there.
type OwedObligation struct {
	calendar.Obligation
	// Owed and Received count indicators; Missing are the ids of the others.
	Owed     int      `json:"owed"`
	Received int      `json:"received"`
	Missing  []string `json:"missing"`
	Complete bool     `json:"complete"`
	// Overdue is true where something is missing and the deadline has passed.
	Overdue bool `json:"overdue"`
	// Locked is true where the period is locked.
	Locked bool `json:"locked,omitempty"`
}

// getObligations answers GET /v1/obligations.
func (g *Gateway) getObligations(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	area, err := g.areaOf(r.URL.Query(), who)
	if err != nil {
		return err
	}
	now := time.Now()
	from, err := g.dayOf(r, "from", now.AddDate(0, 0, -daysBack))
	if err != nil {
		return err
	}
	to, err := g.dayOf(r, "to", now.AddDate(0, 0, daysAhead))
	if err != nil {
		return err
	}
	to = to.AddDate(0, 0, 1)
	if to.Before(from) || to.Sub(from) > maxSpanDays*24*time.Hour {
		return queryProblem("to", "请求参数 to 应不早于 from，且两者相距不超过三年", "query parameter to: want a day that is not before from, and at most three years after it")
	}
	ctx, cancel := context.WithTimeout(r.Context(), inquiryTimeout)
	defer cancel()
	var answer *Owed
	if r.URL.Query().Has("from") {
		answer, err = g.received(ctx, area.Code, calendar.OfArea(g.calendar.Load().Obligations(from, to), area.Code), now)
	} else {
		answer, err = g.stillOwed(ctx, area, from, to, now)
	}
	if err != nil {
		return g.inquiryProblem(w, err)
	}
	return writeTaggedJSON(w, r, answer)
}

// dayOf reads a query parameter that is a day in the city.
func (g *Gateway) dayOf(r *http.Request, name string, otherwise time.Time) (time.Time, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		text = otherwise.In(g.catalogue().Zone()).Format(time.DateOnly)
	}
	day, err := time.ParseInLocation(time.DateOnly, text, g.catalogue().Zone())
	if err != nil {
		return day, queryProblem(text, "请求参数 "+name+" 应为日期，例如 2026-01-31", "query parameter "+name+": want a day such as 2026-01-31")
	}
	return day, nil
}

// owes reports whether an area has to report a period of a dataset, as far as a calendar is known.
func (g *Gateway) owes(area, dataset string, p catalogue.Period) bool {
	if g.loadCalendar == nil {
		return false
	}
	_, owed := g.calendar.Load().Due(dataset, area, p)
	return owed
}

// stillOwed returns what an area owes with deadlines in a span, and of what was due before that
// what is still owed: until it is complete, its period is locked, or the area exists no more.
func (g *Gateway) stillOwed(ctx context.Context, area *catalogue.Area, from, to, now time.Time) (*Owed, error) {
	told, err := g.received(ctx, area.Code, calendar.OfArea(g.calendar.Load().Obligations(now.AddDate(-yearsBack, 0, 0), to), area.Code), now)
	if err != nil {
		return nil, err
	}
	gone := !area.ExistsOn(now.In(g.catalogue().Zone()))
	told.Obligations = slices.DeleteFunc(told.Obligations, func(o OwedObligation) bool {
		return !o.Deadline.After(from) && (gone || o.Complete || o.Locked)
	})
	return told, nil
}

// received asks how much of the obligations of an area is there.
func (g *Gateway) received(ctx context.Context, area string, owed []calendar.Obligation, now time.Time) (*Owed, error) {
	answer := &Owed{Area: area, Obligations: []OwedObligation{}}
	type cell struct{ indicator, period string }
	inForce, locked := map[cell]bool{}, map[string]bool{}
	var periods []string
	for _, o := range owed {
		for _, p := range o.Period.MetBy() {
			if code := p.String(); !slices.Contains(periods, code) {
				periods = append(periods, code)
			}
		}
	}
	for part := range slices.Chunk(periods, inquiry.MaxPeriods) {
		figures, err := inquiry.AskFigures(ctx, g.log, inquiry.Wanted{Area: area, Periods: part})
		if err != nil {
			return nil, err
		}
		answer.Basis = figures.Basis
		for _, period := range figures.Locked {
			locked[period] = true
		}
		for _, f := range figures.Figures {
			inForce[cell{f.Indicator, f.Period}] = true
		}
	}
	for _, o := range owed {
		told := OwedObligation{Obligation: o}
		told.Missing, told.Owed = g.calendar.Load().Missing(&o, func(indicator string, p catalogue.Period) bool { return inForce[cell{indicator, p.String()}] })
		told.Received = told.Owed - len(told.Missing)
		told.Complete = told.Received == told.Owed
		told.Overdue = !told.Complete && now.After(o.Deadline)
		told.Locked = locked[o.Period.String()]
		answer.Obligations = append(answer.Obligations, told)
	}
	return answer, nil
}

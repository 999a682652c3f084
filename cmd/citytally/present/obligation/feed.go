package obligation

import (
	"fmt"
	"io"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/citytally/citytally/configs/calendar"
)

// Feed writes what is owed as an iCalendar of events at the deadlines, each with a reminder a
// day before. An event keeps its id when its deadline moves. A deadline that may still move is
// tentative. The area is named in the title; "" is everybody. The time of the feed is at.
func (p *Printer) Feed(w io.Writer, owed []calendar.Obligation, area string, at time.Time) error {
	words := p.words()
	feed := ics.NewCalendarFor("citytally")
	feed.SetMethod(ics.MethodPublish)
	title := words.Feed
	if area != "" {
		title = fmt.Sprintf(words.FeedOf, p.Area(area))
	}
	feed.SetName(title)
	feed.SetXWRCalName(title)
	feed.SetXWRTimezone(p.Catalogue.Zone().String())
	feed.SetRefreshInterval("PT6H")
	for _, o := range owed {
		event := feed.AddEvent(fmt.Sprintf("%s.%s.%s@%s.citytally", o.Dataset, o.Period, o.Area, p.Catalogue.City))
		event.SetDtStampTime(at)
		event.SetStartAt(o.Deadline)
		summary := fmt.Sprintf(words.Due, p.Area(o.Area), p.Dataset(o.Dataset), p.Period(o.Period))
		event.SetSummary(summary)
		event.SetDescription(p.description(&o))
		event.SetTimeTransparency(ics.TransparencyTransparent)
		event.SetStatus(ics.ObjectStatusConfirmed)
		if len(o.HolidaysMissing) > 0 {
			event.SetStatus(ics.ObjectStatusTentative)
		}
		alarm := event.AddAlarm()
		alarm.SetAction(ics.ActionDisplay)
		alarm.SetTrigger("-P1D")
		alarm.SetDescription(summary)
	}
	return feed.SerializeTo(w, ics.WithNewLineWindows)
}

// description returns what is to be known besides the deadline.
func (p *Printer) description(o *calendar.Obligation) string {
	words := p.words()
	var lines []string
	if !o.Grace.IsZero() {
		lines = append(lines, fmt.Sprintf(words.GraceUntil, p.clock(o.Grace)))
	}
	for _, year := range o.HolidaysMissing {
		lines = append(lines, fmt.Sprintf(words.Provisional, fmt.Sprint(year)))
	}
	return strings.Join(lines, "\n")
}
